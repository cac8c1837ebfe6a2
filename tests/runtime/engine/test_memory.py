"""Runs in memory and in the store: one truth, whatever leaves memory and whatever cannot
be read."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from magicflow.engine import (
    Engine,
    EngineSettings,
    NotFound,
    StartRequest,
    Unavailable,
)
from magicflow.engine.live import LiveRun
from magicflow.store import Conflict, StoreError

from tests.runtime.harness import add, running
from tests.runtime.plans import plan, three_steps
from tests.runtime.simulation.stores import FailingMemory, never

WAITS = plan({"w": {"kind": "wait", "duration": 60_000}}, ["w"], name="waits")


def test_a_run_that_is_read_stays_for_its_event_also_when_memory_is_full() -> None:
    """All others are in use: the one that was just read must not be the one that goes,
    or its next event is decided on a second copy."""

    async def test() -> None:
        settings = EngineSettings(max_live_runs=2)
        async with running(WAITS, settings=settings) as h:
            runs = h.engine.runs
            lives = [await h.start("waits") for _ in range(3)]
            for live in lives:
                runs.drop(live.row.id)
            for live in lives[:2]:
                runs.get(live.row.id).waiters.append(  # type: ignore[union-attr]
                    asyncio.get_running_loop().create_future()
                )
            read = runs.get(lives[2].row.id)
            assert runs.in_memory(lives[2].row.id) is read

    asyncio.run(test())


def test_a_version_that_is_taken_makes_the_engine_read_everything_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It cannot happen while one server owns the store; should it, no task is lost."""

    async def test() -> None:
        async with running(three_steps()) as h:
            live = await h.start(input={"n": 1})
            double = LiveRun(live.row, live.deployed, live.state)
            row = h.engine.store.run(live.row.id)
            assert row is not None
            double.row = row
            double.state = h.engine.runs._read(row).state
            h.engine.feed(live, {"type": "pause"})
            h.engine.feed(double, {"type": "pause"})
            await h.settle()
            assert h.engine.metrics.recoveries.values == {(): 1}
            h.engine.add_executor("svc", Adding())
            assert h.engine.find(live.row.id).row.status == "paused"
            await h.engine.send(live.row.id, {"type": "resume"})
            (task,) = await h.engine.dispatcher.poll(["svc"], 1, 0, "w")
            outcome: Any = {"output": {"n": 2}}
            await h.engine.dispatcher.report(task.key, 1, 1, outcome)
            assert (await h.finish(live)).row.status == "completed"

    asyncio.run(test())
    assert "changed by somebody else" in caplog.text


class Adding:
    concurrency = 5

    async def run(self, context: Any) -> Any:
        return {"output": {"n": context.message["input"]["n"] + 1}}

    def close(self) -> None:
        """Nothing."""


def test_a_key_that_the_store_knows_is_no_second_run() -> None:
    """The engine looks before it starts; the store is what decides."""

    async def test() -> None:
        async with running(WAITS) as h:
            first = await h.start("waits", idempotency_key="k")
            h.engine.store.run_of_key = lambda *_: None  # type: ignore[method-assign]
            before = h.engine.open_runs
            with pytest.raises(Conflict):
                await h.start("waits", idempotency_key="k")
            assert h.engine.open_runs == before
            assert h.engine.find(first.row.id).row.status == "waiting"
            assert h.engine.state == "open"

    asyncio.run(test())


@pytest.mark.parametrize("times", [1, 2, 5])
def test_reads_that_fail_while_the_engine_recovers(times: int) -> None:
    """One recovery at a time: it begins anew until everything could be read."""

    async def test() -> None:
        store = FailingMemory()
        settings = EngineSettings(recovery_delay=0.005)
        plans = (three_steps(), WAITS)
        async with running(*plans, store=store, settings=settings) as h:
            lives = [await h.start(input={"n": 1}) for _ in range(3)]
            lives.append(await h.start("waits"))
            h.engine.runs.clear()
            failing = iter([True] * times)
            store.unread = lambda: next(failing, False)  # type: ignore[method-assign]
            h.engine.add_executor("svc", Adding())
            h.engine.unknown(StoreError("once"))
            await asyncio.sleep(0.5)
            assert h.engine.state == "open"
            store.unread = lambda: False  # type: ignore[method-assign]
            for live in lives:
                assert (await h.finish(live)).row.status == "completed"
            assert len(h.engine.dispatcher) == 0

    asyncio.run(test())


def test_a_timer_of_a_run_that_cannot_be_read_fires_after_the_recovery() -> None:
    async def test() -> None:
        store = FailingMemory()
        async with running(WAITS, store=store) as h:
            live = await h.start("waits")
            h.engine.runs.clear()
            failing = iter([True])
            store.unread = lambda: next(failing, False)  # type: ignore[method-assign]
            await h.clock.advance(60_000)
            assert h.engine.metrics.store_failures.values == {(): 1}
            await asyncio.sleep(0.2)
            await h.clock.advance(0)
            assert h.engine.find(live.row.id).row.status == "completed"

    asyncio.run(test())


def test_timers_that_cannot_be_read_are_read_again() -> None:
    async def test() -> None:
        store = FailingMemory()
        async with running(WAITS, store=store) as h:
            live = await h.start("waits")
            real, failing = store.timers, iter([True, True])

            def timers(*given: Any) -> Any:
                if next(failing, False):
                    raise StoreError("cannot read")
                return real(*given)

            store.timers = timers  # type: ignore[method-assign]
            h.engine.unknown(StoreError("once"))
            await asyncio.sleep(0.3)
            assert (await h.finish(live)).row.status == "completed"

    asyncio.run(test())


def test_a_task_of_a_run_that_is_gone_is_refused() -> None:
    async def test() -> None:
        async with running(three_steps()) as h:
            live = await h.start(input={"n": 1})
            (task,) = await h.engine.dispatcher.poll(["svc"], 1, 0, "w")
            h.engine.runs.drop(live.row.id)
            h.engine.store.run = lambda _: None  # type: ignore[method-assign]
            event = {"type": "task_result", "task_id": "a", "attempt": 1}
            assert not h.engine.task_event(task, {**event, "output": 1})

    asyncio.run(test())


def test_a_command_that_cannot_be_carried_out_holds_up_its_run_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def test() -> None:
        async with running(three_steps(), handlers={"add": add}) as h:
            real = h.engine._carry_out
            bad: list[str] = []

            def carry_out(live: LiveRun, command: Any, now: int) -> None:
                if live.id in bad:
                    raise ZeroDivisionError("a defect")
                real(live, command, now)

            h.engine._carry_out = carry_out  # type: ignore[method-assign]
            one, done = h.engine.begin(StartRequest("three", {"n": 1}))
            bad.append(one.id)
            two = await h.start(input={"n": 1})
            assert (await h.finish(two)).row.status == "completed"
            assert one.poisoned is not None and "a defect" in one.poisoned
            assert done is not None and done.done(), "what was acknowledged is kept"

    with caplog.at_level(logging.ERROR):
        asyncio.run(test())
    assert "a command was not carried out" in caplog.text


def test_a_store_that_fails_while_commands_are_carried_out() -> None:
    async def test() -> None:
        store = FailingMemory()
        async with running(three_steps(), handlers={"add": add}, store=store) as h:
            real, failing = h.engine._carry_out, iter([True])

            def carry_out(live: LiveRun, command: Any, now: int) -> None:
                if next(failing, False):
                    raise StoreError("cannot read")
                real(live, command, now)

            h.engine._carry_out = carry_out  # type: ignore[method-assign]
            live = await h.start(input={"n": 1})
            await asyncio.sleep(0.2)
            assert (await h.finish(live)).row.status == "completed"

    asyncio.run(test())


def test_who_waits_for_a_run_that_was_lost_is_woken() -> None:
    """A run whose start was not kept: who waits hears that it is not there."""

    async def test() -> None:
        store = FailingMemory()
        async with running(WAITS, store=store) as h:
            store.fault = lambda: "before"  # type: ignore[method-assign]
            live, done = h.engine.begin(StartRequest("waits"))
            assert done is not None
            waiting = asyncio.ensure_future(h.engine.wait(live, 100))
            await asyncio.sleep(0)
            await h.settle()
            store.fault = never  # type: ignore[method-assign]
            await asyncio.sleep(0.3)
            with pytest.raises(Exception, match="there is no run"):
                await waiting

    asyncio.run(test())


def test_an_engine_that_never_opened_closes() -> None:
    async def test() -> None:
        engine = Engine(FailingMemory())
        await engine.close(0)
        assert engine.state == "closed"
        engine.unknown(StoreError("late"))
        assert engine.state == "closed"

    asyncio.run(test())


def test_an_end_is_told_when_it_is_durable_and_not_before() -> None:
    """Here it is lost: who waited hears nothing of it."""

    async def test() -> None:
        store = FailingMemory()
        async with running(WAITS, store=store) as h:
            live = await h.start("waits")
            store.fault = lambda: "before"  # type: ignore[method-assign]
            cancel = {"type": "cancel_requested"}
            sent = asyncio.ensure_future(h.engine.send(live.row.id, cancel))
            await asyncio.sleep(0)
            assert live.row.ended_at is not None and not live.ended
            waiting = asyncio.ensure_future(h.engine.wait(live, 100))
            await h.settle()
            assert isinstance(sent.exception(), Unavailable)
            store.fault = never  # type: ignore[method-assign]
            await asyncio.sleep(0.3)
            assert h.engine.state == "open" and not waiting.done()
            assert h.engine.find(live.row.id).row.status == "waiting"
            await h.clock.advance(60_000)
            assert (await waiting).row.status == "completed"

    asyncio.run(test())


def test_who_waits_too_long_gets_the_run_as_it_is() -> None:
    async def test() -> None:
        async with running(WAITS) as h:
            live = await h.start("waits")
            waiting = asyncio.ensure_future(h.engine.wait(live, 10))
            await h.clock.advance(10_000)
            assert (await waiting).row.status == "waiting"
            assert live.waiters == []
            waiting = asyncio.ensure_future(h.engine.wait(live, 100))
            await h.clock.advance(60_000)
            assert (await waiting).row.status == "completed"
            await h.clock.advance(100_000)  # the alarm of a wait that is over

    asyncio.run(test())


def test_a_task_carries_the_span_of_its_attempt() -> None:
    class Spans:
        def __init__(self) -> None:
            self.rows: list[Any] = []

        def record(self, live: LiveRun, rows: Any) -> None:
            self.rows += rows

        def close(self) -> None:
            self.rows.append("closed")

    async def test() -> None:
        spans: Any = Spans()
        async with running(three_steps()) as h:
            h.engine.traces = spans
            given = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
            await h.start(input={"n": 1}, traceparent=given)
            (task,) = await h.engine.dispatcher.poll(["svc"], 1, 0, "w")
            sent = task.message["traceparent"]
            assert sent[:35] == given[:35] and sent != given
        assert [row["type"] for row in spans.rows[:1]] == ["run_started"]
        assert spans.rows[-1] == "closed"

    asyncio.run(test())


def test_a_timer_that_rings_while_the_engine_is_not_open_is_armed_again() -> None:
    async def test() -> None:
        async with running(WAITS) as h:
            live = await h.start("waits")
            h.engine.state = "recovering"
            h.engine._timer_fired(live.row.id, "w#wait")
            h.engine.state = "open"
            h.engine._timer_fired("nobody", "w#wait")
            assert live.row.status == "waiting"

    asyncio.run(test())


def test_a_timer_of_a_run_whose_plan_is_gone_is_told_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def test() -> None:
        async with running(WAITS) as h:
            live = await h.start("waits")
            h.engine.runs.clear()
            h.engine.catalog._by_hash.clear()
            h.engine.store.plan = lambda _: None  # type: ignore[method-assign]
            await h.clock.advance(60_000)
            assert f"run {live.row.id} stands still" in caplog.text

    asyncio.run(test())


def test_an_engine_that_closes_while_it_recovers() -> None:
    async def test() -> None:
        store = FailingMemory()
        async with running(WAITS, store=store) as h:
            await h.start("waits")
            store.broken = lambda: True  # type: ignore[method-assign]
            h.engine.unknown(StoreError("once"))
            await asyncio.sleep(0.05)
            assert h.engine.state == "recovering"
        assert h.engine.state == "closed"

    asyncio.run(test())


def test_versions_that_nobody_has_or_that_are_none() -> None:
    async def test() -> None:
        async with running(WAITS) as h:
            resolve = h.engine.catalog.resolve
            assert resolve("waits", ">=1.0.0").plan.version == "1.0.0"
            for wanted in (">=9.0.0", "not a range"):
                with pytest.raises(NotFound):
                    resolve("waits", wanted)

    asyncio.run(test())


def test_a_timer_is_loaded_once() -> None:
    async def test() -> None:
        async with running(WAITS) as h:
            await h.start("waits")
            for _ in range(2):
                h.engine.timers.load(h.engine.store.timers())
            assert len(h.engine.timers) == len(h.engine.timers._heap) == 1

    asyncio.run(test())
