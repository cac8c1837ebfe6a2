"""The whole engine under one seeded schedule: callers, workers, people, time, crashes and
failing commits take turns in an order that the dice throw."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import Any

from magicflow.core import fold, resume_point
from magicflow.engine import (
    Engine,
    EngineSettings,
    NotFound,
    Overloaded,
    Refused,
    Stale,
    StartRequest,
    Unavailable,
    VirtualClock,
)
from magicflow.engine.clock import settle
from magicflow.engine.encoding import decode
from magicflow.store import RunFilter, StoreError
from magicflow.store.writer import InlineWriter
from magicflow.worker import TaskContext
from magicflow.worker.invoke import Outcome

from tests.runtime.faults.promises import check_promises
from tests.runtime.simulation.stores import FailingMemory, FailingSqlite, Fault
from tests.runtime.simulation.workflows import Json, fixed, random_plan

FAILURES = (Unavailable, StoreError)
Token = tuple[tuple[str, str], int, int]


class Simulation:
    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.clock = VirtualClock()
        self.rate = self.dice.choice([0, 0, 0.02, 0.1])
        self.store: FailingMemory | FailingSqlite = FailingMemory()
        self.store.fault = self.fault  # type: ignore[method-assign]
        self.store.broken = self.broken  # type: ignore[method-assign]
        self.store.unread = self.unread  # type: ignore[method-assign]
        pool = seed // 1_000
        names = ("random-a", "random-b")
        plans = [random_plan(n, pool * 200 + self.dice.randrange(200)) for n in names]
        self.plans: tuple[Json, ...] = (*fixed(), *plans)
        self.names = [made["workflow"]["name"] for made in self.plans]
        self.names += [*names * 4, "steady", "steady", "limited", "limited"]
        self.acknowledged: dict[str, str] = {}
        self.effects: list[str] = []
        self.delivered: dict[str, int] = {}
        self.tokens: list[Token] = []
        self.opened = False
        self.engine: Engine

    # faults of the store

    def fault(self) -> Fault | None:
        thrown = self.dice.random()
        if thrown < self.rate:
            return "before" if thrown < self.rate / 2 else "after"
        return None

    def broken(self) -> bool:
        return self.dice.random() < self.rate * 5

    def unread(self) -> bool:
        return self.opened and self.dice.random() < self.rate / 3

    # the engine's life

    async def open(self) -> None:
        settings = EngineSettings(recovery_delay=0.01, max_live_runs=4)
        engine = Engine(
            self.store, clock=self.clock, settings=settings, writer=InlineWriter
        )
        for made in self.plans:
            engine.deploy(made)
        engine.add_executor("svc", self)
        engine.effects.webhook = self.take_webhook
        engine.effects.sinks.append(self.take_event)
        self.engine = engine
        self.opened = False
        await engine.open()
        self.opened = True
        await settle(5)

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

    # the world: executor `svc`, sinks, webhooks

    concurrency = 3

    def close(self) -> None:
        """Nothing is kept."""

    async def run(self, context: TaskContext) -> Outcome:
        self.have_effect(context.message)
        thrown = self.dice.random()
        if thrown < 0.25:
            await asyncio.sleep(self.dice.choice([0, 0, 0.01]))
        elif thrown < 0.28 and "timeout" in context.message:
            await asyncio.Event().wait()
        elif thrown < 0.3 and "heartbeat_timeout" in context.message:
            context.heartbeat()
        return self.outcome()

    def outcome(self) -> Outcome:
        thrown = self.dice.random()
        if thrown < 0.75:
            return {"output": {"n": self.dice.randint(0, 2), "v": 1}}
        error: Json = {"code": "BUSY", "message": "again"}
        if thrown < 0.8:
            error.update(code="BOOM", retryable=False)
        elif thrown < 0.85:
            error["code"] = "UNAVAILABLE"
        return {"error": error}

    def have_effect(self, message: Any) -> None:
        key, attempt = message["idempotency_key"], message["attempt"]
        self.effects.append(f"{key} {attempt} {message['function']}")

    async def take_webhook(self, url: str, body: Json) -> None:
        if self.dice.random() < self.rate * 3:
            raise OSError("nobody listens")
        assert body["id"] == f"{body['execution_id']}:ended"
        self.delivered[body["id"]] = self.delivered.get(body["id"], 0) + 1

    async def take_event(self, event: Json) -> None:
        if self.dice.random() < self.rate * 3:
            raise OSError("nobody listens")

    # what may happen next

    async def act(self) -> None:
        actions = (
            [self.start] * 5
            + [self.poll] * 5
            + [self.report] * 5
            + [self.pass_time] * 4
            + [self.ping] * 2
            + [self.answer] * 2
            + [self.late, self.cancel, self.pause, self.resume, self.retry]
            + [self.crash, self.jump, self.compare]
        )
        with contextlib.suppress(Refused, NotFound, Stale, Overloaded, *FAILURES):
            await self.dice.choice(actions)()
        if self.dice.random() < 0.7:
            await settle(self.dice.randint(1, 8))

    async def start(self) -> None:
        dice = self.dice
        name = dice.choice(self.names)
        key = f"{name}-{dice.randint(0, 3)}"
        request = StartRequest(
            name,
            {"n": dice.randint(0, 1), "flag": dice.random() < 0.5, "items": [1, 2]},
            idempotency_key=key,
            foreign_id=dice.choice([None, "f"]),
            priority=dice.randint(0, 2),
            delay=5_000 if dice.random() < 0.1 else None,
            webhook="http://w/" if dice.random() < 0.2 else None,
        )
        live, done = self.engine.begin(request)
        if done is not None:
            await asyncio.wait_for(done, 5)
        known = self.acknowledged.setdefault(key, live.row.id)
        assert known == live.row.id, "one key, two runs"

    async def poll(self) -> None:
        for task in await self.engine.dispatcher.poll(["far"], 3, 0, "w"):
            self.have_effect(task.message)
            self.tokens.append((task.key, task.message["attempt"], task.delivery))

    async def report(self) -> None:
        if self.tokens:
            token = self.tokens.pop(self.dice.randrange(len(self.tokens)))
            if self.dice.random() < 0.3:
                self.tokens.append(token)  # delivered again later
            if self.dice.random() < 0.2:
                self.engine.dispatcher.heartbeat(*token)
            await self.send(token)

    async def send(self, token: Token) -> None:
        settled = self.engine.dispatcher.report(*token, self.outcome())
        await asyncio.wait_for(settled, 5)

    async def late(self) -> None:
        """Old tokens: attempts and deliveries that never were, or are over."""
        if self.tokens:
            key, attempt, delivery = self.dice.choice(self.tokens)
            wrong = self.dice.choice([(attempt, delivery + 9), (attempt + 9, delivery)])
            with contextlib.suppress(Stale, Unavailable):
                self.engine.dispatcher.report(key, *wrong, {"output": "wrong"})
                raise AssertionError("a token that nobody gave was taken")

    async def pass_time(self) -> None:
        await self.clock.advance(self.dice.choice([1, 500, 5_000, 35_000]))
        if self.dice.random() < 0.3:
            await asyncio.sleep(1)

    async def jump(self) -> None:
        self.clock.jump(self.dice.choice([-3_600_000, 3_600_000, 30 * 86_400_000]))

    async def ping(self) -> None:
        number = self.dice.randint(0, 3)
        event = {"type": "ping", "id": f"ping{number}", "data": {"k": number % 2}}
        if self.dice.random() < 0.3:
            event["type"] = "told"
        await self.engine.effects.publish(event)

    async def answer(self) -> None:
        """A person completes a task, or says what does not fit."""
        tasks = self.engine.store.effects(("human",))
        if tasks:
            task = self.dice.choice(tasks)
            data: Any = self.dice.choice([True, "nonsense"])
            event = {"type": "human_completed", "task_id": task.key, "data": data}
            await self.engine.send(task.run_id, event)

    def some_run(self) -> str:
        if not self.acknowledged:
            raise NotFound("none yet")
        return self.dice.choice(sorted(self.acknowledged.values()))

    async def cancel(self) -> None:
        await self.engine.send(self.some_run(), {"type": "cancel_requested"})

    async def pause(self) -> None:
        await self.engine.send(self.some_run(), {"type": "pause"})

    async def resume(self) -> None:
        await self.engine.send(self.some_run(), {"type": "resume"})

    async def retry(self) -> None:
        live = self.engine.find(self.some_run())
        point = resume_point(live.deployed.plan, live.state)
        if point is not None and live.ended:
            row, start = live.row, live.state["start"]
            request = StartRequest(
                row.workflow,
                start["input"],
                retry_of=row.id,
                resume=point,
                plan_hash=row.plan_hash,
            )
            self.engine.begin(request)

    async def compare(self) -> None:
        """What a run is in memory is what the store has of it."""
        for live in self.engine.runs:
            if not live.in_flight and self.engine.state == "open":
                log = self.engine.store.log(live.row.id)
                assert live.state == fold(decode(entry.changes) for entry in log)
                assert live.row == self.engine.store.run(live.row.id)

    # the end

    async def finish(self) -> None:
        """No more faults; workers that work and people that answer; until every run has
        ended and everything that was asked for has happened."""
        self.rate = 0
        for turn in range(2_000):
            await settle(3)
            await asyncio.sleep(1)
            if self.engine.state != "open":
                continue
            if self._idle():
                return
            for token in self.tokens:
                with contextlib.suppress(Stale):
                    await self.send(token)
            self.tokens.clear()
            await self.poll()
            for row in self.store.runs(RunFilter(status=frozenset({"paused"}))):
                with contextlib.suppress(Refused):
                    await self.engine.send(row.id, {"type": "resume"})
            for task in self.store.effects(("human",)):
                event = {"type": "human_completed", "task_id": task.key, "data": True}
                with contextlib.suppress(Refused):
                    await self.engine.send(task.run_id, event)
            for k in (0, 1):
                event = {"type": "ping", "id": f"end{turn}-{k}", "data": {"k": k}}
                await self.engine.effects.publish(event)
            alarm = self.clock.next_alarm() or 0
            await self.clock.advance(max(2_000, alarm - self.clock.now()))
        raise AssertionError(f"{self.store.count_open()} runs do not end")

    def _idle(self) -> bool:
        return self.store.count_open() == 0 and not self.store.effects(
            ("event", "webhook", "retry", "stop", "child")
        )

    def verify(self) -> None:
        check_promises(self.store, self.acknowledged.values(), self.effects)
        for row in self.store.runs(RunFilter(), limit=10_000):
            if "webhook" in decode(row.info):
                assert self.delivered.get(f"{row.id}:ended"), "a webhook was not sent"


async def play(simulation: Simulation) -> None:
    await simulation.open()
    for _ in range(simulation.dice.randint(10, 60)):
        await simulation.act()
    await simulation.finish()
    simulation.verify()
    await simulation.engine.close(0)
