"""Handlers of this process, whatever becomes of them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from magicflow.worker import TaskContext

from tests.runtime.faults.workflows import UNDONE, compiled
from tests.runtime.harness import running
from tests.runtime.plans import three_steps


def test_a_compensation_reaches_its_function() -> None:
    """Under the function's name: it works for no step of its own, and the handler of
    the step that it undoes must not get it."""
    calls: list[tuple[str, Any]] = []

    async def book(context: TaskContext, input: Any) -> Any:
        calls.append((context.step, input))
        return {"n": 2}

    async def undo(context: TaskContext, input: Any) -> Any:
        calls.append((context.step, input))

    async def decline(input: Any) -> Any:
        raise ValueError("no")

    handlers = {"book": book, "undo": undo, "decline": decline}

    async def test() -> None:
        async with running(compiled(UNDONE), handlers=handlers) as h:
            live = await h.finish(await h.start("undone", {"n": 1}))
            assert live.row.status == "failed"
            assert live.state["run"]["compensation"] == "complete"
            both = {"input": {"n": 1}, "output": {"n": 2}}
            assert calls == [("book", {"n": 1}), ("book/compensate", both)]

    asyncio.run(test())


def test_a_runner_that_breaks_fails_its_attempt(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken:
        concurrency = 1

        async def run(self, context: TaskContext) -> Any:
            raise KeyError("a defect")

        def close(self) -> None:
            """Nothing."""

    async def test() -> None:
        async with running(three_steps()) as h:
            h.engine.add_executor("svc", Broken())
            for _ in range(2):  # the place is free again
                live = await h.finish(await h.start(input={"n": 1}))
                assert live.row.status == "failed"
                error = live.state["run"]["error"]
                assert error["code"] == "INTERNAL"
                assert "KeyError" in error["message"]

    asyncio.run(test())
    assert "the runner failed" in caplog.text
