"""Turns that runs seldom take, each by hand."""

from __future__ import annotations

from typing import Any

import pytest
from magicflow.core import decide, new_state
from magicflow.core.kinds import never
from magicflow.core.retry import resume_point
from magicflow.plan import load_plan

from tests.runtime.core.driving import Run, tasks
from tests.runtime.core.plans import call, clause, equals, lit, obj, output, path, plan

Json = dict[str, Any]


def block(*names: str, **nodes: Json) -> Json:
    """A root block of these nodes, in order, that names what follows each."""
    made: Json = {"/": {"kind": "seq", "nodes": list(names), "start": names[0]}}
    for name, following in zip(names, [*names[1:], "@block"], strict=True):
        made[name] = {"next": following, **nodes.pop(name)}
    return {**made, **nodes}


def test_a_node_that_is_no_step_can_fail_into_a_handler() -> None:
    attempt = {"kind": "try", "body": "t/do", "catch": [clause("goto", target="h")]}
    nodes = block("t", "h", t=attempt, h=call("h"))
    run = Run(plan({**nodes, "t/do": call()}, handlers=["h"]))
    assert tasks(run.start()) == [("t", 1)]
    run.err("t", error={"retryable": False})
    assert list(run.statuses()) == ["h"]
    run.ok("h")
    assert run.status == "completed"
    run.check()


def test_the_timeout_of_a_node_that_is_no_step_can_end_the_run() -> None:
    attempt = {
        "kind": "try",
        "body": "t/do",
        "timeout": 50,
        "catch": [clause("end_run", "timeout", before=True)],
    }
    run = Run(plan({**block("t", t=attempt), "t/do": call()}))
    run.start()
    run.fire("t#timeout", after=60)
    if run.status != "timed_out":  # the task in flight is waited for
        run.send("task_stopped", task_id="t", attempt=1)
    assert run.status == "timed_out"
    run.check()


def test_a_node_that_is_no_step_can_end_the_run() -> None:
    ends = {"kind": "raise", "code": "OVER", "final": "failed", "compensate": False}
    run = Run(plan(block("r", r=ends)))
    run.start()
    assert run.status == "failed"
    assert run.state["steps"] == {}


def test_a_human_task_without_what_is_null() -> None:
    task = {"assignee": path("input", "who"), "title": lit(None)}
    node = {"kind": "listen", "event": "@task", "correlate": {}, "step": "h"}
    node.update(type={"type": "boolean"}, task=task)
    (command,) = Run(plan(block("h", h=node))).start({"who": None})
    assert command["type"] == "open_human_task"
    assert {"assignee", "title"} & set(command) == set()


def test_what_was_held_may_be_gone_when_the_pause_ends() -> None:
    """The first branch's end takes the second down before its turn comes."""
    nodes = block("f", "z", z=call("z"), f={"kind": "fork", "step": "f", "mode": "race", "fail_fast": True, "branches": [
        {"name": "x", "body": "f/x"}, {"name": "y", "body": "f/y"}]})  # fmt: skip
    for branch in "xy":
        first, then = f"{branch}1", f"{branch}2"
        nodes[f"f/{branch}"] = {"kind": "seq", "nodes": [first, then], "start": first}
        nodes[first] = call(first, next=then)
    nodes["x2"] = {"kind": "emit", "step": "x2", "event": "told", "next": "@block"}
    nodes["x2"]["data"] = lit(1)
    nodes["y2"] = call("y2", next="@block")
    run = Run(plan(nodes))
    run.start()
    run.send("pause")
    run.ok("x1")
    run.ok("y1")
    assert "y2" not in run.statuses() or run.statuses()["y2"] == "pending"
    run.send("resume")
    assert run.statuses()["y2"] == "cancelled"
    run.ok("z")
    assert run.status == "completed"
    run.check()


def test_events_whose_id_is_no_uuid_have_uuids_too() -> None:
    value = obj(a={"op": "call", "function": "uuid", "args": []})
    source = load_plan(plan(block("s", s={"kind": "set", "step": "s", "value": value})))
    event: Json = {"type": "run_started", "run_id": "r", "input": None, "at": 1}
    seen = set()
    for id in ("e1", "e1", "e2"):
        state = new_state()
        delta = decide(source, state, {**event, "id": id}).delta
        seen.add(delta["steps"]["s"]["output"]["a"])
    assert len(seen) == 2


RESUMED = plan(block("a", "b", a=call("a"), b=call("b")))


@pytest.mark.parametrize(
    "resume",
    [
        {"start": "nobody", "steps": {}},
        {"start": "b", "done": [], "steps": {}},
        {"start": "b", "steps": []},
        {"start": "b", "steps": {"a": {"n": "x"}}},
        {"start": "b", "steps": {}, "visits": {"a": {"visit": 2}}},
    ],
)
def test_a_resume_that_no_run_gave_is_refused(resume: Json) -> None:
    run = Run(RESUMED)
    event = {"run_id": "r", "input": None, "resume": resume}
    refused = run.send("run_started", **event).refused
    assert refused is not None and refused["code"] == "MALFORMED"


def test_a_resume_of_a_graph_names_what_is_done() -> None:
    nodes = {"/": {"kind": "seq", "nodes": ["a", "b"], "deps": {"a": [], "b": ["a"]}}}
    graph = plan({**nodes, "a": call("a"), "b": call("b")})
    row = {"n": 1, "step": "a", "path": "a", "status": "completed"}
    for done, fits in ((["a"], True), (["c"], False), ("a", False)):
        run = Run(graph)
        event = {"run_id": "r", "input": None}
        resume = {"done": done, "steps": {"a": row}}
        refused = run.send("run_started", **event, resume=resume).refused
        assert (refused is None) == fits


def test_a_retry_keeps_the_visits_of_what_was_visited_twice() -> None:
    again = {"kind": "switch", "step": "s", "cases": [
        {"when": equals(output("a", "n"), 1), "then": {"goto": "a"}}]}  # fmt: skip
    nodes = block("a", "s", "b", a=call("a"), s=again, b=call("b"))
    run = Run(plan(nodes))
    run.start()
    run.ok("a", {"n": 1})
    run.ok("a~2", {"n": 2})
    run.err("b", error={"retryable": False})
    assert run.status == "failed"
    point = resume_point(run.plan, run.state)
    assert point is not None
    assert point["start"] == "b"
    assert point["visits"]["a"] == {"visit": 2, "entered": 2, "block": "/"}
    retried = Run(plan(nodes))
    commands = retried.send(
        "run_started", run_id="r2", input=None, retry_of="r1", resume=point
    ).commands
    assert tasks(commands) == [("b", 1)]
    retried.ok("b")
    assert retried.status == "completed"
    retried.check()


def test_a_run_that_failed_at_a_step_that_is_gone_cannot_be_retried() -> None:
    """A state that no run of this plan has: it is refused, not taken for another."""
    run = Run(RESUMED)
    run.start()
    run.err("a", error={"retryable": False})
    assert resume_point(run.plan, run.state) is not None
    run.state["run"]["failed_at"] = "nobody"
    assert resume_point(run.plan, run.state) is None


def test_an_inner_step_whose_outer_step_has_no_row_stands_for_itself() -> None:
    """As in a block that is no step: the occurrence itself is where it begins."""
    run = Run(RESUMED)
    run.start()
    run.ok("a")
    run.err("b", error={"retryable": False})
    run.state["steps"]["a"].update(status="compensated", block="nobody/body")
    point = resume_point(run.plan, run.state)
    assert point is not None and point["start"] == "a"


def test_what_a_kind_never_does_is_a_defect() -> None:
    with pytest.raises(AssertionError, match="never"):
        never()
