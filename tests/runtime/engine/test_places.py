"""Places of a workflow: who waits for one, who loses it, who gets it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from magicflow.engine.clock import VirtualClock
from magicflow.store import MemoryStore

from tests.runtime.harness import Harness, running
from tests.runtime.plans import call, lit, path, plan
from tests.runtime.simulation.stores import FailingMemory

Json = dict[str, Any]


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]


def limited(**limits: Any) -> Json:
    return plan({"a": call("work")}, ["a"], name="limited", concurrency=limits)


async def finish_one(h: Harness) -> str:
    """Work on the oldest task; gives its run."""
    (task,) = await h.engine.dispatcher.poll(["svc"], 1, 0, "w")
    await h.engine.dispatcher.report(task.key, 1, task.delivery, {"output": 1})
    await h.settle()
    return task.key[0]


def statuses(h: Harness, *lives: Any) -> list[str]:
    rows = [h.engine.store.run(live.row.id) for live in lives]
    return [row.status for row in rows if row is not None]


def test_the_place_of_a_run_that_was_cancelled_while_it_waited_is_free() -> None:
    async def test() -> None:
        async with running(limited(max_runs=1)) as h:
            one, two, three = [await h.start("limited") for _ in range(3)]
            await h.engine.send(two.row.id, {"type": "cancel_requested"})
            await h.settle()
            assert await finish_one(h) == one.row.id
            assert statuses(h, one, two, three) == ["completed", "cancelled", "running"]
            assert await finish_one(h) == three.row.id

    run(test)


def test_places_by_key() -> None:
    """Two of a key run, the third waits; another key does not; a key that cannot be
    computed is none."""

    async def test() -> None:
        bad = {"op": "+", "left": path("input", "k"), "right": lit(1)}
        async with running(limited(key=bad, max_per_key=2, max_runs=4)) as h:
            keys = [1, 1, 1, 2, "text", "text", 1]
            lives = [await h.start("limited", {"k": k}) for k in keys]
            waiting = ["queued" if n in (2, 5, 6) else "running" for n in range(7)]
            assert statuses(h, *lives) == waiting
            for _ in keys:
                await finish_one(h)
            assert set(statuses(h, *lives)) == {"completed"}

    run(test)


def test_places_are_as_before_after_a_restart() -> None:
    async def test() -> None:
        store = MemoryStore()
        key = path("input", "k")
        made = limited(key=key, max_per_key=1)
        async with running(made, store=store) as h:
            lives = [await h.start("limited", {"k": k}) for k in (1, 1, 2, 1)]
        async with running(made, store=store, clock=h.clock) as h:
            assert statuses(h, *lives) == ["running", "queued", "running", "queued"]
            for _ in lives:
                await h.clock.advance(40_000)
                await finish_one(h)
            assert set(statuses(h, *lives)) == {"completed"}

    run(test)


def test_a_delayed_start_waits_for_a_place_too() -> None:
    async def test() -> None:
        async with running(limited(max_runs=1)) as h:
            delayed = await h.start("limited", delay=1_000)
            first = await h.start("limited")
            await h.clock.advance(1_000)
            assert statuses(h, delayed, first) == ["queued", "running"]
            await finish_one(h)
            assert statuses(h, delayed, first) == ["running", "completed"]
            other = await h.start("limited", delay=1_000)
            await finish_one(h)
            await h.clock.advance(1_000)
            assert statuses(h, other) == ["running"]

    run(test)


def test_a_start_that_the_store_refused_has_no_place() -> None:
    async def test() -> None:
        async with running(limited(max_runs=1)) as h:
            one = await h.start("limited", idempotency_key="k")
            await finish_one(h)
            h.engine.store.run_of_key = lambda *_: None  # type: ignore[method-assign]
            with pytest.raises(Exception, match="key conflict"):
                await h.start("limited", idempotency_key="k")
            two = await h.start("limited")
            assert statuses(h, one, two) == ["completed", "running"]

    run(test)


def test_a_queued_run_that_cannot_be_read_starts_after_the_recovery() -> None:
    async def test() -> None:
        store = FailingMemory()
        async with running(limited(max_runs=1), store=store) as h:
            one, two = [await h.start("limited") for _ in range(2)]
            h.engine.runs.drop(two.row.id)
            failing = iter([True])
            wanted = two.row.id
            real = store.run

            def read(run_id: str) -> Any:
                if run_id == wanted:
                    store.unread = lambda: next(failing, False)  # type: ignore[method-assign]
                return real(run_id)

            store.run = read  # type: ignore[method-assign]
            await finish_one(h)
            await asyncio.sleep(0.2)
            assert h.engine.metrics.recoveries.values == {(): 1}
            assert statuses(h, one, two) == ["completed", "running"]

    run(test)


def test_a_place_that_became_free_right_before_a_crash_is_taken_at_the_start() -> None:
    async def test() -> None:
        store = MemoryStore()
        async with running(limited(max_runs=1), store=store) as h:
            one, two = [await h.start("limited") for _ in range(2)]
            # the end of the first is written; the server is gone before the second runs
            h.engine.starts.leave = lambda live: None  # type: ignore[method-assign]
            await finish_one(h)
            assert statuses(h, one, two) == ["completed", "queued"]
        async with running(limited(max_runs=1), store=store, clock=h.clock) as h:
            await h.settle()
            assert statuses(h, one, two) == ["completed", "running"]

    run(test)


def test_a_queued_run_whose_start_does_not_fit_any_more_is_told_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def test() -> None:
        async with running(limited(max_runs=1)) as h:
            _, two = [await h.start("limited") for _ in range(2)]
            assert two.queued is not None
            two.queued["run_id"] = 5
            await finish_one(h)
            three = await h.start("limited")
            assert statuses(h, three) == ["running"], "the place is not lost with it"

    with caplog.at_level(logging.ERROR):
        run(test)
    assert "does not start" in caplog.text


def test_a_clock_says_when_nothing_can_happen() -> None:
    with pytest.raises(TimeoutError, match="nothing is left"):
        asyncio.run(VirtualClock().run_until(lambda: False))
