"""More than the store takes: refused at once, and memory stays flat."""

from __future__ import annotations

import asyncio
import threading
import tracemalloc
from collections.abc import Sequence
from typing import Any

from magicflow.engine import Engine, EngineSettings, Overloaded, StartRequest
from magicflow.store import MemoryStore, RunFilter, Write
from magicflow.store.writer import GroupWriter
from magicflow.worker.local import LocalExecutor

from tests.runtime.harness import add
from tests.runtime.plans import three_steps

LIMIT = 200
FLOOD = 20_000


class Stuck(MemoryStore):
    """A disk that does not come back for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()

    def commit(self, writes: Sequence[Write]) -> None:
        self.gate.wait(30)
        super().commit(writes)


def test_a_flood_is_refused_and_memory_stays_flat() -> None:
    async def test() -> None:
        store = Stuck()
        settings = EngineSettings(max_waiting_writes=LIMIT)
        engine = Engine(store, settings=settings, writer=GroupWriter)
        engine.deploy(three_steps())
        engine.add_executor("svc", LocalExecutor.of("svc", {"add": add}))
        await engine.open()
        await asyncio.sleep(0.05)
        store.gate.clear()
        taken: list[Any] = []
        refused = 0

        async def flood(count: int) -> None:
            nonlocal refused
            for number in range(count):
                try:
                    _, done = engine.begin(StartRequest("three", {"n": 1}))
                    taken.append(done)
                except Overloaded as error:
                    assert error.retry_after >= 1
                    refused += 1
                if number % 100 == 0:
                    await asyncio.sleep(0)

        await flood(1_000)
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        await flood(FLOOD)
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert after - before < 1_000_000, f"{after - before} bytes for {FLOOD} starts"
        assert len(taken) == LIMIT
        assert refused == FLOOD + 1_000 - LIMIT
        assert len(engine.runs) == LIMIT
        assert engine.metrics.overloaded.values == {(): refused}
        store.gate.set()
        await asyncio.gather(*taken)
        while engine.open_runs:
            await asyncio.sleep(0.01)
        rows = store.runs(RunFilter(), limit=1_000)
        assert [row.status for row in rows] == ["completed"] * LIMIT
        await engine.close(0)

    asyncio.run(test())
