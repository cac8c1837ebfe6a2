"""What is stored of one run, or of its plan, cannot be read (a defect, another version's
words, a broken page): the run stands still, everybody sees why, and it holds nobody up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from magicflow.engine import NotFound, StartRequest, VirtualClock
from magicflow.store import MemoryStore

from tests.runtime.engine.test_features import ANY, cloud
from tests.runtime.harness import running
from tests.runtime.plans import call, lit, plan

Json = dict[str, Any]
KINDS = ("waits", "listens", "works", "parent", "limited")
EVENTS = {"paid": {"name": "paid", "type": ANY, "listens": True}}


def plans(name: str) -> list[Json]:
    """One workflow for each way in which a run is woken up."""
    listen = {"kind": "listen", "event": "paid", "correlate": {}, "type": ANY}
    sub = {"kind": "sub", "workflow": f"{name}-works", "version": "*"}
    wait = {"kind": "wait", "duration": 20}

    def one(kind: str, node: Json, **more: Any) -> Json:
        return plan({"x": node}, ["x"], name=f"{name}-{kind}", **more)

    return [
        one("waits", wait),
        one("listens", listen, events=EVENTS),
        one("works", call("work", executor="far")),
        one("parent", sub),
        one("limited", wait, concurrency={"max_runs": 1, "key": lit(1)}),
    ]


def break_log(store: MemoryStore, run_id: str) -> None:
    first, *rest = store._log[run_id]
    store._log[run_id] = [replace(first, changes='{"of": "nobody"'), *rest]


def break_meaning(store: MemoryStore, run_id: str) -> None:
    first, *rest = store._log[run_id]
    store._log[run_id] = [replace(first, changes='{"run": 3, "steps": 4}'), *rest]


def break_rows(store: MemoryStore, run_id: str) -> None:
    for effect in store._effects.get(run_id, {}).values():
        effect.payload = "no JSON"


def break_plan(store: MemoryStore, run_id: str) -> None:
    row = store.run(run_id)
    assert row is not None
    known = store._plans[row.plan_hash]
    store._plans[row.plan_hash] = replace(known, plan='{"plan_version": 99}')


Break = Callable[[MemoryStore, str], None]


@pytest.mark.parametrize("damage", [break_log, break_meaning, break_rows, break_plan])
def test_a_run_that_cannot_be_read_holds_nobody_up(
    damage: Break, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    store, clock = MemoryStore(), VirtualClock()

    async def begin() -> tuple[list[str], list[str]]:
        async with running(
            *plans("bad"), *plans("good"), store=store, clock=clock
        ) as h:
            names = ("bad", "good")
            started = [
                [(await h.start(f"{name}-{kind}")).id for kind in KINDS]
                for name in names
            ]
            await h.settle()
        return started[0], started[1]

    async def go_on(bad: list[str], good: list[str]) -> None:
        async with running(*plans("good"), store=store, clock=clock) as h:
            for turn in range(20):
                await h.clock.advance(10_000)
                await h.engine.effects.publish(cloud("paid", {}, f"e{turn}"))
                for task in await h.engine.dispatcher.poll(["far"], 10, 0, "w"):
                    outcome: Any = {"output": 1}
                    try:
                        done = h.engine.dispatcher.report(
                            task.key, task.message["attempt"], task.delivery, outcome
                        )
                        await done
                    except Exception as error:
                        assert task.key[0] not in good, error
            found = {run_id: store.run(run_id) for run_id in good}
            assert {row and row.status for row in found.values()} == {"completed"}
            fresh, done = h.engine.begin(StartRequest("good-waits"))
            assert done is not None
            await done
            assert (await h.finish(fresh)).row.status == "completed"
            assert h.engine.state == "open"
            assert h.engine.metrics.recoveries.values == {}
            if damage is not break_rows:
                for run_id in bad:
                    with pytest.raises(NotFound, match="cannot be read"):
                        h.engine.find(run_id)
                assert h.engine.metrics.poisoned.values[()] >= 1

    bad, good = asyncio.run(begin())
    for run_id in bad:
        damage(store, run_id)
    asyncio.run(go_on(bad, good))
