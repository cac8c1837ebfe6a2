"""A restart costs what is under way, not what waits."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from time import process_time

from magicflow.engine import Engine, StartRequest
from magicflow.engine.engine import TIMERS_AT_ONCE
from magicflow.engine.live import LiveRun
from magicflow.store import Effect, MemoryStore, RunRow, SqliteStore, Transition

from tests.runtime.harness import running
from tests.runtime.plans import plan

WAITS = plan({"w": {"kind": "wait", "duration": 60_000}}, ["w"], name="waits")
MANY = 100_000


def fill(store: SqliteStore, count: int, plan_hash: str) -> None:
    due = time.time_ns() // 1_000_000 + 3_600_000
    for first in range(0, count, 1000):
        writes = []
        for number in range(first, first + 1000):
            id = f"{number:032x}"
            row = RunRow(id, "waits", "1.0.0", plan_hash, "waiting", 1, 1, 1)
            timer = Effect(id, "timer", "w#wait", "", due)
            writes.append(
                Transition(id, 1, 1, "waiting", "{}", "{}", begins=row, opened=[timer])
            )
        store.commit(writes)


def test_a_hundred_thousand_waiting_runs_do_not_hold_up_a_restart(
    tmp_path: Path,
) -> None:
    store = SqliteStore(tmp_path / "runs.db")
    fill(store, MANY, WAITS["hash"])
    store.close()

    async def test() -> None:
        engine = Engine(SqliteStore(tmp_path / "runs.db"))
        engine.deploy(WAITS)
        began = process_time()
        await engine.open()
        assert process_time() - began < 0.25
        assert engine.open_runs == MANY
        # it answers and works before all timers are armed
        assert len(engine.timers) < MANY
        _, done = engine.begin(StartRequest("waits"))
        assert done is not None
        await done
        while len(engine.timers) < MANY + 1:
            await asyncio.sleep(0.01)
        await engine.close(0)

    asyncio.run(test())


def test_timers_of_every_page_fire_once() -> None:
    store = MemoryStore()
    count = TIMERS_AT_ONCE + 10

    async def test() -> None:
        async with running(WAITS, store=store) as h:
            for _ in range(count):
                await h.start("waits")
        h.clock.jump(3_600_000)
        async with running(store=store, clock=h.clock) as h:
            await h.clock.advance(0)
            assert store.count_open() == 0
            assert store.effects(("timer",)) == []

    asyncio.run(test())


def test_a_timer_that_was_cancelled_while_timers_were_read_rings_in_vain() -> None:
    """The page still has it: it fires, is refused, and changes nothing."""

    async def test() -> None:
        async with running(WAITS) as h:
            live: LiveRun = await h.start("waits")
            page = h.engine.store.timers()
            await h.engine.send(live.row.id, {"type": "cancel_requested"})
            h.engine.timers.load(page)
            await h.clock.advance(120_000)
            assert len(h.engine.timers) == 0
            row = h.engine.store.run(live.row.id)
            assert row is not None and (row.status, row.version) == ("cancelled", 2)

    asyncio.run(test())
