"""`either` and `merge`: functions that the compiler writes and the language lacks."""

from __future__ import annotations

from typing import Any

import pytest
from magicflow.expr import ExpressionError, Scope, evaluate


def path(*members: str) -> dict[str, Any]:
    segments = [{"selectors": [{"member": member}]} for member in members]
    return {"op": "path", "root": "input", "segments": segments, "singular": True}


def call(function: str, *args: dict[str, Any]) -> dict[str, Any]:
    return {"op": "call", "function": function, "args": list(args)}


def given(expr: dict[str, Any], input: Any) -> Any:
    return evaluate(expr, Scope(input=input))


def test_either_takes_the_first_that_is_there() -> None:
    expr = call("either", path("a"), path("b"))
    assert given(expr, {"a": 1, "b": 2}) == 1
    assert given(expr, {"b": 2}) == 2
    assert given(expr, {"a": None, "b": 2}) is None


def test_either_of_nothing_is_missing_in_an_object_and_null_elsewhere() -> None:
    expr = call("either", path("a"), path("b"))
    assert given({"op": "object", "members": {"x": expr}}, {}) == {}
    assert given({"op": "array", "items": [expr]}, {}) == [None]


def test_merge_lets_later_members_win() -> None:
    item = {"op": "object", "members": {"b": {"op": "lit", "value": 9}}}
    assert given(call("merge", path(), item), {"a": 1, "b": 2}) == {"a": 1, "b": 9}
    assert given(call("merge", path(), item), None) == {"b": 9}


def test_merge_refuses_what_is_no_object() -> None:
    with pytest.raises(ExpressionError, match="takes objects"):
        given(call("merge", path()), [1])
