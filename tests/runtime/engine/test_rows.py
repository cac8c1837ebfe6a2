"""The outbox has what a run still wants, and nothing else: what has happened is taken out
with the transition that it led to, not only when the run ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from magicflow.engine import Engine, VirtualClock
from magicflow.engine.clock import settle
from magicflow.engine.live import KINDS
from magicflow.store import MemoryStore
from magicflow.store.writer import InlineWriter

from tests.runtime.engine.test_features import ANY, cloud
from tests.runtime.harness import Harness, running
from tests.runtime.plans import call, lit, obj, plan

Json = dict[str, Any]
Happen = Callable[[Harness, str], Awaitable[object]]


async def nothing(h: Harness, run_id: str) -> None:
    """It happens by itself."""


async def pass_time(h: Harness, run_id: str) -> None:
    await h.clock.advance(20)


async def report(h: Harness, run_id: str) -> None:
    (task,) = await h.engine.dispatcher.poll(["far"], 5, 0, "w")
    await h.engine.dispatcher.report(task.key, 1, 1, {"output": 1})


async def publish(h: Harness, run_id: str) -> None:
    await h.engine.effects.publish(cloud("paid", {}))


async def answer(h: Harness, run_id: str) -> None:
    event = {"type": "human_completed", "task_id": "x", "data": True}
    await h.engine.send(run_id, event)


LISTEN: Json = {"kind": "listen", "correlate": {}, "type": ANY}
STEPS: dict[str, tuple[Json, Happen]] = {
    "timer": ({"kind": "wait", "duration": 20}, pass_time),
    "task": (call("work", executor="far"), report),
    "listen": ({**LISTEN, "event": "paid"}, publish),
    "human": ({**LISTEN, "event": "@task", "task": {}}, answer),
    "event": ({"kind": "emit", "event": "paid", "data": obj(k=lit(1))}, nothing),
    "child": ({"kind": "sub", "workflow": "child", "version": "*"}, report),
}


@pytest.mark.parametrize("kind", [*STEPS, "start"])
def test_what_has_happened_is_no_longer_wanted(kind: str) -> None:
    async def test() -> None:
        step, happen = STEPS.get(kind, ({"kind": "set"}, pass_time))
        nodes = {"x": step, "rest": {"kind": "wait", "duration": 60_000}}
        if kind == "start":
            del nodes["x"]
        events = {"paid": {"name": "paid", "type": ANY, "listens": True}}
        made = plan(nodes, [*nodes], name="one", events=events)
        child = plan({"c": call("work", executor="far")}, ["c"], name="child")
        async with running(made, child) as h:
            live = await h.start("one", delay=20 if kind == "start" else None)
            store = h.engine.store
            if kind != "event":  # which is told at once
                assert kind in {row.kind for row in store.effects(KINDS, live.id)}
            await h.settle()
            await happen(h, live.id)
            await h.settle()
            rows = [(row.kind, row.key) for row in store.effects(KINDS, live.id)]
            assert rows == [("timer", "rest#wait")]
            assert [key for _, key, _ in store.timers()] == ["rest#wait"]
            assert (await h.finish(live)).row.status == "completed"
            assert store.effects(KINDS) == []

    asyncio.run(test())


def test_a_task_that_is_retried_is_one_row() -> None:
    """Each attempt's row goes with its result."""
    retry = {"max_attempts": 2, "backoff": "fixed", "initial_delay": 10}
    retry |= {"max_delay": 10, "jitter": False}
    nodes = {
        "x": {"kind": "try", "body": "x/do", "retry": retry, "catch": []},
        "x/do": call("work", executor="far"),
    }

    async def test() -> None:
        async with running(plan(nodes, ["x"], name="one")) as h:
            live = await h.start("one")
            (task,) = await h.engine.dispatcher.poll(["far"], 5, 0, "w")
            error: Any = {"error": {"code": "BUSY", "message": "again"}}
            await h.engine.dispatcher.report(task.key, 1, 1, error)
            rows = h.engine.store.effects(KINDS, live.id)
            assert [row.kind for row in rows] == ["timer"]
            await h.clock.advance(10)
            (row,) = h.engine.store.effects(KINDS, live.id)
            assert (row.kind, row.key.rpartition("@")[2]) == ("task", "2")

    asyncio.run(test())


def test_an_emitted_event_survives_a_restart() -> None:
    """It stands in the outbox until every sink has taken it."""
    emit = {"kind": "emit", "event": "paid", "data": lit("o1")}
    store = MemoryStore()
    taken: list[Any] = []

    async def fail(event: Json) -> None:
        raise OSError("nobody listens")

    async def take(event: Json) -> None:
        taken.append(event["data"])

    async def first() -> None:
        async with running(plan({"e": emit}, ["e"], name="one"), store=store) as h:
            h.engine.effects.sinks.append(fail)
            live = await h.start("one")
            assert (await h.finish(live)).row.status == "completed"
            assert [row.kind for row in store.effects(KINDS)] == ["event"]

    async def second() -> None:
        engine = Engine(store, clock=VirtualClock(), writer=InlineWriter)
        engine.effects.sinks.append(take)
        await engine.open()
        await settle()
        assert store.effects(KINDS) == []
        await engine.close(0)

    asyncio.run(first())
    asyncio.run(second())
    assert taken == ["o1"]
