"""An engine in virtual time on a store in memory, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from magicflow.engine import Engine, EngineSettings, StartRequest, VirtualClock
from magicflow.engine.clock import settle
from magicflow.engine.live import LiveRun
from magicflow.store import MemoryStore, Store
from magicflow.store.writer import InlineWriter
from magicflow.worker.local import LocalExecutor


class Harness:
    def __init__(self, engine: Engine, clock: VirtualClock) -> None:
        self.engine = engine
        self.clock = clock

    async def start(
        self, workflow: str = "three", input: Any = None, **more: Any
    ) -> LiveRun:
        live, done = self.engine.begin(StartRequest(workflow, input, **more))
        if done is not None:
            await done
        return live

    async def finish(self, live: LiveRun, limit: int = 10**9) -> LiveRun:
        """Let time pass until the run ends."""
        run_id = live.row.id

        def ended() -> bool:
            row = self.engine.store.run(run_id)
            return row is not None and row.ended_at is not None

        await self.clock.run_until(ended, limit)
        return self.engine.find(run_id)

    async def settle(self) -> None:
        await settle()


@asynccontextmanager
async def running(
    *plans: Mapping[str, Any],
    handlers: Mapping[str, Any] | None = None,
    store: Store | None = None,
    clock: VirtualClock | None = None,
    settings: EngineSettings | None = None,
    executor: str = "svc",
) -> AsyncIterator[Harness]:
    clock = clock or VirtualClock()
    engine = Engine(
        store or MemoryStore(), clock=clock, settings=settings, writer=InlineWriter
    )
    for plan in plans:
        engine.deploy(plan)
    if handlers is not None:
        engine.add_executor(executor, LocalExecutor.of(executor, handlers))
    await engine.open()
    try:
        yield Harness(engine, clock)
    finally:
        await engine.close(drain=0)


async def add(input: dict[str, Any]) -> dict[str, Any]:
    return {"n": input["n"] + 1}
