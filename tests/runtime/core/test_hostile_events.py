"""No event, whatever it says, makes `decide` raise; what is refused changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from magicflow.core import apply, decide, new_state
from magicflow.plan import load_plan

from tests.runtime.core.event_words import KINDS, NAMES
from tests.runtime.core.plans import call, clause, obj, path, plan, policy

Json = dict[str, Any]
TYPES = {
    "form": {
        "kind": "object",
        "name": {"words": ["form"]},
        "fields": {"ok": {"type": {"type": "boolean"}, "required": True}},
        "extra": {"allow": "forbid"},
    }
}


def everything() -> Json:
    """A block with one of each that waits, side by side."""
    kinds: Json = {
        "a": {
            "kind": "try",
            "body": "a/do",
            "catch": [clause("run", handler="f")],
            "retry": policy(),
        },
        "l": {
            "kind": "listen",
            "event": "e",
            "correlate": {"k": path("input")},
            "type": {"type": "any"},
        },
        "h": {
            "kind": "listen",
            "event": "@task",
            "correlate": {},
            "type": {"type": "form"},
            "task": {},
        },
        "w": {"kind": "wait", "duration": 5},
        "s": {"kind": "sub", "workflow": "w", "version": "*"},
    }
    nodes: Json = {
        "/": {"kind": "seq", "nodes": list(kinds), "deps": {name: [] for name in kinds}}
    }
    nodes.update({name: {"step": name, **node} for name, node in kinds.items()})
    nodes["a/do"] = call(output=obj(v=path("response", "v")), timeout=5)
    nodes["f"] = call("f")
    return plan(nodes, types=TYPES, handlers=["f"])


PLAN = load_plan(everything())
TEXTS = st.text(max_size=5) | st.sampled_from(
    [
        "\ud800",
        "\0",
        "a",
        "l",
        "h",
        "w",
        "s",
        "w#wait",
        "a#retry-2",
        "#",
        "@run#timeout",
        "@run#grace",
        "a/do",
        "/",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
GOOD: Json = {
    "task_id": st.sampled_from(["a", "h", "f", "l"]),
    "attempt": st.integers(0, 2),
    "kind": st.sampled_from(["lease", "queue", "heartbeat"]),
    "timer_id": st.sampled_from(["w#wait", "a#retry-2", "@run#timeout"]),
    "event": st.just("e"),
    "status": st.sampled_from(["completed", "failed"]),
    "child_id": st.just("s"),
    "resume": st.fixed_dictionaries(
        {"steps": st.just({}) | JSON},
        optional={
            "done": st.just(["a", "w"]) | JSON,
            "start": st.just("a") | JSON,
            "visits": st.just({"a": {"visit": 2, "entered": 2, "block": "/"}}) | JSON,
        },
    ),
}


@st.composite
def events(draw: st.DrawFn) -> Json:
    event: Json = {"type": draw(st.sampled_from(KINDS) | JSON)}
    event["id"] = draw(st.just("e") | TEXTS | JSON)
    event["at"] = draw(st.integers(0, 2**53 - 1) | JSON)
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=8, unique=True)):
        event[name] = draw(GOOD[name] if name in GOOD and draw(st.booleans()) else JSON)
    return event


@settings(max_examples=400, deadline=None)
@given(st.lists(events(), max_size=6), st.booleans(), JSON)
def test_no_event_raises(sequence: list[Json], started: bool, input: Any) -> None:
    state = new_state()
    if started:
        first = {"type": "run_started", "id": "e", "at": 1, "run_id": "r", "input": 1}
        apply(state, decide(PLAN, state, first).delta)
    for event in sequence:
        decision = decide(PLAN, state, event)
        if decision.refused is not None:
            assert (decision.delta, decision.commands) == ({}, [])
            assert isinstance(decision.refused["code"], str)
        apply(state, decision.delta)


STEP = {"n": 1, "path": "a", "step": "a", "status": "completed"}


@pytest.mark.parametrize(
    "resume",
    [
        {},
        {"steps": {}},
        {"steps": {}, "start": "a"},  # the block is no list
        {"steps": {}, "done": "a"},
        {"steps": {}, "done": ["nobody"]},
        {"steps": {}, "done": [1]},
        {"steps": [], "done": []},
        {"steps": {"a": 1}, "done": []},
        {"steps": {"b": STEP}, "done": []},
        {"steps": {"a": {**STEP, "n": "1"}}, "done": []},
        {"steps": {"a": {**STEP, "status": None}}, "done": []},
        {"steps": {}, "visits": 1, "done": []},
        {"steps": {}, "visits": {"a": {"visit": 2}}, "done": []},
    ],
)
def test_a_resume_that_fits_no_run(resume: Json) -> None:
    first = {"type": "run_started", "id": "e", "at": 1, "run_id": "r", "input": 1}
    decision = decide(PLAN, new_state(), {**first, "resume": resume})
    assert decision.refused is not None and decision.refused["code"] == "MALFORMED"


def test_a_resume_that_fits() -> None:
    first = {"type": "run_started", "id": "e", "at": 1, "run_id": "r", "input": 1}
    resume = {"steps": {"a": STEP}, "visits": {}, "done": ["a"]}
    decision = decide(PLAN, new_state(), {**first, "resume": resume})
    assert decision.refused is None
    assert "a" not in decision.delta["frames"] and "w" in decision.delta["frames"]
