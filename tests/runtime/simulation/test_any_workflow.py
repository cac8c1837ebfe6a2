"""Random workflows × outcomes × crash points, through the whole engine, on a store in
memory and on real SQLite: what hypothesis finds it makes small."""

from __future__ import annotations

import contextlib
import logging
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from magicflow.engine import (
    Engine,
    EngineSettings,
    Refused,
    Stale,
    StartRequest,
    Unavailable,
    VirtualClock,
    catalog,
)
from magicflow.engine.clock import settle
from magicflow.store import StoreError
from magicflow.store.writer import InlineWriter
from magicflow.worker import TaskContext
from magicflow.worker.invoke import Outcome

from tests.runtime.core.random_plans import random_plans
from tests.runtime.faults.promises import check_promises
from tests.runtime.simulation.loop import run
from tests.runtime.simulation.simulation import Token
from tests.runtime.simulation.stores import FailingMemory, FailingSqlite, Fault
from tests.runtime.simulation.workflows import call, load_once, named, one

Kind = Literal["memory", "sqlite"]
CRASHES = st.dictionaries(
    st.integers(1, 60), st.sampled_from(["before", "after", "crash"]), max_size=4
)
"""What happens at the n-th commit: it fails before or after it has written, or the
process is gone right behind it."""
OUTCOMES = st.lists(
    st.sampled_from(["ok", "ok", "ok", "busy", "never"]), min_size=1, max_size=8
)
"""Of the tasks, in the order in which they are worked on; then from the start again."""


class World:
    """One run of one workflow, driven to its end by friendly people and workers."""

    concurrency = 100

    def __init__(
        self, kind: Kind, folder: Path, made: Any, outcomes: list[str], crashes: Any
    ) -> None:
        self.kind = kind
        self.file = folder / "runs.db"
        self.plans = (made, one("child", call("work")))
        self.outcomes = outcomes
        self.crashes = dict(crashes)
        self.clock = VirtualClock()
        self.commits = 0
        self.crashed = False
        self.done = 0
        self.effects: list[str] = []
        self.store: FailingMemory | FailingSqlite = self._new_store()

    def _new_store(self) -> FailingMemory | FailingSqlite:
        memory = self.kind == "memory"
        made = FailingMemory() if memory else FailingSqlite(self.file)
        made.fault = self._fault  # type: ignore[method-assign]
        return made

    def _fault(self) -> Fault | None:
        self.commits += 1
        how = self.crashes.pop(self.commits, None)
        if how == "crash":
            self.crashed = True
            return None
        fault: Fault | None = how
        return fault

    async def open(self) -> None:
        engine_settings = EngineSettings(recovery_delay=0.01)
        self.engine = Engine(
            self.store, clock=self.clock, settings=engine_settings, writer=InlineWriter
        )
        for made in self.plans:
            self.engine.deploy(made)
        self.engine.add_executor("svc", self)
        await self.engine.open()

    async def reopen(self) -> None:
        """The process is gone; another one starts on what it has left behind."""
        old, self.crashed = self.engine, False
        old.state = "closed"
        old._silence()
        old.dispatcher._local_runs.release()
        old.dispatcher._local_runs.forget_orphans()
        for work in list(old.effects._works):
            work.cancel()
        if old._recovery is not None:
            old._recovery.cancel()
        await settle(5)
        if self.kind == "sqlite":
            self.store.close()
            self.store = self._new_store()
        await self.open()

    # executor `svc`

    def close(self) -> None:
        """Nothing is kept."""

    async def run(self, context: TaskContext) -> Outcome:
        return self.work(context.message)

    def work(self, message: Any) -> Outcome:
        key, attempt = message["idempotency_key"], message["attempt"]
        self.effects.append(f"{key} {attempt} {message['function']}")
        how = self.outcomes[self.done % len(self.outcomes)]
        self.done += 1
        if how == "busy":
            return {"error": {"code": "BOOM", "message": "again"}}
        if how == "never":
            error = {"code": "BOOM", "message": "no", "retryable": False}
            return {"error": error}
        return {"output": {"v": 1}}

    # the run

    async def play(self) -> None:
        await self.open()
        run_id = await self.start()
        known: list[tuple[Token, Any]] = []
        for turn in range(1_500):
            await settle(4)
            if self.crashed:
                await self.reopen()
            if self.engine.state == "open" and self.store.count_open() == 0:
                break
            with contextlib.suppress(Refused, Stale, Unavailable, StoreError):
                await self.help(turn, known)
            alarm = self.clock.next_alarm() or 0
            await self.clock.advance(max(500, alarm - self.clock.now()))
        check_promises(self.store, [run_id], self.effects)
        await self.engine.close(0)

    async def start(self) -> str:
        while True:
            try:
                given = {"flag": True, "items": [1, 2]}
                live, done = self.engine.begin(
                    StartRequest("any", given, idempotency_key="k")
                )
                if done is not None:
                    await done
                return live.row.id
            except (Unavailable, StoreError):
                await settle(20)

    async def help(self, turn: int, known: list[tuple[Token, Any]]) -> None:
        """Work on what is polled for, answer what people are asked, tell events."""
        for task in await self.engine.dispatcher.poll(["far"], 5, 0, "w"):
            token = (task.key, task.message["attempt"], task.delivery)
            known.append((token, self.work(task.message)))
        while known:
            token, outcome = known.pop()
            await self.engine.dispatcher.report(*token, outcome)
        for task_effect in self.store.effects(("human",)):
            event = {"type": "human_completed", "task_id": task_effect.key}
            await self.engine.send(task_effect.run_id, {**event, "data": True})
        for k in (0, 1):
            event = {"type": "ping", "id": f"{turn}-{k}", "data": {"k": k}}
            await self.engine.effects.publish(event)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def play(kind: Kind, made: Any, outcomes: list[str], crashes: Any) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(catalog, "load_plan", load_once),
    ):
        made = named(made, "any", random.Random(len(made["nodes"])))
        run(World(kind, Path(folder), made, outcomes, crashes).play())


ANY = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=150, **ANY)
@given(random_plans(), OUTCOMES, CRASHES)
def test_on_memory(made: Any, outcomes: list[str], crashes: Any) -> None:
    play("memory", made, outcomes, crashes)


@settings(max_examples=40, **ANY)
@given(random_plans(), OUTCOMES, CRASHES)
def test_on_sqlite(made: Any, outcomes: list[str], crashes: Any) -> None:
    play("sqlite", made, outcomes, crashes)
