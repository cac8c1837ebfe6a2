"""Cost follows what changes: ten times the work takes at most twelve times as long, and
a delta does not grow with what is there."""

from __future__ import annotations

import gc
import json
from time import process_time
from typing import Any

import pytest
from magicflow.core import apply, decide, new_state
from magicflow.plan import load_plan

from tests.runtime.core.plans import call, chain, path, plan

Json = dict[str, Any]


class Worker:
    """Runs a plan by answering every task at once."""

    def __init__(self, source: Json, **limits: int) -> None:
        self.plan = load_plan(source, limits)
        self.largest = 0

    def run(self, input: Any, measure: bool = False) -> Json:
        state = new_state()
        event = {
            "type": "run_started",
            "run_id": "r",
            "input": input,
            "id": "e",
            "at": 1,
        }
        queue = [event]
        position = 0
        while position < len(queue):
            decision = decide(self.plan, state, queue[position])
            position += 1
            apply(state, decision.delta)
            if measure and position > 1:
                self.largest = max(self.largest, len(json.dumps(decision.delta)))
            for command in decision.commands:
                if command["type"] == "schedule_task":
                    result = {"task_id": command["task_id"], "attempt": 1, "output": 1}
                    queue.append({"type": "task_result", "id": "e", "at": 1, **result})
        assert state["run"]["status"] == "completed"
        return state


def steps(count: int) -> Json:
    return plan(chain(*[f"s{number}" for number in range(count)]))


def loop(parallel: bool) -> Json:
    body = {"kind": "seq", "nodes": ["pack"], "start": "pack"}
    each = {
        "kind": "for",
        "step": "each",
        "items": path("input"),
        "variable": "item",
        "parallel": parallel,
        "max_iterations": 100_000,
        "body": "each/body",
        "next": "@block",
    }
    root = {"kind": "seq", "nodes": ["each"], "start": "each"}
    pack = call("pack", next="@block", input=path("local", name="item"))
    return plan({"/": root, "each": each, "each/body": body, "pack": pack})


def dag(count: int) -> Json:
    names = [f"s{number}" for number in range(count)]
    deps = {
        name: names[index - 1 : index] if index else []
        for index, name in enumerate(names)
    }
    nodes: Json = {"/": {"kind": "seq", "nodes": names, "deps": deps}}
    nodes.update({name: call(name) for name in names})
    return plan(nodes)


def ratio(small: tuple[Worker, Any], large: tuple[Worker, Any]) -> float:
    """How much longer the large one takes. Best of several, in turns: the machine has
    other things to do."""
    times: list[list[float]] = [[], []]
    gc.collect()
    gc.freeze()  # what other tests have left is not ours to traverse
    for _ in range(5):
        for index, (worker, input) in enumerate((small, large)):
            before = process_time()
            worker.run(input)
            times[index].append(process_time() - before)
        if min(times[1]) <= 11 * min(times[0]):
            break
    gc.unfreeze()
    return min(times[1]) / min(times[0])


ROOM = {"occurrences_per_run": 20_000, "value_bytes": 10_000_000}


def test_steps() -> None:
    assert ratio((Worker(steps(400)), None), (Worker(steps(4000)), None)) <= 12


def test_dag() -> None:
    assert ratio((Worker(dag(400)), None), (Worker(dag(4000)), None)) <= 12


@pytest.mark.parametrize("parallel", [False, True])
def test_loop(parallel: bool) -> None:
    worker = Worker(loop(parallel), **ROOM)
    assert ratio((worker, list(range(1000))), (worker, list(range(10_000)))) <= 12


def test_a_delta_does_not_grow() -> None:
    """Of a step, and of an iteration: the largest delta of a run of 2,000 is that of 20
    (but for the digits of its counters), except for the one that collects the results.
    """
    few, many = Worker(steps(20)), Worker(steps(2000))
    few.run(None, measure=True)
    many.run(None, measure=True)
    assert many.largest <= few.largest + 40


def listeners(count: int) -> tuple[Worker, Any]:
    """A parallel loop in which every iteration waits for an event of its own."""
    source = loop(parallel=True)
    correlate = {"k": path("local", name="item")}
    ear = {"kind": "listen", "step": "pack", "event": "e", "type": {"type": "any"}}
    source["nodes"]["pack"] = {**ear, "correlate": correlate, "next": "@block"}
    return Hearer(source, **ROOM), list(range(count))


class Hearer(Worker):
    """Sends the events that are listened to, the last one first."""

    def run(self, input: Any, measure: bool = False) -> Json:
        state = new_state()
        event = {
            "type": "run_started",
            "run_id": "r",
            "input": input,
            "id": "e",
            "at": 1,
        }
        apply(state, decide(self.plan, state, event).delta)
        for number in reversed(input):
            heard = {"event_id": f"x{number}", "event": "e", "data": {"k": number}}
            event = {"type": "event_received", "id": "e", "at": 1, **heard}
            apply(state, decide(self.plan, state, event).delta)
        assert state["run"]["status"] == "completed"
        return state


def test_listeners() -> None:
    assert ratio(listeners(300), listeners(3000)) <= 12


def test_ten_thousand_jumps_in_one_event() -> None:
    nodes = {
        "/": {"kind": "seq", "nodes": ["a", "b"], "start": "a"},
        "a": {"kind": "set", "step": "a", "value": path("input"), "next": "b"},
        "b": {"kind": "set", "step": "b", "value": path("input"), "next": "a"},
    }
    limits = {"visits_per_block": 100_000}
    state = new_state()
    event = {"type": "run_started", "run_id": "r", "input": 1, "id": "e", "at": 1}
    decision = decide(load_plan(plan(nodes), limits), state, event)
    apply(state, decision.delta)
    assert state["run"]["error"]["code"] == "LIMIT"
    assert len(state["steps"]) == 10_001
