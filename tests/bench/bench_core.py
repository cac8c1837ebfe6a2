"""What a decision costs: python tests/bench/bench_core.py

Prints microseconds of processor time per event (decide and apply), best of the rounds,
and how many yardsticks that are: a fixed piece of Python measured in between, so that
machines and interpreters can be compared. Exit code 1 when a bound is broken; the bounds
are a third above what was measured when they were set.
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
ROUNDS = 15
RUNS = 100
BOUND_PLAIN = 2.0
BOUND_TYPED = 3.3
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


def step(row: Json, name: str, value: int) -> Json:
    copy = dict(row)
    copy[name] = value
    return copy


def yardstick() -> float:
    """Microseconds of a hundred calls that copy a small row and look something up."""
    row: Json = {"path": "a", "node": "a", "parent": "/", "attempt": 1}
    before = process_time()
    for _ in range(100):
        for number in range(100):
            if step(row, "attempt", number).get("attempt") is None:
                raise AssertionError
    return (process_time() - before) / 100 * 1e6


def measure(source: Json) -> tuple[float, float]:
    """Microseconds of an event of three steps, and as yardsticks."""
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
    best = known = float("inf")
    for _ in range(ROUNDS):
        known = min(known, yardstick())
        best = min(best, timed(loaded, events) / len(events))
    return best, best / known


def timed(loaded: Plan, events: list[Json]) -> float:
    before = process_time()
    for _ in range(RUNS):
        run(loaded, events)
    return (process_time() - before) / RUNS * 1e6


CASES = {"plain": (plain, BOUND_PLAIN), "typed": (typed, BOUND_TYPED)}


def main() -> int:
    gc.freeze()
    failed = False
    for name, (source, bound) in CASES.items():
        cost, yardsticks = measure(source())
        failed = failed or yardsticks > bound
        print(
            f"{'FAIL' if yardsticks > bound else 'PASS'}  {name:6} {cost:6.1f} µs/event, "
            f"{yardsticks:.2f} yardsticks (at most {bound})"
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
