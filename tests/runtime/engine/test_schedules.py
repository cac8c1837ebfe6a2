"""Schedules, places, delayed starts and retention, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from magicflow.engine import Overloaded, Refused
from magicflow.store import MemoryStore, RunFilter

from tests.runtime.harness import add, running
from tests.runtime.plans import lit, obj, path, plan, three_steps

HOUR = 3_600_000


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]


def waits(duration: int = 60_000, **more: Any) -> dict[str, Any]:
    return plan(
        {"w": {"kind": "wait", "duration": duration}}, ["w"], name="waits", **more
    )


def scheduled(**trigger: Any) -> dict[str, Any]:
    entry = {"type": "schedule", "input": obj(source=lit("nightly")), **trigger}
    return waits(1_000, triggers=[entry])


def starts(store: MemoryStore) -> list[int]:
    return [row.created_at for row in reversed(store.runs(RunFilter()))]


def test_every_starts_on_multiples() -> None:
    async def test() -> None:
        store = MemoryStore()
        async with running(scheduled(every=HOUR), store=store) as h:
            await h.clock.advance(5 * HOUR)
            assert len(starts(store)) == 5
            assert all(at % HOUR == 0 for at in starts(store))
            live = h.engine.find(store.runs(RunFilter())[0].id)
            assert live.state["start"]["input"] == {"source": "nightly"}
            assert live.info["source"] == "schedule"

    run(test)


def test_cron_starts_in_its_time_zone() -> None:
    async def test() -> None:
        store = MemoryStore()
        trigger = {"cron": "0 9 * * *", "time_zone": "Europe/Berlin"}
        async with running(scheduled(**trigger), store=store) as h:
            await h.clock.advance(48 * HOUR)
            # the virtual clock starts in November: Berlin is an hour ahead of UTC
            assert [at % (24 * HOUR) // HOUR for at in starts(store)] == [8, 8]

    run(test)


@pytest.mark.parametrize(("catch_up", "missed"), [("none", 0), ("one", 1), ("all", 10)])
def test_what_was_missed_is_caught_up_as_wanted(catch_up: str, missed: int) -> None:
    async def test() -> None:
        store = MemoryStore()
        json = scheduled(every=HOUR, catch_up=catch_up)
        async with running(json, store=store) as h:
            await h.clock.advance(2 * HOUR)
            before = len(starts(store))
            assert before == 2
        h.clock.jump(10 * HOUR)
        async with running(json, store=store, clock=h.clock) as h:
            await h.clock.advance(0)
            assert len(starts(store)) - before == missed
            await h.clock.advance(HOUR)
            assert len(starts(store)) - before == missed + 1
        async with running(json, store=store, clock=h.clock) as h:
            await h.clock.advance(0)
            assert len(starts(store)) - before == missed + 1

    run(test)


def test_a_schedule_whose_input_does_not_fit_stops_nobody() -> None:
    async def test() -> None:
        store = MemoryStore()
        entry = {"type": "schedule", "every": HOUR, "input": lit({"n": "x"})}
        bad = {**three_steps(), "triggers": [entry]}
        good = scheduled(every=HOUR)
        async with running(bad, good, store=store, handlers={"add": add}) as h:
            await h.clock.advance(3 * HOUR)
            assert len(store.runs(RunFilter(workflow="waits"))) == 3
            assert store.runs(RunFilter(workflow="three")) == []

    run(test)


LIMITS = {"max_runs": 2, "on_limit": "queue"}


def statuses(store: MemoryStore) -> list[str]:
    return [row.status for row in reversed(store.runs(RunFilter()))]


def test_more_runs_than_places_are_queued_in_order() -> None:
    async def test() -> None:
        store = MemoryStore()
        async with running(waits(concurrency=LIMITS), store=store) as h:
            for n in range(5):
                await h.start("waits", n, priority=10 if n == 4 else 0)
            await h.settle()
            assert statuses(store) == ["waiting"] * 2 + ["queued"] * 3
            await h.clock.advance(60_000)
            assert statuses(store) == (
                ["completed"] * 2 + ["waiting", "queued", "waiting"]
            )
            await h.clock.advance(120_000)
            assert statuses(store) == ["completed"] * 5

    run(test)


def test_places_and_queue_survive_a_restart() -> None:
    async def test() -> None:
        store = MemoryStore()
        json = waits(concurrency=LIMITS)
        async with running(json, store=store) as h:
            for _ in range(5):
                await h.start("waits")
            await h.settle()
        async with running(json, store=store, clock=h.clock) as h:
            assert h.engine.open_runs == 5
            live = await h.start("waits")
            assert live.row.status == "queued"
            await h.clock.advance(60_000)
            assert (
                statuses(store) == ["completed"] * 2 + ["waiting"] * 2 + ["queued"] * 2
            )
            await h.clock.advance(180_000)
            assert statuses(store) == ["completed"] * 6

    run(test)


def test_places_per_key() -> None:
    limits = {"max_per_key": 1, "key": path("input", "customer"), "on_limit": "queue"}

    async def test() -> None:
        store = MemoryStore()
        async with running(waits(concurrency=limits), store=store) as h:
            for customer in ("a", "a", "b", "a"):
                await h.start("waits", {"customer": customer})
            await h.settle()
            assert statuses(store) == ["waiting", "queued", "waiting", "queued"]
            await h.clock.advance(60_000)
            assert statuses(store) == ["completed", "waiting", "completed", "queued"]

    run(test)


def test_a_workflow_may_reject_instead() -> None:
    async def test() -> None:
        limits = {"max_runs": 1, "on_limit": "reject"}
        async with running(waits(concurrency=limits)) as h:
            live = await h.start("waits")
            with pytest.raises(Overloaded):
                await h.start("waits")
            await h.finish(live)
            await h.start("waits")

    run(test)


def test_a_refused_start_takes_no_place() -> None:
    async def test() -> None:
        json = {**three_steps(), "concurrency": {"max_runs": 1, "on_limit": "queue"}}
        async with running(json, handlers={"add": add}) as h:
            for _ in range(3):
                with pytest.raises(Refused):
                    await h.start("three", {"n": "x"})
            live = await h.finish(await h.start("three", {"n": 1}))
            assert live.row.status == "completed"

    run(test)


def test_a_queued_run_is_checked_and_can_be_cancelled() -> None:
    async def test() -> None:
        json = {**three_steps(), "concurrency": {"max_runs": 1, "on_limit": "queue"}}
        async with running(json) as h:
            await h.start("three", {"n": 1})
            with pytest.raises(Refused) as refused:
                await h.start("three", {"n": "x"})
            assert refused.value.code == "VALIDATION"
            queued = await h.start("three", {"n": 2})
            assert queued.row.status == "queued"
            with pytest.raises(Refused):
                await h.engine.send(queued.row.id, {"type": "pause"})
            await h.engine.send(queued.row.id, {"type": "cancel_requested"})
            assert (await h.finish(queued, limit=0)).row.status == "cancelled"

    run(test)


def test_a_delayed_start_waits_also_over_a_restart() -> None:
    async def test() -> None:
        store = MemoryStore()
        async with running(waits(), store=store) as h:
            live = await h.start("waits", delay=HOUR)
            assert live.row.status == "queued"
            await h.clock.advance(HOUR // 2)
        async with running(waits(), store=store, clock=h.clock) as h:
            await h.clock.advance(HOUR // 2 - 1)
            assert statuses(store) == ["queued"]
            await h.clock.advance(1)
            assert statuses(store) == ["waiting"]
            await h.clock.advance(60_000)
            assert statuses(store) == ["completed"]
            assert store.effects(("start", "timer")) == []

    run(test)


def test_what_was_kept_long_enough_is_erased() -> None:
    async def test() -> None:
        store = MemoryStore()
        json = waits(1_000, retention={"completed": HOUR})
        async with running(json, store=store) as h:
            await h.finish(await h.start("waits"))
            cancelled = await h.start("waits")
            await h.engine.send(cancelled.row.id, {"type": "cancel_requested"})
            await h.clock.advance(HOUR - 60_000)
            assert len(statuses(store)) == 2
            await h.clock.advance(180_000)
            assert statuses(store) == ["cancelled"]

    run(test)
