"""The whole engine under a seeded scheduler: outcomes, faults of the store, restarts,
late and repeated reports, moved clocks. After each schedule every promise is checked.

`MAGICFLOW_SCHEDULES` sets how many schedules run (CI: 10,000); a failing one is named by
its seed and can be run alone with `simulate(seed)`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from magicflow.core import fold, replay
from magicflow.engine import (
    Engine,
    EngineSettings,
    NotFound,
    Refused,
    Stale,
    StartRequest,
    Unavailable,
    VirtualClock,
)
from magicflow.engine.clock import settle
from magicflow.engine.encoding import decode
from magicflow.plan import load_plan
from magicflow.store import MemoryStore, RunFilter, StoreError, Write
from magicflow.store.writer import InlineWriter
from magicflow.worker import WorkflowError
from magicflow.worker.local import LocalExecutor

from tests.runtime.plans import call, obj, path, plan, step_output

SCHEDULES = int(os.environ.get("MAGICFLOW_SCHEDULES", "300"))
FINAL = {"completed", "failed", "timed_out", "cancelled"}
RETRY = {
    "max_attempts": 3,
    "backoff": "fixed",
    "initial_delay": 1_000,
    "max_delay": 60_000,
    "jitter": False,
}


class FaultyStore(MemoryStore):
    """Fails by dice: before or after writing, and now and then on reopening."""

    def __init__(self, dice: random.Random, rate: float) -> None:
        super().__init__()
        self.dice = dice
        self.rate = rate

    def commit(self, writes: Sequence[Write]) -> None:
        thrown = self.dice.random()
        if thrown < self.rate / 2:
            raise StoreError("nothing was written")
        super().commit(writes)
        if thrown < self.rate:
            raise StoreError("written, and nobody heard")

    def reopen(self) -> None:
        if self.dice.random() < self.rate * 5:
            raise StoreError("still broken")


def workflow() -> dict[str, Any]:
    """A step in process with retries, a polled one with a timeout, a wait, and one more."""
    return plan(
        {
            "local": {"kind": "try", "body": "local/do", "retry": RETRY, "catch": []},
            "local/do": call("work", input=obj(n=path("input", "n"))),
            "remote": {"kind": "try", "body": "remote/do", "retry": RETRY, "catch": []},
            "remote/do": call("work", executor="far", timeout=40_000),
            "pause": {"kind": "wait", "duration": 5_000},
            "last": call("work", input=obj(n=step_output("local", "n"))),
        },
        ["local", "remote", "pause", "last"],
        name="sim",
        output=obj(n=step_output("last", "n")),
    )


class Simulation:
    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.clock = VirtualClock()
        self.store = FaultyStore(self.dice, self.dice.choice([0, 0, 0.02, 0.1]))
        self.acknowledged: dict[str, str] = {}
        self.reports: list[tuple[tuple[str, str], int, int]] = []
        self.engine: Engine

    async def work(self, context: Any, input: dict[str, Any]) -> dict[str, Any]:
        thrown = self.dice.random()
        if thrown < 0.15:
            raise WorkflowError("BUSY", "again")
        if thrown < 0.2:
            raise WorkflowError("DECLINED", "never", retryable=False)
        if thrown < 0.4:
            await asyncio.sleep(0)
        return {"n": input["n"] + 1}

    async def open(self) -> None:
        while True:
            settings = EngineSettings(recovery_delay=0, max_live_runs=3)
            self.engine = Engine(
                self.store, clock=self.clock, settings=settings, writer=InlineWriter
            )
            self.engine.deploy(workflow())
            self.engine.add_executor(
                "svc", LocalExecutor.of("svc", {"work": self.work})
            )
            await self.engine.open()
            await settle()
            return

    async def crash(self) -> None:
        """The process is gone: nothing is flushed, nothing is told."""
        old = self.engine
        old.state = "closed"
        old._silence()
        old.dispatcher._local_runs.release()
        old.dispatcher._local_runs.forget_orphans()
        for work in list(old.effects._works):
            work.cancel()
        if old._recovery is not None:
            old._recovery.cancel()
        await settle(5)
        await self.open()

    async def act(self, number: int) -> None:
        actions = (
            [self.start] * 4
            + [self.poll] * 5
            + [self.report] * 5
            + [self.late] * 2
            + [self.pass_time] * 4
            + [self.cancel, self.crash, self.jump]
        )
        await self.dice.choice(actions)()
        if self.dice.random() < 0.7:
            await settle(self.dice.randint(1, 8))

    async def start(self) -> None:
        key = f"k{self.dice.randint(0, 12)}"
        try:
            live, done = self.engine.begin(
                StartRequest("sim", {"n": 1}, idempotency_key=key)
            )
            if done is not None:
                await asyncio.wait_for(done, 5)
            known = self.acknowledged.setdefault(key, live.row.id)
            assert known == live.row.id, "one key, two runs"
        except (Unavailable, StoreError):
            pass

    async def poll(self) -> None:
        try:
            for task in await self.engine.dispatcher.poll(["far"], 3, 0, "w"):
                self.reports.append((task.key, task.message["attempt"], task.delivery))
        except (Unavailable, StoreError):
            pass

    async def report(self) -> None:
        if self.reports:
            token = self.reports.pop(self.dice.randrange(len(self.reports)))
            await self.send(token)
            if self.dice.random() < 0.3:
                self.reports.append(token)  # delivered again later

    async def send(self, token: tuple[tuple[str, str], int, int]) -> None:
        key, attempt, delivery = token
        outcome: dict[str, Any] = {"output": {"by": delivery}}
        if self.dice.random() < 0.2:
            outcome = {"error": {"code": "BUSY", "message": "again"}}
        try:
            settled = self.engine.dispatcher.report(key, attempt, delivery, outcome)
            await asyncio.wait_for(settled, 5)
        except (Stale, Unavailable, StoreError):
            pass

    async def late(self) -> None:
        """Old tokens: attempts and deliveries that never were, or are over."""
        if self.reports:
            key, attempt, delivery = self.dice.choice(self.reports)
            wrong = self.dice.choice([(attempt, delivery + 9), (attempt + 9, delivery)])
            with pytest.raises((Stale, Unavailable)):
                self.engine.dispatcher.report(key, *wrong, {"output": "wrong"})

    async def pass_time(self) -> None:
        await self.clock.advance(self.dice.choice([1, 500, 5_000, 35_000]))

    async def jump(self) -> None:
        self.clock.jump(self.dice.choice([-3_600_000, 3_600_000, 30 * 86_400_000]))

    async def cancel(self) -> None:
        if self.acknowledged:
            run_id = self.dice.choice(sorted(self.acknowledged.values()))
            with contextlib.suppress(Refused, Unavailable, StoreError, NotFound):
                await self.engine.send(run_id, {"type": "cancel_requested"})

    async def finish(self) -> None:
        """No more faults; a worker that works; until every run has ended."""
        self.store.rate = 0
        for _ in range(2_000):
            await settle(3)
            if self.engine.state == "open" and self.store.count_open() == 0:
                await settle()
                return
            await self.poll()
            for token in self.reports:
                await self.send(token)
            self.reports.clear()
            alarm = self.clock.next_alarm() or 0
            await self.clock.advance(max(2_000, alarm - self.clock.now()))
        raise AssertionError(f"{self.store.count_open()} runs do not end")

    def verify(self) -> None:
        rows = {row.id: row for row in self.store.runs(RunFilter(), limit=1000)}
        assert set(self.acknowledged.values()) <= set(rows), "acknowledged and lost"
        assert self.store.effects(("task", "timer", "event")) == []
        for row in rows.values():
            assert row.status in FINAL
            log = self.store.log(row.id)
            assert [entry.version for entry in log] == list(range(1, row.version + 1))
            history = [r for entry in log for r in decode(entry.history)]
            assert [r["n"] for r in history] == list(range(1, len(history) + 1))
            ends = [
                r
                for r in history
                if r["type"].startswith("run_") and r["type"][4:] in FINAL
            ]
            assert len(ends) == 1, "a run ends exactly once"
            events = [decode(entry.event) for entry in log]
            results = Counter(
                (e["task_id"], e["attempt"])
                for e in events
                if e["type"] == "task_result"
            )
            assert all(count == 1 for count in results.values()), results
            fired = Counter(e["timer_id"] for e in events if e["type"] == "timer_fired")
            assert all(count == 1 for count in fired.values()), fired
            json = self.store.plan(row.plan_hash)
            assert json is not None
            state = fold(decode(entry.changes) for entry in log)
            assert state == replay(load_plan(decode(json.plan)), events)


async def simulate_once(seed: int) -> None:
    simulation = Simulation(seed)
    await simulation.open()
    for number in range(simulation.dice.randint(10, 60)):
        await simulation.act(number)
    await simulation.finish()
    simulation.verify()
    await simulation.engine.close(0)


def simulate(seed: int) -> None:
    try:
        asyncio.run(simulate_once(seed))
    except BaseException as error:
        raise AssertionError(f"schedule {seed}: {error!r}") from error


def test_every_promise_holds_under_any_schedule() -> None:
    first = random.randrange(1 << 40)
    for seed in range(first, first + SCHEDULES):
        simulate(seed)


@pytest.mark.parametrize("seed", range(20))
def test_known_schedules(seed: int) -> None:
    simulate(seed)
