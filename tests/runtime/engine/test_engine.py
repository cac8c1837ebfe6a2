"""Runs from start to end, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from magicflow.core import fold, replay
from magicflow.engine import NotFound, Refused, StartRequest, Unavailable
from magicflow.engine.encoding import decode
from magicflow.store import MemoryStore, RunFilter
from magicflow.worker import TaskContext, WorkflowError

from tests.runtime.harness import add, running
from tests.runtime.plans import retried, three_steps
from tests.runtime.simulation.stores import FailingMemory


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]


def test_three_steps_run_to_the_end() -> None:
    async def test() -> None:
        async with running(three_steps(), handlers={"add": add}) as h:
            live = await h.finish(await h.start(input={"n": 1}))
            assert live.row.status == "completed"
            assert live.state["run"]["output"] == {"n": 4}
            assert h.engine.open_runs == 0
            assert h.engine.store.effects(("task", "timer")) == []

    run(test)


def test_state_is_what_the_history_gives() -> None:
    async def test() -> None:
        async with running(three_steps(), handlers={"add": add}) as h:
            live = await h.finish(await h.start(input={"n": 1}))
            log = h.engine.store.log(live.row.id)
            assert [row.version for row in log] == [1, 2, 3, 4]
            folded = fold(decode(row.changes) for row in log)
            replayed = replay(live.deployed.plan, [decode(row.event) for row in log])
            assert folded == replayed

    run(test)


def test_input_that_does_not_fit_is_refused_with_every_path() -> None:
    async def test() -> None:
        async with running(three_steps(), handlers={"add": add}) as h:
            with pytest.raises(Refused) as refused:
                await h.start(input={"label": 5, "other": 1})
            assert refused.value.code == "VALIDATION"
            paths = {problem["path"] for problem in refused.value.details}
            assert len(paths) == 3
            assert h.engine.store.count_open() == 0
            assert h.engine.open_runs == 0

    run(test)


def test_an_unknown_workflow_is_not_found() -> None:
    async def test() -> None:
        async with running(three_steps(), handlers={"add": add}) as h:
            with pytest.raises(NotFound, match="did you mean `three`"):
                await h.start("thre")

    run(test)


def test_a_failing_handler_is_retried_with_the_same_key() -> None:
    seen: list[tuple[int, str]] = []

    async def flaky(context: TaskContext, input: Any) -> Any:
        seen.append((context.attempt, context.idempotency_key))
        if context.attempt < 3:
            raise WorkflowError("BUSY", "not now")
        return {"ok": True}

    async def test() -> None:
        async with running(retried(), handlers={"add": flaky}) as h:
            live = await h.start("retried")
            before = h.clock.now()
            live = await h.finish(live)
            assert live.row.status == "completed"
            assert [attempt for attempt, _ in seen] == [1, 2, 3]
            assert len({key for _, key in seen}) == 1
            assert h.clock.now() - before == 2000

    run(test)


def test_a_step_timeout_is_measured_and_retried() -> None:
    calls = 0

    async def slow(input: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            await asyncio.Event().wait()
        return {}

    async def test() -> None:
        async with running(retried(timeout=5000), handlers={"add": slow}) as h:
            live = await h.start("retried")
            start = h.clock.now()
            live = await h.finish(live)
            assert live.row.status == "completed"
            assert h.clock.now() - start == 6000
            assert h.engine.dispatcher.running_local() == 0

    run(test)


def test_a_handler_that_raises_or_returns_no_json_is_a_failed_attempt() -> None:
    async def bad(input: Any) -> Any:
        return object()

    def raises(input: Any) -> Any:
        raise KeyError("x")

    async def test(handler: Any, text: str) -> None:
        async with running(three_steps(), handlers={"add": handler}) as h:
            live = await h.start(input={"n": 1})
            end = asyncio.get_running_loop().time() + 5
            while not (row := h.engine.store.run(live.row.id)) or not row.ended_at:
                await asyncio.sleep(0.002)
                assert asyncio.get_running_loop().time() < end
            live = h.engine.find(live.row.id)
            assert live.row.status == "failed"
            error = live.state["run"]["error"]
            assert error["code"] == "INTERNAL"
            assert text in error["message"]

    asyncio.run(test(bad, "object"))
    asyncio.run(test(raises, "KeyError"))


def test_an_idempotency_key_starts_one_run() -> None:
    async def test() -> None:
        async with running(three_steps(), handlers={"add": add}) as h:
            first = await h.start(input={"n": 1}, idempotency_key="k")
            again = await h.start(input={"n": 1}, idempotency_key="k")
            assert first.row.id == again.row.id
            await h.finish(first)
            late = await h.start(input={"n": 9}, idempotency_key="k")
            assert late.row.id == first.row.id
            assert h.engine.metrics.runs_started.values == {("three",): 1}

    run(test)


@pytest.mark.parametrize("fault", [None, "before"])
def test_starts_with_one_key_that_meet_are_one_run(fault: Any) -> None:
    """The second is answered when the first one's start is durable, and not before; and
    fails with it."""

    async def test() -> None:
        store = FailingMemory()
        async with running(three_steps(), handlers={"add": add}, store=store) as h:
            store.fault = lambda: fault  # type: ignore[method-assign]
            request = StartRequest("three", {"n": 1}, idempotency_key="k")
            started = [h.engine.begin(request) for _ in range(3)]
            assert len({live.row.id for live, _ in started}) == 1
            waiting = [done for _, done in started if done is not None]
            assert len(waiting) == 3 and not any(done.done() for done in waiting)
            fates = await asyncio.gather(*waiting, return_exceptions=True)
            if fault is None:
                assert fates == [None] * 3
                assert len(store.runs(RunFilter())) == 1
            else:
                assert [type(fate) for fate in fates] == [Unavailable] * 3
                assert store.runs(RunFilter()) == []

    run(test)


def test_a_restart_takes_up_open_runs() -> None:
    store = MemoryStore()
    blocked: list[int] = []

    async def stuck(input: Any) -> Any:
        blocked.append(input["n"])
        if input["n"] == 2 and len(blocked) < 3:
            await asyncio.Event().wait()
        return {"n": input["n"] + 1}

    async def first() -> str:
        async with running(three_steps(), handlers={"add": stuck}, store=store) as h:
            live = await h.start(input={"n": 1})
            await h.settle()
            return live.row.id

    async def second(run_id: str) -> None:
        async with running(handlers={"add": stuck}, store=store) as h:
            assert h.engine.open_runs == 1
            live = await h.finish(h.engine.find(run_id))
            assert live.state["run"]["output"] == {"n": 4}
            assert blocked == [1, 2, 2, 3]

    run_id = asyncio.run(first())
    asyncio.run(second(run_id))
