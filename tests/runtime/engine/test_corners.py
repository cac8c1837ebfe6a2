"""Turns that an engine seldom takes, in virtual time."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from magicflow.engine import Engine, Overloaded, Refused, Stale, StartRequest
from magicflow.engine.breaker import Breakers
from magicflow.engine.dispatch import Dispatcher, LeaseSettings
from magicflow.engine.faults import LABELS, Faults
from magicflow.engine.inprocess import run_in_process
from magicflow.engine.queues import TaskQueue
from magicflow.engine.requests import Unavailable
from magicflow.engine.tasks import Task
from magicflow.store import Effect, MemoryStore, RunFilter, StoreError
from magicflow.store.writer import InlineWriter
from magicflow.worker import Registry, TaskContext, WorkflowError
from magicflow.worker.local import LocalExecutor

from tests.runtime.harness import add, running
from tests.runtime.plans import call, lit, obj, path, plan, three_steps
from tests.runtime.simulation import loop
from tests.runtime.simulation.stores import FailingMemory, never

Json = dict[str, Any]
HOUR = 3_600_000
BREAKER = {
    "failure_threshold": 2,
    "failure_rate_threshold": 0.9,
    "minimum_calls": 2,
    "window": 60_000,
    "recovery_timeout": 10_000,
    "half_open_max_calls": 1,
}


def run(test: Callable[[], Awaitable[None]]) -> None:
    """A second of waiting takes no time."""
    loop.run(test())  # type: ignore[arg-type]


def one(name: str = "one", **settings: Any) -> Json:
    return plan({"a": call("work", **settings)}, ["a"], name=name)


# dispatching


def test_a_handler_that_cancels_itself_fails_its_attempt() -> None:
    async def work(input: Any) -> Any:
        raise asyncio.CancelledError

    async def test() -> None:
        async with running(one(), handlers={"work": work}) as h:
            live = await h.finish(await h.start("one"))
            assert live.state["run"]["error"]["code"] == "UNAVAILABLE"

    run(test)


def test_a_heartbeat_that_comes_after_the_end_does_nothing() -> None:
    async def work(context: TaskContext, input: Any) -> Any:
        context.heartbeat()
        return 1

    async def test() -> None:
        made = one(heartbeat_timeout=1_000)
        async with running(made, handlers={"work": work}) as h:
            live = await h.finish(await h.start("one"))
            assert live.row.status == "completed"
            assert h.clock.next_alarm() is None

    run(test)


@pytest.mark.parametrize("wait", [True, False])
def test_a_circuit_forgets_a_trial_that_was_cancelled(wait: bool) -> None:
    """Half open, one trial at a time: who was cancelled tells nothing, and the next may
    try."""

    async def work(input: Any) -> Any:
        if input.get("hang"):
            await asyncio.Event().wait()
        if input.get("fail"):
            raise WorkflowError("INTERNAL", "no", retryable=False)

    async def test() -> None:
        made = one(circuit_breaker=BREAKER)
        async with running(made, handlers={"work": work}) as h:
            for _ in range(2):
                await h.finish(await h.start("one", {"fail": True}))
            assert h.engine.dispatcher.breakers.states(h.clock.now()) == {
                "svc/work": "open"
            }
            await h.clock.advance(10_000)
            trial = await h.start("one", {"hang": True})
            await h.settle()
            if wait:
                await h.engine.send(trial.row.id, {"type": "cancel_requested"})
            else:
                key = (trial.row.id, "a")
                h.engine.dispatcher.cancel(key, 1, "not wanted", False)
            await h.settle()
            live = await h.finish(await h.start("one", {}))
            assert live.row.status == "completed"

    run(test)


def test_a_circuit_takes_the_settings_of_a_newer_deployment() -> None:
    breakers = Breakers()
    message: Json = {"executor": "svc", "function": "f", "circuit_breaker": BREAKER}
    breaker = breakers.of(message)
    assert breaker is not None and breakers.of(message) is breaker
    newer = {**BREAKER, "failure_threshold": 9}
    assert breakers.of({**message, "circuit_breaker": newer}) is breaker
    assert breaker.settings["failure_threshold"] == 9
    for code in ("TIMEOUT", None, "TIMEOUT"):  # two of three are not 0.9
        assert breaker.admit(0)
        breaker.record(0, code)
    assert breaker.state(0) == "closed"


class Nobody:
    """An engine that wants nothing any more."""

    def task_event(self, task: Task, event: Json, done: Any = None) -> bool:
        return False

    def save_leases(self, tasks: Any) -> Any:
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


def test_a_result_that_no_run_waits_for_is_stale_or_comes_again() -> None:
    async def test() -> None:
        from magicflow.engine import VirtualClock

        for recovering in (False, True):
            dispatcher = Dispatcher(VirtualClock(), Nobody(), LeaseSettings())
            message = {"run_id": "r", "task_id": "t", "executor": "svc", "attempt": 1}
            dispatcher.schedule(Task(message, 0, Effect("r", "task", "t@1")))
            (task,) = await dispatcher.poll(["svc"], 1, 0, "w")
            if recovering:
                dispatcher._recovering = True
            with pytest.raises(Unavailable if recovering else Stale):
                dispatcher.report(task.key, 1, 1, {"output": 1})

    run(test)


def test_a_queue_passes_over_what_has_ended() -> None:
    async def test() -> None:
        queue = TaskQueue({("svc", "a"): 1})
        tasks = []
        for n in range(3):
            message = {
                "run_id": f"r{n}",
                "task_id": "a",
                "executor": "svc",
                "attempt": 1,
                "node": "a",
                "plan_hash": "h",
                "max_concurrency": 1,
            }
            tasks.append(Task(message, 0, Effect(f"r{n}", "task", "a@1")))
        key = tasks[0].limit_key
        queue._counts[key] = 1
        for task in tasks:
            queue.put(task)
        assert queue.take() is None
        tasks[0].state = tasks[1].state = "ended"
        del queue._counts[key]
        assert queue.release(key)
        assert queue.take() is tasks[2]
        assert not queue.release(key)
        gone = asyncio.get_running_loop().create_future()
        gone.cancel()
        queue.pollers.append(gone)
        queue.wake()
        assert not queue.pollers

    run(test)


# effects


def triggered(**trigger: Any) -> Json:
    entry = {"type": "event", "event": "told", **trigger}
    return {**three_steps(), "triggers": [entry]}


def cloud(**data: Any) -> Json:
    return {
        "specversion": "1.0",
        "id": "e",
        "type": "told",
        "source": "/",
        "data": data,
    }


def test_an_event_that_fits_no_trigger_or_no_input_starts_nothing() -> None:
    kind = path("event", "data", "kind")
    only = {"op": "==", "left": kind, "right": lit("new")}
    broken = {"op": "+", "left": kind, "right": lit(1)}

    async def test() -> None:
        for trigger, kinds, count in (
            ({"filter": only}, ("old", "new"), 0),
            ({"filter": only, "input": obj(n=lit(1))}, ("old", "new"), 1),
            ({"filter": broken}, ("new",), 0),
            ({"input": broken}, ("new",), 0),
            ({"input": path("event", "data", "nothing")}, ("new",), 0),
        ):
            async with running(triggered(**trigger), handlers={"add": add}) as h:
                for each in kinds:
                    await h.engine.effects.publish(cloud(kind=each))
                await h.settle()
                assert len(h.engine.store.runs(RunFilter())) == count

    run(test)


def test_a_retry_that_cannot_start_is_given_up_or_done_later() -> None:
    again = plan(
        {"w": {"kind": "wait", "duration": HOUR}},
        ["w"],
        name="again",
        timeout={"after": 1_000, "action": "retry"},
    )

    async def test(error: Exception, runs: int) -> None:
        async with running(again) as h:
            real, failing = h.engine.begin, iter([error])

            def begin(request: StartRequest) -> Any:
                if request.retry_of is not None:
                    for each in failing:
                        raise each
                return real(request)

            h.engine.begin = begin  # type: ignore[method-assign]
            await h.start("again")
            await h.clock.advance(1_000)
            await asyncio.sleep(5)
            assert len(h.engine.store.runs(RunFilter())) == runs
            assert h.engine.store.effects(("retry",)) == []

    run(lambda: test(Overloaded("later"), 2))
    run(lambda: test(Refused("CONFLICT", "no"), 1))


def test_a_child_that_has_ended_already_is_told_again() -> None:
    """The parent's row was still there after a crash."""
    node = {"kind": "sub", "workflow": "three", "version": "*"}
    parent = plan({"s": {**node, "input": obj(n=lit(1))}}, ["s"], name="parent")

    async def test() -> None:
        store = MemoryStore()
        plans = (parent, three_steps())
        async with running(*plans, handlers={"add": add}, store=store) as h:
            h.engine.effects.tell_parent = lambda live: None  # type: ignore[method-assign]
            live = await h.start("parent")
            await asyncio.sleep(1)
            rows = {row.workflow: row.status for row in store.runs(RunFilter())}
            assert rows["three"] == "completed" and rows["parent"] != "completed"
        async with running(*plans, handlers={"add": add}, store=store) as h:
            await asyncio.sleep(1)
            assert (await h.finish(live)).row.status == "completed"

    run(test)


def test_an_effect_that_hangs_does_not_hold_up_the_end() -> None:
    async def sink(event: Json) -> None:
        await asyncio.Event().wait()

    emits = plan({"e": {"kind": "emit", "event": "x", "data": lit(1)}}, ["e"], name="e")

    async def test() -> None:
        store = MemoryStore()
        async with running(emits, store=store) as h:
            h.engine.effects.sinks.append(sink)
            await h.finish(await h.start("e"))
            await h.engine.effects.idle()
        assert len(store.effects(("event",))) == 1, "done again by the next start"

    run(test)


def test_a_webhook_without_a_sender_is_done() -> None:
    async def test() -> None:
        async with running(three_steps(), handlers={"add": add}) as h:
            await h.finish(await h.start(input={"n": 1}, webhook="http://x/"))
            await asyncio.sleep(1)
            assert h.engine.store.effects(("webhook",)) == []

    run(test)


def test_a_webhook_of_an_end_that_was_not_written_is_not_sent_twice() -> None:
    sent: list[str] = []

    async def webhook(url: str, body: Json) -> None:
        sent.append(body["id"])

    async def test() -> None:
        store = FailingMemory()
        async with running(three_steps(), store=store) as h:
            h.engine.effects.webhook = webhook
            live = await h.start(input={"n": 1}, webhook="http://x/")
            store.fault = lambda: "before"  # type: ignore[method-assign]
            with pytest.raises(Unavailable):
                await h.engine.send(live.row.id, {"type": "cancel_requested"})
            store.fault = never  # type: ignore[method-assign]
            await asyncio.sleep(5)
            assert sent == []
            await h.engine.send(live.row.id, {"type": "cancel_requested"})
            await h.finish(live)
            await asyncio.sleep(5)
            assert sent == [f"{live.row.id}:ended"]

    run(test)


# schedules and retention


def scheduled(**trigger: Any) -> Json:
    entry = {"type": "schedule", "every": HOUR, **trigger}
    waits = {"w": {"kind": "wait", "duration": 1_000}}
    return plan(waits, ["w"], name="waits", triggers=[entry])


def test_a_schedule_whose_input_is_missing_or_fails() -> None:
    missing = path("event", "nothing")
    broken = {"op": "+", "left": lit("x"), "right": lit(1)}

    async def test() -> None:
        for given, inputs in ((None, [{}]), (missing, [None]), (broken, [])):
            more = {} if given is None else {"input": given}
            async with running(scheduled(**more)) as h:
                await h.clock.advance(HOUR)
                rows = h.engine.store.runs(RunFilter())
                found = [h.engine.find(r.id).state["start"]["input"] for r in rows]
                assert found == inputs

    run(test)


@pytest.mark.parametrize(
    "error", [Overloaded("later"), Unavailable("later"), StoreError("cannot read")]
)
def test_a_schedule_that_cannot_start_now_starts_later_once(error: Exception) -> None:
    async def test() -> None:
        async with running(scheduled()) as h:
            real, failing = h.engine.begin, iter([error])

            def begin(request: StartRequest) -> Any:
                for each in failing:
                    raise each
                return real(request)

            h.engine.begin = begin  # type: ignore[method-assign]
            await h.clock.advance(HOUR)
            await asyncio.sleep(1)
            await h.clock.advance(HOUR // 2)
            count = len(h.engine.store.runs(RunFilter()))
            await h.clock.advance(2 * HOUR)
            assert len(h.engine.store.runs(RunFilter())) >= 2
            if not isinstance(error, StoreError):
                assert count == 1

    run(test)


def test_a_schedule_that_rings_early_or_late_waits() -> None:
    async def test() -> None:
        async with running(scheduled()) as h:
            (schedule,) = h.engine.schedules._known.values()
            h.engine.schedules._ring(schedule)  # the clock went back
            assert h.engine.store.runs(RunFilter()) == []
            h.engine.state = "recovering"
            h.engine.schedules._ring(schedule)
            h.engine.state = "open"
            await h.clock.advance(HOUR)
            assert len(h.engine.store.runs(RunFilter())) == 1

    run(test)


def test_a_sweep_that_cannot_read_is_done_after_the_recovery() -> None:
    async def test() -> None:
        waits = {"w": {"kind": "wait", "duration": 1_000}}
        made = plan(waits, ["w"], name="waits", retention={"completed": HOUR})
        store = MemoryStore()
        async with running(made, store=store) as h:
            await h.finish(await h.start("waits"))
            real, failing = store.expired, iter([True])

            def expired(*given: Any) -> Any:
                if next(failing, False):
                    raise StoreError("cannot read")
                return real(*given)

            store.expired = expired  # type: ignore[method-assign]
            await h.clock.advance(HOUR)
            await asyncio.sleep(1)
            h.engine.state = "recovering"
            h.engine.retention._sweep()
            h.engine.state = "open"
            await h.clock.advance(HOUR)
            assert store.runs(RunFilter()) == []

    run(test)


# points, in process


@pytest.mark.parametrize("label", LABELS)
def test_a_point_ends_the_process_when_it_is_passed_for_the_nth_time(
    monkeypatch: pytest.MonkeyPatch, label: str
) -> None:
    killed: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: killed.append(number))

    async def test() -> None:
        engine = Engine(MemoryStore(), writer=InlineWriter, faults=Faults(f"{label}:3"))
        engine.deploy(three_steps())
        engine.add_executor("svc", LocalExecutor.of("svc", {"add": add}))
        await engine.open()
        live, _ = engine.begin(StartRequest("three", {"n": 1}))
        while live.row.status != "completed" and not killed:
            await asyncio.sleep(0.01)
        assert killed == [9] * len(killed) and killed
        await engine.close(0)

    run(test)
    with pytest.raises(ValueError, match="none of"):
        Faults("before_lunch")


def test_executors_of_a_run_in_process() -> None:
    """A registry, and a runner of one's own."""

    class Mine:
        concurrency = 1

        async def run(self, context: TaskContext) -> Any:
            return {"output": {"n": 40}}

        def close(self) -> None:
            """Nothing."""

    registry = Registry("other")
    registry.register_function("add", add)
    made = plan(
        {
            "a": call("mine", executor="mine"),
            "b": call("add", executor="other", input=obj(n=lit(1))),
        },
        ["a", "b"],
        name="mixed",
    )
    seen: list[str] = []
    handlers: Any = {"mine": Mine(), "other": registry}
    result = run_in_process(
        made, None, handlers, on_event=lambda r: seen.append(r["type"])
    )
    assert result.status == "completed"
    assert result.steps["a"]["output"] == {"n": 40}
    assert seen[-1] == "run_completed"


def test_http_steps_of_a_run_in_process_go_out_under_the_policy() -> None:
    request = {"method": "GET", "url": lit("http://127.0.0.1:1/"), "expect": [200]}
    node = call("GET", executor="@http", http=request)
    made = plan({"a": node}, ["a"], name="asks")
    result = run_in_process(made, None, {})
    assert result.error["code"] == "EGRESS_DENIED"


def test_a_schedule_that_never_happens_and_one_that_was_missed_for_years() -> None:
    async def test() -> None:
        store = MemoryStore()
        never_due = scheduled(cron="0 0 30 2 *")
        async with running(never_due, store=store) as h:
            await h.clock.advance(1_000 * HOUR)
            assert store.runs(RunFilter()) == []
        minutely = scheduled(every=60_000, catch_up="all")
        async with running(minutely, store=store, clock=h.clock) as h:
            await h.clock.advance(1)
        h.clock.jump(40 * HOUR)
        async with running(minutely, store=store, clock=h.clock) as h:
            await h.clock.advance(1_000)
            count = len(store.runs(RunFilter(), limit=5_000))
            assert count == 1_000, "the latest of 2,400"

    run(test)


@pytest.fixture(autouse=True)
def quiet() -> Any:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
