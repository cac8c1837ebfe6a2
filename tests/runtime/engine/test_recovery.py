"""A store that fails: nothing is acknowledged or overtaken, and the engine mends itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from magicflow.engine import (
    Engine,
    EngineSettings,
    Stale,
    StartRequest,
    Unavailable,
)
from magicflow.engine.live import LiveRun
from magicflow.store import (
    MemoryStore,
    RunFilter,
    SqliteStore,
    Store,
    StoreError,
    Write,
)
from magicflow.store.writer import GroupWriter
from magicflow.worker.local import LocalExecutor

from tests.runtime.plans import call, plan, three_steps


class Breaking(MemoryStore):
    """Fails commits on demand: before writing, after writing, and on reopening."""

    def __init__(self) -> None:
        super().__init__()
        self.commits = 0
        self.fail_at: dict[int, str] = {}
        self.broken_until = 0.0
        self.reopened = 0

    def commit(self, writes: Sequence[Write]) -> None:
        self.commits += 1
        how = self.fail_at.pop(self.commits, None)
        if how == "before" or time.monotonic() < self.broken_until:
            raise StoreError("database or disk is full")
        super().commit(writes)
        if how == "after":
            raise StoreError("timeout")

    def reopen(self) -> None:
        self.reopened += 1
        if time.monotonic() < self.broken_until:
            raise StoreError("still full")


async def engine_on(store: Store, handler: Any) -> Engine:
    settings = EngineSettings(recovery_delay=0.01)
    engine = Engine(store, settings=settings, writer=GroupWriter)
    engine.deploy(three_steps())
    engine.add_executor("svc", LocalExecutor.of("svc", {"add": handler}))
    await engine.open()
    return engine


async def start(engine: Engine, key: str) -> LiveRun:
    """As a client does: repeats with the same key until it is acknowledged."""
    while True:
        try:
            live, done = engine.begin(
                StartRequest("three", {"n": 1}, idempotency_key=key)
            )
            if done is not None:
                await done
            return live
        except Unavailable:
            await asyncio.sleep(0.005)


async def all_ended(engine: Engine, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while engine.state != "open" or engine.store.count_open():
        assert time.monotonic() < end, engine.state
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("how", ["before", "after"])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_one_failed_commit_loses_and_doubles_nothing(how: str, at: int) -> None:
    effects: list[str] = []

    async def add(context: Any, input: dict[str, int]) -> dict[str, int]:
        effects.append(context.idempotency_key)
        return {"n": input["n"] + 1}

    async def test() -> None:
        store = Breaking()
        engine = await engine_on(store, add)
        await asyncio.sleep(0.02)
        store.fail_at[store.commits + at] = how
        runs = await asyncio.gather(*[start(engine, f"k{n}") for n in range(20)])
        while not engine.metrics.recoveries.values:
            await asyncio.sleep(0.005)  # the last commit may be the one that failed
        await all_ended(engine)
        rows = store.runs(RunFilter())
        assert {row.id for row in rows} == {live.row.id for live in runs}
        assert {row.status for row in rows} == {"completed"}
        assert len(set(effects)) == 60
        assert store.reopened == 1
        assert engine.metrics.recoveries.values == {(): 1}
        assert store.effects(("task", "timer")) == []
        await engine.close(0)

    asyncio.run(test())


def test_a_full_disk_that_is_freed_again() -> None:
    async def add(input: dict[str, int]) -> dict[str, int]:
        await asyncio.sleep(0.001)
        return {"n": input["n"] + 1}

    async def test() -> None:
        store = Breaking()
        engine = await engine_on(store, add)
        before = [asyncio.ensure_future(start(engine, f"a{n}")) for n in range(10)]
        await asyncio.sleep(0.004)
        store.broken_until = time.monotonic() + 0.2
        during = [asyncio.ensure_future(start(engine, f"b{n}")) for n in range(10)]
        await asyncio.gather(*before, *during)
        assert time.monotonic() >= store.broken_until
        await all_ended(engine)
        assert len(store.runs(RunFilter())) == 20
        assert store.reopened >= 2
        await engine.close(0)

    asyncio.run(test())


def test_who_waits_for_a_run_gets_its_end_after_a_recovery() -> None:
    async def add(input: dict[str, int]) -> dict[str, int]:
        await asyncio.sleep(0.01)
        return {"n": input["n"] + 1}

    async def test() -> None:
        store = Breaking()
        engine = await engine_on(store, add)
        live = await start(engine, "k")
        rows: list[dict[str, Any]] = []
        live.listeners.append(rows.extend)
        waiting = asyncio.ensure_future(engine.wait(live, 10))
        store.fail_at[store.commits + 1] = "before"
        ended = await waiting
        assert ended.row.status == "completed"
        assert ended.state["run"]["output"] == {"n": 4}
        assert rows[-1]["type"] == "run_completed"
        await engine.close(0)

    asyncio.run(test())


def test_a_handler_at_work_is_not_started_a_second_time() -> None:
    calls: list[str] = []

    async def add(context: Any, input: dict[str, int]) -> dict[str, int]:
        calls.append(context.idempotency_key)
        await asyncio.sleep(0.15)
        return {"n": input["n"] + 1}

    async def test() -> None:
        store = Breaking()
        engine = await engine_on(store, add)
        live = await start(engine, "k")
        while not calls:
            await asyncio.sleep(0.001)
        store.fail_at[store.commits + 1] = "before"
        other = await start(engine, "other")
        await all_ended(engine)
        for run_id in (live.row.id, other.row.id):
            row = store.run(run_id)
            assert row is not None and row.status == "completed"
        assert calls.count(f"{live.row.id}:a") == 1
        await engine.close(0)

    asyncio.run(test())


def test_a_result_that_comes_during_a_recovery_is_not_stale() -> None:
    """A worker drops what is stale; this result is to be reported again."""

    async def test() -> None:
        store = Breaking()
        engine = Engine(store, settings=EngineSettings(recovery_delay=0.01))
        engine.deploy(three_steps())
        await engine.open()
        live = await start(engine, "k")
        (task,) = await engine.dispatcher.poll(["svc"], 1, 1000, "w")
        token = task.key, 1, task.delivery
        store.broken_until = time.monotonic() + 0.1
        with pytest.raises(Unavailable):  # the report's own write fails
            await engine.dispatcher.report(*token, {"output": {"n": 2}})
        with pytest.raises(Unavailable):
            engine.dispatcher.report(*token, {"output": {"n": 2}})
        with pytest.raises(Unavailable):
            engine.dispatcher.heartbeat(*token)
        while engine.state != "open":
            await asyncio.sleep(0.005)
        with pytest.raises(Stale):
            engine.dispatcher.heartbeat(("nobody", "a"), 1, 1)
        await engine.dispatcher.report(*token, {"output": {"n": 2}})
        assert engine.find(live.row.id).state["steps"]["a"]["status"] == "completed"
        await engine.close(0)

    asyncio.run(test())


def test_an_engine_that_is_not_open_says_so() -> None:
    async def test() -> None:
        engine = Engine(MemoryStore())
        with pytest.raises(Unavailable):
            engine.begin(StartRequest("three"))
        await engine.close()
        assert engine.state == "closed"
        await engine.close()

    asyncio.run(test())


def test_sqlite_on_a_full_disk(tmp_path: Path) -> None:
    """The page limit stands for the disk: it is raised while the engine recovers."""

    async def add(input: dict[str, int]) -> dict[str, int]:
        return {"n": input["n"] + 1}

    async def test() -> None:
        store = SqliteStore(tmp_path / "runs.db")
        engine = await engine_on(store, add)
        (pages,) = store._writer.execute("PRAGMA page_count").fetchone()
        store._writer.execute(f"PRAGMA max_page_count = {pages + 8}")
        acknowledged = {}
        for n in range(60):
            acknowledged[f"k{n}"] = (await start(engine, f"k{n}")).row.id
        await all_ended(engine)
        assert engine.metrics.recoveries.values[()] >= 1
        await engine.close(0)
        store = SqliteStore(tmp_path / "runs.db")
        assert {row.id for row in store.runs(RunFilter())} == set(acknowledged.values())
        store.close()

    asyncio.run(test())


def test_a_poisoned_run_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    from magicflow.engine import engine as module

    real = module.decide

    def decide(plan: Any, state: Any, event: Any) -> Any:
        if event["type"] == "task_result" and event.get("output") == {"n": 667}:
            raise ZeroDivisionError("a defect")
        return real(plan, state, event)

    monkeypatch.setattr(module, "decide", decide)

    async def add(input: dict[str, int]) -> dict[str, int]:
        return {"n": input["n"] + 1}

    async def test() -> None:
        engine = await engine_on(MemoryStore(), add)
        bad, _ = engine.begin(StartRequest("three", {"n": 666}))
        good = [await start(engine, f"k{n}") for n in range(5)]
        for live in good:
            assert (await engine.wait(live, 5)).row.status == "completed"
        assert bad.poisoned is not None and "a defect" in bad.poisoned
        assert engine.metrics.poisoned.values == {(): 1}
        await engine.close(0)

    asyncio.run(test())


def test_overload_is_refused_before_anything_happens() -> None:
    from magicflow.engine import Overloaded

    async def add(input: Any) -> Any:
        await asyncio.sleep(60)

    async def test() -> None:
        engine = await engine_on(MemoryStore(), add)
        engine.settings.max_open_runs = 3
        for n in range(3):
            await start(engine, f"k{n}")
        with pytest.raises(Overloaded) as refused:
            engine.begin(StartRequest("three", {"n": 1}))
        assert refused.value.retry_after == 1
        assert engine.store.count_open() == 3
        await engine.close(0)

    asyncio.run(test())


def test_plans_of_old_runs_are_read_from_the_store() -> None:
    store = MemoryStore()

    async def hang(input: Any) -> Any:
        await asyncio.sleep(60)

    async def add(input: dict[str, int]) -> dict[str, int]:
        return {"n": input["n"] + 1}

    async def first() -> str:
        engine = await engine_on(store, hang)
        live = await start(engine, "k")
        await engine.close(0)
        return live.row.id

    async def second(run_id: str) -> None:
        engine = Engine(store)
        engine.deploy(plan({"x": call("add")}, ["x"], name="three", version="2.0.0"))
        engine.add_executor("svc", LocalExecutor.of("svc", {"add": add}))
        await engine.open()
        live = await engine.wait(engine.find(run_id), 5)
        assert live.state["run"]["output"] == {"n": 4}
        assert live.row.workflow_version == "1.0.0"
        await engine.close(0)

    run_id = asyncio.run(first())
    asyncio.run(second(run_id))
