"""Handlers of this process, whatever becomes of them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from magicflow.engine.clock import settle
from magicflow.engine.localruns import LocalRuns
from magicflow.engine.tasks import Task
from magicflow.store import Effect
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


class Alone:
    """Runs of one executor with one place, without an engine."""

    concurrency = 1

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.ended: list[Any] = []
        self.freed: list[str] = []
        self.runs = LocalRuns(
            lambda task, outcome: self.ended.append(outcome), self.freed.append
        )

    async def run(self, context: TaskContext) -> Any:
        self.calls.append(context.run_id)
        await asyncio.Event().wait()

    def close(self) -> None:
        """Nothing."""

    def start(self) -> Task:
        message = {"run_id": "r", "task_id": "t", "executor": "svc", "attempt": 1}
        task = Task(message, 0, Effect("r", "task", "t@1"), "three")
        self.runs.start(task, self, None)
        return task


def test_what_is_cancelled_before_it_began_gives_its_place_back() -> None:
    async def test() -> None:
        alone = Alone()
        alone.runs.stop(alone.start())
        await settle()
        assert alone.calls == []
        assert alone.ended == [None], "its end is told, as that of others"
        assert alone.freed == ["svc"]
        assert alone.runs.has_place("svc", alone)

    asyncio.run(test())


def test_the_place_of_an_orphan_is_given_to_who_waits() -> None:
    async def test() -> None:
        alone = Alone()
        alone.start()
        await settle()
        alone.runs.release()
        alone.runs.forget_orphans()
        await settle()
        assert alone.ended == [], "its task is gone"
        assert alone.freed == ["svc"]
        assert alone.runs.has_place("svc", alone)

    asyncio.run(test())
