"""An engine that is closed while handlers are at work."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from magicflow.engine import Engine, StartRequest
from magicflow.store import SqliteStore
from magicflow.store.writer import GroupWriter
from magicflow.worker.local import LocalExecutor

from tests.runtime.plans import three_steps


class Slow:
    """A function for a thread; counts its calls and says when it is at work."""

    def __init__(self) -> None:
        self.calls = 0
        self.at_work = threading.Event()

    def __call__(self, input: Any) -> Any:
        self.calls += 1
        self.at_work.set()
        time.sleep(0.15)
        return {"n": input["n"] + 1}


async def open_engine(file: Path, handler: Any) -> Engine:
    engine = Engine(SqliteStore(file), writer=GroupWriter)
    engine.deploy(three_steps())
    engine.add_executor("svc", LocalExecutor.of("svc", {"add": handler}))
    await engine.open()
    return engine


def test_the_step_after_a_drained_one_waits_for_the_next_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asyncio.run(_close_and_open(tmp_path, caplog))


async def _close_and_open(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    handler = Slow()
    engine = await open_engine(tmp_path / "runs.db", handler)
    live, done = engine.begin(StartRequest("three", {"n": 1}))
    assert done is not None
    await done
    run_id = live.row.id
    while not handler.at_work.is_set():
        await asyncio.sleep(0.005)
    with caplog.at_level(logging.WARNING):
        await engine.close(5)
    assert not caplog.records
    assert handler.calls == 1  # it had its end; nothing was begun after it

    engine = await open_engine(tmp_path / "runs.db", handler)
    live = await engine.wait(await engine.read(run_id), 5)
    assert (live.row.status, live.state["run"]["output"]) == ("completed", {"n": 4})
    rows = live.state["steps"]
    assert [row["attempts"] for row in rows.values()] == [1, 1, 1]
    await engine.close(1)
    assert handler.calls == 3
