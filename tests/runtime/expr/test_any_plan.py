"""Any well-formed plan over any data: a JSON value or an ExpressionError, never more."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from magicflow.canonical import canonical
from magicflow.expr import MISSING, ExpressionError, Scope, compile_expression

from magicflow_cli.expr.functions import FUNCTIONS

NAMES = st.sampled_from(["a", "b", "length"])
DATA = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from([0.5, -1e300, 1e300, 2**53 - 1])
    | st.sampled_from(["", "a", "ab", "1.5", "(", "[a-z]+", "😀"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=10,
)
LITERALS = DATA.map(lambda value: {"op": "lit", "value": value})
BOUND = st.none() | st.integers(-3, 3)


def _paths(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    selector = st.one_of(
        st.builds(lambda n: {"member": n}, NAMES),
        st.builds(lambda n: {"at": n}, st.integers(-3, 3)),
        st.just({"all": True}),
        st.just({"length": True}),
        st.builds(lambda a, b, c: {"slice": [a, b, c]}, BOUND, BOUND, BOUND),
        inner.map(lambda e: {"filter": e}),
    )
    segment = st.builds(
        lambda s, d: {"selectors": s} | ({"descendant": True} if d else {}),
        st.lists(selector, min_size=1, max_size=2),
        st.booleans(),
    )
    root = st.sampled_from(
        [
            {"root": "input"},
            {"root": "step", "name": "a", "field": "output"},
            {"root": "index"},
        ]
        + [{"root": "local", "name": name} for name in ("x", "@", "never")]
        + [{"root": "undo", "name": "output"}, {"root": "error"}]
    )
    return st.builds(_path, root, st.lists(segment, max_size=3))


def _path(root: dict[str, Any], segments: list[Any]) -> dict[str, Any]:
    singular = all(
        not s.get("descendant")
        and len(s["selectors"]) == 1
        and {*s["selectors"][0]} <= {"member", "at", "length"}
        for s in segments
    )
    return {"op": "path", **root, "segments": segments, "singular": singular}


@st.composite
def _calls(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> Any:
    function = draw(st.sampled_from([*FUNCTIONS.values()]))
    most = function.least + 2 if function.most is None else function.most
    args = [draw(inner) for _ in range(draw(st.integers(function.least, most)))]
    if function.name == "exists":
        args = [draw(_paths(inner))]
    if function.binds:
        args[1] = {"op": "lambda", "parameter": "x", "body": args[1]}
    return {"op": "call", "function": function.name, "args": args}


def _deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    operators = [
        "or",
        "and",
        "==",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "in",
        "+",
        "-",
        "*",
        "/",
        "%",
    ]
    return st.one_of(
        st.builds(lambda o, a, b: {"op": o, "left": a, "right": b}, st.sampled_from(operators), inner, inner),
        st.builds(lambda o, a: {"op": o, "arg": a}, st.sampled_from(["not", "neg"]), inner),
        _calls(inner),
        _paths(inner),
        st.lists(inner, max_size=3).map(lambda items: {"op": "array", "items": items}),
        st.dictionaries(NAMES, inner, max_size=3).map(lambda m: {"op": "object", "members": m}),
        st.lists(inner, min_size=2, max_size=3).map(lambda p: {"op": "template", "parts": p}),
        st.just({"op": "secret", "from": "env", "name": "A"}),
    )  # fmt: skip


PLANS = st.recursive(LITERALS | _paths(LITERALS), _deeper, max_leaves=10)


@settings(max_examples=500, deadline=None)
@given(PLANS, DATA, DATA)
def test_any_plan_over_any_data(plan: dict[str, Any], data: Any, item: Any) -> None:
    scope = Scope(
        input=data,
        steps={"a": {"output": item}},
        locals={"x": item},
        undo={"output": data},
        event_id="6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    )
    before = copy.deepcopy((plan, data, item))
    run = compile_expression(plan)
    try:
        value = run(scope)
    except ExpressionError as error:
        assert error.code == "EXPRESSION"
        assert error.message.isprintable()
    else:
        assert value is MISSING or canonical(value)
    assert (plan, data, item) == before
    assert scope.locals == {"x": item}
