"""Handlers of this process, whatever becomes of them."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
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


class Many(Alone):
    """Runs whose handlers do what the test says, by run."""

    concurrency = 1_000
    seen: ContextVar[str] = ContextVar("seen", default="nobody")

    def __init__(self) -> None:
        super().__init__()
        self.hands: set[Any] = set()
        self.found: list[str] = []
        self.gate = asyncio.Event()

    async def run(self, context: TaskContext) -> Any:
        self.calls.append(context.run_id)
        self.hands.add(asyncio.current_task())
        self.found.append(self.seen.get())
        self.seen.set(context.run_id)
        if context.run_id.startswith("waits"):
            await self.gate.wait()
            assert self.seen.get() == context.run_id
        return {"output": context.run_id}

    def begin(self, run_id: str) -> Task:
        message = {"run_id": run_id, "task_id": "t", "executor": "svc", "attempt": 1}
        task = Task(message, 0, Effect(run_id, "task", "t@1"), "three")
        self.runs.start(task, self, None)
        return task


def test_handlers_that_do_not_wait_share_a_task() -> None:
    async def test() -> None:
        many = Many()
        for number in range(50):
            many.begin(str(number))
        await settle()
        assert many.ended == [{"output": str(number)} for number in range(50)]
        assert len(many.hands) == 1
        assert set(many.found) == {"nobody"}, "each has a context of its own"

    asyncio.run(test())


def test_a_handler_that_waits_holds_nobody_up() -> None:
    async def test() -> None:
        many = Many()
        for run_id in ("waits 1", "a", "waits 2", "b", "c"):
            many.begin(run_id)
        await settle()
        assert many.calls == ["waits 1", "a", "waits 2", "b", "c"]
        assert many.ended == [{"output": name} for name in "abc"]
        many.gate.set()
        await settle()
        assert [each["output"] for each in many.ended[3:]] == ["waits 1", "waits 2"]
        assert set(many.found) == {"nobody"}

    asyncio.run(test())


def test_the_loop_has_its_turn_between_handlers_that_follow_each_other() -> None:
    """Each end makes a place for the next; nobody else may have to wait for the last."""

    async def test() -> None:
        many = Many()
        many.runs = LocalRuns(
            lambda task, outcome: many.ended.append(outcome),
            lambda _: None if len(many.calls) > 100 else void(many.begin("next")),
        )
        many.begin("first")
        turns = 0
        while len(many.ended) < 100:
            await asyncio.sleep(0)
            turns += 1
        assert turns >= 100

    asyncio.run(test())


def void(task: Task) -> None:
    """Begun, and that is all."""


def test_who_is_cancelled_is_cancelled_alone() -> None:
    async def test() -> None:
        many = Many()
        stopped = many.begin("waits 1")
        for run_id in ("waits 2", "waits 3"):
            many.begin(run_id)
        await settle()
        many.begin("a")
        many.runs.stop(stopped)
        many.begin("b")
        await settle()
        assert [each for each in many.ended if each is not None] == [
            {"output": "a"},
            {"output": "b"},
        ]
        assert many.ended.count(None) == 1
        many.gate.set()
        await settle()
        assert many.ended[3:] == [{"output": "waits 2"}, {"output": "waits 3"}]

    asyncio.run(test())


def test_who_cancels_himself_leaves_the_others_at_work() -> None:
    """The hand was told to stop while it went on without waiting: the next handler that
    waits must not be the one that is stopped."""

    async def test() -> None:
        many = Many()
        many.runs = LocalRuns(
            lambda task, outcome: many.ended.append(outcome), many.freed.append
        )
        plain = many.run

        async def run(context: TaskContext) -> Any:
            if context.run_id == "himself":
                many.runs.stop(himself)
                return {"output": "himself"}
            return await plain(context)

        many.run = run  # type: ignore[method-assign]
        himself = many.begin("himself")
        many.begin("waits")
        await settle()
        assert many.ended == [{"output": "himself"}]
        many.gate.set()
        await settle()
        assert many.ended[1:] == [{"output": "waits"}]

    asyncio.run(test())


def test_draining_waits_for_handlers_and_then_stops_them() -> None:
    async def test() -> None:
        many = Many()
        many.begin("waits")
        await settle()
        asyncio.get_running_loop().call_later(0.01, many.gate.set)
        await many.runs.drain(5)
        assert many.ended == [{"output": "waits"}]
        many.gate.clear()
        many.begin("waits again")
        many.begin("a")
        await many.runs.drain(0)
        assert len(many.calls) == 1, "what was not entered by then never is"
        assert many.ended == [{"output": "waits"}], "nobody hears of what was stopped"

    asyncio.run(test())
