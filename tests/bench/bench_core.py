"""What a decision costs: python tests/bench/bench_core.py

Prints microseconds of CPU time per event (decide and apply), best of the rounds. The
budget of issue 6 is 40 µs for a task's result that schedules the next task.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from magicflow.core import apply, decide, new_state
from magicflow.plan import load_plan
from magicflow.plan.nodes import Plan

from tests.runtime.core.plans import (
    call,
    chain,
    obj,
    output,
    path,
    plan,
    policy,
)

Json = dict[str, Any]
ROUNDS = 7
RUNS = 400
FIELDS = {
    "id": {"type": {"type": "string"}, "required": True},
    "total": {"type": {"type": "number"}, "required": True},
}


def plain() -> Json:
    """Three calls without types or mappings."""
    return plan(chain("a", "b", "c"))


def typed() -> Json:
    """Three calls with retries, mappings and checked inputs and results."""
    order = {"kind": "object", "name": {"words": ["order"]}, "fields": FIELDS}
    types = {"order": {**order, "extra": {"allow": "preserve"}}}
    names = ["a", "b", "c"]
    nodes: Json = {"/": {"kind": "seq", "nodes": names, "start": "a"}}
    for name, following in zip(names, ["b", "c", "@block"], strict=True):
        mapped = obj(id=path("input", "id"), total=path("input", "total"))
        nodes[name] = {
            "kind": "try",
            "step": name,
            "body": f"{name}/do",
            "retry": policy(),
            "catch": [],
            "input": mapped,
            "next": following,
        }
        nodes[f"{name}/do"] = call(
            timeout=30_000,
            input_type={"type": "order"},
            result_type={"type": "order"},
            output=obj(id=path("response", "id"), total=path("response", "total")),
        )
    result = {"type": {"type": "order"}, "value": output("c")}
    return plan(nodes, types=types, input={"type": "order"}, output=result)


def run(loaded: Plan, events: list[Json]) -> Json:
    state = new_state()
    for event in events:
        apply(state, decide(loaded, state, event).delta)
    return state


def measure(name: str, source: Json) -> None:
    loaded = load_plan(source)
    order = {"id": "o-1", "total": 12.5}
    head = {"id": "e", "at": 1}
    events: list[Json] = [
        {"type": "run_started", "run_id": "r1", "input": order, **head}
    ]
    for task in "abc":
        result = {"task_id": task, "attempt": 1, "output": order}
        events.append({"type": "task_result", **result, **head})
    state = run(loaded, events)
    assert state["run"]["status"] == "completed"
    best = min(timed(loaded, events) for _ in range(ROUNDS))
    per_event = best / len(events)
    print(f"{name:6} {per_event:6.1f} µs/event {best:7.1f} µs/run of three steps")


def timed(loaded: Plan, events: list[Json]) -> float:
    before = process_time()
    for _ in range(RUNS):
        run(loaded, events)
    return (process_time() - before) / RUNS * 1e6


if __name__ == "__main__":
    gc.freeze()
    for name, source in (("plain", plain()), ("typed", typed())):
        measure(name, source)
