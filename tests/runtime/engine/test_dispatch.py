"""Queues, limits, leases, circuit breakers and cancelling, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from magicflow.engine import EngineSettings, VirtualClock
from magicflow.engine.clock import Handle, SystemClock
from magicflow.engine.tasks import Stale, Task

from tests.runtime.harness import Harness, running
from tests.runtime.plans import call, plan, retried, three_steps

BREAKER = {
    "failure_threshold": 2,
    "minimum_calls": 2,
    "window": 60_000,
    "recovery_timeout": 10_000,
    "half_open_max_calls": 1,
}


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]


def one(name: str = "one", **settings: Any) -> dict[str, Any]:
    return plan({"a": call("work", **settings)}, ["a"], name=name)


async def poll(h: Harness, limit: int = 10, wait: int = 0) -> list[Task]:
    return await h.engine.dispatcher.poll(["svc"], limit, wait, "w")


async def complete(h: Harness, task: Task, output: Any = None) -> None:
    settled = h.engine.dispatcher.report(
        task.key, task.message["attempt"], task.delivery, {"output": output}
    )
    await settled


def status(h: Harness, run_id: str) -> str:
    row = h.engine.store.run(run_id)
    assert row is not None
    return row.status


def test_greater_priority_comes_first_then_age() -> None:
    async def test() -> None:
        low, high = one("low"), one("high", priority=5)
        async with running(low, high) as h:
            for name in ("low", "low", "high", "high"):
                await h.start(name)
            tasks = await poll(h)
            assert [t.workflow for t in tasks] == ["high", "high", "low", "low"]
            assert tasks[0].message["run_id"] < tasks[1].message["run_id"]

    run(test)


def test_a_step_s_max_concurrency_holds_over_all_runs_and_up_nobody_else() -> None:
    async def test() -> None:
        async with running(one("few", max_concurrency=2), one("many")) as h:
            for _ in range(5):
                await h.start("few")
            for _ in range(3):
                await h.start("many")
            tasks = await poll(h)
            assert [t.workflow for t in tasks] == ["few"] * 2 + ["many"] * 3
            assert await poll(h) == []
            await complete(h, tasks[0])
            assert [t.workflow for t in await poll(h)] == ["few"]

    run(test)


def test_local_concurrency_is_bounded() -> None:
    busy, most = 0, 0
    gate = asyncio.Event()

    async def work(input: Any) -> Any:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await gate.wait()
        busy -= 1

    async def test() -> None:
        for limits in ({"max_concurrency": 2}, {}):
            nonlocal most
            most = 0
            gate.clear()
            async with running(one(**limits), handlers={"work": work}) as h:
                runner = h.engine.dispatcher.local["svc"]
                runner.concurrency = 3
                lives = [await h.start("one") for _ in range(10)]
                await h.settle()
                gate.set()
                for live in lives:
                    await h.finish(live)
                assert most == (2 if limits else 3)

    run(test)


def test_a_poll_waits_for_a_task() -> None:
    async def test() -> None:
        async with running(one()) as h:
            waiting = asyncio.ensure_future(poll(h, wait=20_000))
            await h.settle()
            await h.start("one")
            assert len(await waiting) == 1
            nothing = asyncio.ensure_future(poll(h, wait=20_000))
            await h.clock.advance(20_000)
            assert await nothing == []
            stopped = asyncio.ensure_future(poll(h, wait=20_000))
            await h.settle()
            h.engine.dispatcher.stop_polls()
            assert await stopped == []

    run(test)


def test_an_expired_lease_gives_the_same_attempt_again() -> None:
    async def test() -> None:
        async with running(one()) as h:
            live = await h.start("one")
            (first,) = await poll(h)
            assert h.engine.store.effects(("task",))[0].delivery == 1
            await h.clock.advance(29_999)
            assert await poll(h) == []
            await h.clock.advance(1)
            with pytest.raises(Stale):  # also while nobody else has it yet
                h.engine.dispatcher.report(first.key, 1, 1, {"output": 1})
            (second,) = await poll(h)
            assert (second.delivery, second.message["attempt"]) == (2, 1)
            with pytest.raises(Stale):
                h.engine.dispatcher.report(first.key, 1, 1, {"output": 1})
            await complete(h, second)
            assert status(h, live.row.id) == "completed"
            assert h.engine.metrics.leases_expired.values == {("svc",): 1}

    run(test)


def test_an_old_attempt_never_answers_for_a_newer_one() -> None:
    """Deliveries are counted anew for each attempt: alone they would fit."""

    async def test() -> None:
        async with running(retried(delay=1_000)) as h:
            live = await h.start("retried", {"n": 1})
            (first,) = await poll(h)
            await h.engine.dispatcher.report(
                first.key, 1, 1, {"error": {"code": "BUSY", "message": "again"}}
            )
            for wait in (0, 1_000):
                await h.clock.advance(wait)
                with pytest.raises(Stale):
                    h.engine.dispatcher.report(first.key, 1, 1, {"output": {"n": 9}})
            (second,) = await poll(h)
            assert second.key == first.key
            assert (second.message["attempt"], second.delivery) == (2, 1)
            for attempt in (1, 3):
                with pytest.raises(Stale):
                    h.engine.dispatcher.report(
                        first.key, attempt, 1, {"output": {"n": 9}}
                    )
            await complete(h, second, {"n": 2})
            assert (await h.finish(live)).state["run"]["output"] == {"r": {"n": 2}}

    run(test)


def test_a_queue_timeout_counts_from_scheduling() -> None:
    async def test() -> None:
        async with running(retried(max_attempts=1, queue_timeout=5_000)) as h:
            live = await h.start("retried")
            await h.clock.advance(4_999)
            assert status(h, live.row.id) == "running"
            live = await h.finish(live)
            assert live.state["run"]["error"]["code"] == "TIMEOUT"
            assert await poll(h) == []
            assert h.engine.dispatcher.queues["svc"].size == 0

    run(test)


def test_tasks_that_are_gone_leave_the_queue() -> None:
    """Nobody polls, or one works and the others are put aside: memory follows what
    waits."""

    async def test() -> None:
        one = retried(max_attempts=1, queue_timeout=5_000, max_concurrency=1)
        async with running(one) as h:
            most = 0
            for turn in range(10):
                for _ in range(40):
                    await h.start("retried")
                if turn == 2:
                    assert len(await poll(h)) == 1
                await h.clock.advance(6_000)
                queue = h.engine.dispatcher.queues["svc"]
                aside = sum(map(len, queue._aside.values()))
                most = max(most, len(queue._heap) + aside)
            assert most <= 4 * 40 + 64

    run(test)


class HastyClock(VirtualClock):
    """Rings early, as the system's clock does for what is further away than it sleeps."""

    def call_at(self, at: int, call: Callable[[], None]) -> Handle:
        return super().call_at(min(at, self.now() + SystemClock.LONGEST), call)


@pytest.mark.parametrize("limit", ["queue_timeout", "timeout", "heartbeat_timeout"])
def test_a_limit_longer_than_the_clock_sleeps_is_kept(limit: str) -> None:
    async def test() -> None:
        settings = EngineSettings(lease=1_000_000)
        json = retried(max_attempts=1, **{limit: 100_000})
        async with running(json, clock=HastyClock(), settings=settings) as h:
            live = await h.start("retried")
            if limit != "queue_timeout":
                await poll(h)
            await h.clock.advance(99_999)
            assert status(h, live.row.id) == "running"
            await h.clock.advance(1)
            assert (await h.finish(live)).state["run"]["error"]["code"] == "TIMEOUT"

    run(test)


def test_a_lease_longer_than_the_clock_sleeps_is_kept() -> None:
    async def test() -> None:
        settings = EngineSettings(lease=100_000)
        async with running(retried(), clock=HastyClock(), settings=settings) as h:
            await h.start("retried")
            (first,) = await poll(h)
            await h.clock.advance(99_999)
            assert await poll(h) == []
            await h.clock.advance(1)
            (again,) = await poll(h)
            assert (again.key, again.delivery) == (first.key, 2)

    run(test)


def test_who_waits_longer_than_the_clock_sleeps_waits_that_long() -> None:
    async def test() -> None:
        async with running(retried(), clock=HastyClock()) as h:
            live = await h.start("retried")
            waiting = asyncio.ensure_future(h.engine.wait(live, 60))
            polling = asyncio.ensure_future(
                h.engine.dispatcher.poll(["nobody"], 1, 60_000, "w")
            )
            await h.clock.advance(59_999)
            assert not waiting.done() and not polling.done()
            await h.clock.advance(1)
            assert await polling == [] and not (await waiting).ended

    run(test)


def test_a_lease_ends_the_queue_timeout_and_starts_the_timeout() -> None:
    async def test() -> None:
        settings = {"queue_timeout": 5_000, "timeout": 20_000}
        async with running(retried(max_attempts=1, **settings)) as h:
            live = await h.start("retried")
            await h.clock.advance(4_000)
            await poll(h)
            await h.clock.advance(19_999)
            assert status(h, live.row.id) == "running"
            await h.clock.advance(1)
            assert status(h, live.row.id) == "failed"

    run(test)


def test_a_missing_heartbeat_is_a_timeout() -> None:
    async def test() -> None:
        async with running(retried(max_attempts=1, heartbeat_timeout=3_000)) as h:
            live = await h.start("retried")
            (task,) = await poll(h)
            for _ in range(5):
                await h.clock.advance(2_500)
                assert h.engine.dispatcher.heartbeat(task.key, 1, 1) is None
            assert status(h, live.row.id) == "running"
            await h.clock.advance(3_000)
            assert status(h, live.row.id) == "failed"
            with pytest.raises(Stale):
                h.engine.dispatcher.heartbeat(task.key, 1, 1)

    run(test)


def test_local_handlers_send_heartbeats_too() -> None:
    beats: list[Callable[[], None]] = []

    async def work(context: Any, input: Any) -> Any:
        beats.append(context.heartbeat)
        await asyncio.Event().wait()

    async def test() -> None:
        settings = {"heartbeat_timeout": 3_000}
        async with running(
            retried(max_attempts=1, **settings), handlers={"add": work}
        ) as h:
            live = await h.start("retried")
            for _ in range(4):
                await h.clock.advance(2_000)
                beats[0]()
                await h.settle()
            assert status(h, live.row.id) == "running"
            await h.clock.advance(3_000)
            assert status(h, live.row.id) == "failed"

    run(test)


def test_a_circuit_opens_for_all_runs_and_closes_by_a_probe() -> None:
    broken = True
    calls = 0

    async def work(input: Any) -> Any:
        nonlocal calls
        calls += 1
        if broken:
            raise RuntimeError("down")

    async def test() -> None:
        nonlocal broken
        async with running(one(circuit_breaker=BREAKER), handlers={"work": work}) as h:

            async def code() -> Any:
                live = await h.finish(await h.start("one"))
                return (live.state["run"].get("error") or {}).get("code")

            assert [await code() for _ in range(3)] == [
                "INTERNAL",
                "INTERNAL",
                "CIRCUIT_OPEN",
            ]
            assert calls == 2
            states = h.engine.dispatcher.breakers.states
            assert states(h.clock.now()) == {"svc/work": "open"}
            await h.clock.advance(10_000)
            assert states(h.clock.now()) == {"svc/work": "half-open"}
            assert await code() == "INTERNAL"
            assert await code() == "CIRCUIT_OPEN"
            await h.clock.advance(10_000)
            broken = False
            assert await code() is None
            assert states(h.clock.now()) == {"svc/work": "closed"}

    run(test)


def test_a_remote_call_is_refused_at_the_lease_while_the_circuit_is_open() -> None:
    async def test() -> None:
        async with running(one(circuit_breaker=BREAKER)) as h:
            for _ in range(2):
                await h.start("one")
            for task in await poll(h):
                error = {"code": "UNAVAILABLE", "message": "x"}
                await h.engine.dispatcher.report(task.key, 1, 1, {"error": error})
            live = await h.start("one")
            assert await poll(h) == []
            await h.settle()
            ended = h.engine.find(live.row.id)
            assert ended.state["run"]["error"]["code"] == "CIRCUIT_OPEN"

    run(test)


def test_cancel_waits_for_a_task_at_most_the_grace() -> None:
    stopped: list[str] = []

    async def stubborn(context: Any, input: Any) -> Any:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            stopped.append(context.step)
            raise

    async def test() -> None:
        async with running(one(), handlers={"work": stubborn}) as h:
            live = await h.start("one")
            await h.settle()
            await h.engine.send(live.row.id, {"type": "cancel_requested"})
            live = await h.finish(live, limit=30_000)
            assert live.row.status == "cancelled"
            assert stopped == ["a"]

    run(test)


def test_cancel_reaches_a_leased_task_by_its_heartbeat() -> None:
    async def test() -> None:
        async with running(one()) as h:
            live = await h.start("one")
            (task,) = await poll(h)
            await h.engine.send(
                live.row.id, {"type": "cancel_requested", "reason": "x"}
            )
            assert h.engine.dispatcher.heartbeat(task.key, 1, 1) is not None
            error = {"code": "CANCELLED", "message": "stopped"}
            await h.engine.dispatcher.report(task.key, 1, 1, {"error": error})
            assert status(h, live.row.id) == "cancelled"

    run(test)


def test_cancel_of_a_queued_task_needs_no_worker() -> None:
    async def test() -> None:
        async with running(one()) as h:
            live = await h.start("one")
            await h.engine.send(live.row.id, {"type": "cancel_requested"})
            live = await h.finish(live, limit=0)
            assert live.row.status == "cancelled"
            assert await poll(h) == []

    run(test)


def test_a_cancelled_task_whose_worker_died_ends_with_its_lease() -> None:
    async def test() -> None:
        async with running(one()) as h:
            live = await h.start("one")
            await poll(h)
            await h.engine.send(live.row.id, {"type": "cancel_requested"})
            await h.clock.advance(30_000)
            assert status(h, live.row.id) == "cancelled"

    run(test)


def test_a_task_that_outlives_the_grace_is_given_to_nobody_again() -> None:
    async def test() -> None:
        one_second = one(timeout=600_000)
        one_second["limits"] = {**one_second["limits"], "cancel_grace": 1_000}
        async with running(one_second) as h:
            live = await h.start("one")
            (task,) = await poll(h)
            await h.engine.send(live.row.id, {"type": "cancel_requested"})
            await h.clock.advance(1_000)
            assert status(h, live.row.id) == "cancelled"
            with pytest.raises(Stale):
                h.engine.dispatcher.heartbeat(task.key, 1, 1)
            await h.clock.advance(60_000)
            assert await poll(h) == []
            assert h.engine.store.effects(("task",)) == []

    run(test)


def test_executors_without_workers_are_named() -> None:
    async def test() -> None:
        async with running(one()) as h:
            dispatcher = h.engine.dispatcher
            assert dispatcher.executors_without_workers() == []
            await h.start("one")
            assert dispatcher.executors_without_workers() == ["svc"]
            (task,) = await poll(h)
            await h.start("one")
            assert dispatcher.executors_without_workers() == []
            await h.clock.advance(60_001)
            assert dispatcher.executors_without_workers() == ["svc"]
            assert task.state != "ended"

    run(test)


def test_a_lease_survives_a_restart() -> None:
    from magicflow.store import MemoryStore

    store = MemoryStore()

    async def first() -> Task:
        async with running(three_steps(), store=store) as h:
            await h.start("three", {"n": 1})
            (task,) = await poll(h)
            return task

    async def second(held: Task) -> None:
        async with running(store=store) as h:
            assert await poll(h) == []
            await h.engine.dispatcher.report(held.key, 1, 1, {"output": {"n": 2}})
            (task,) = await poll(h)
            assert (task.message["step"], task.delivery) == ("b", 1)

    async def third() -> None:
        async with running(store=store) as h:
            await h.clock.advance(30_000)
            (task,) = await poll(h)
            assert (task.message["step"], task.delivery) == ("b", 2)

    held = asyncio.run(first())
    asyncio.run(second(held))
    asyncio.run(third())
