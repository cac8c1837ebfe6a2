"""Runs runtime/conformance (format: its README) and keeps docs/semantics.md honest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from magicflow.canonical import canonical
from magicflow.core import apply, decide, fold, new_state, replay
from magicflow.plan import load_plan

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "runtime" / "conformance"
SEMANTICS = ROOT / "docs" / "semantics.md"
OTHERS = {"expressions", "patterns", "types"}
"""Cases in other formats, which the tests of those parts run."""
CASES = sorted(
    path for path in FOLDER.glob("*/*.json") if path.parent.name not in OTHERS
)


def difference(expected: Any, actual: Any, place: str = "") -> str | None:
    """Where `actual` lacks what `expected` has; null means absent or null."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name, value in expected.items():
            found = difference(value, actual.get(name), f"{place}/{name}")
            if found is not None:
                return found
        if not expected and actual:
            return f"{place}: expected nothing, found {sorted(actual)}"
        return None
    if isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            return f"{place}: expected {len(expected)} items, found {actual}"
        for index, pair in enumerate(zip(expected, actual, strict=True)):
            found = difference(*pair, f"{place}/{index}")
            if found is not None:
                return found
        return None
    if canonical(expected) == canonical(actual):
        return None
    return f"{place}: expected {expected!r}, found {actual!r}"


def missing_row(expected: list[Any], history: list[Any]) -> Any:
    """The first expected row that the history does not have, in order."""
    rows = iter(history)
    for wanted in expected:
        if not any(difference(wanted, row) is None for row in rows):
            return wanted
    return None


@pytest.mark.parametrize("path", CASES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_case(path: Path) -> None:
    case = json.loads(path.read_text())
    assert case["name"] == path.stem
    plan = load_plan(case["plan"])
    state, deltas, applied = new_state(), [], []
    for number, step in enumerate(case["steps"], 1):
        where = f"step {number} ({step['event']['type']})"
        decision = decide(plan, state, step["event"])
        expect = step["expect"]
        refused = decision.refused
        code = None if refused is None else refused["code"]
        assert code == expect.get("refused"), f"{where}: {refused}"
        if refused is None:
            found = difference(expect.get("commands", []), decision.commands)
            assert found is None, f"{where} commands{found}"
            applied.append(step["event"])
            deltas.append(decision.delta)
            apply(state, decision.delta)
        found = difference(expect["state"], state) if "state" in expect else None
        assert found is None, f"{where} state{found}"
        row = missing_row(expect.get("history", []), decision.delta.get("history", []))
        assert row is None, f"{where} history lacks {row}: {decision.delta['history']}"
    assert replay(plan, applied) == state == fold(deltas)
    assert canonical(replay(plan, applied)) == canonical(state)


SCHEMA = json.loads((ROOT / "schemas" / "plan.schema.json").read_text())


@pytest.mark.parametrize("path", CASES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_plan_is_valid(path: Path) -> None:
    plan = json.loads(path.read_text())["plan"]
    problems = [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        for error in Draft202012Validator(SCHEMA).iter_errors(plan)
    ]
    assert problems == []
