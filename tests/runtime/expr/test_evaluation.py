"""The evaluator against naive references, its scope, its limits, broken plans."""

from __future__ import annotations

import json
import math
import operator
import time
import uuid
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from magicflow.canonical import SAFE_INTEGER, canonical, format_number
from magicflow.expr import (
    MISSING,
    ExpressionError,
    Scope,
    compile_expression,
    equal,
    evaluate,
    secret_places,
    truth,
)
from magicflow.expr.scope import format_time
from magicflow.expr.values import type_name

from tests.runtime.expr.lowering import lower_expression, lower_mapping

ROOT = Path(__file__).parents[3]


def run(text: str, **roots: Any) -> Any:
    return evaluate(lower_expression(text), Scope(**roots))


def lit(value: Any) -> dict[str, Any]:
    return {"op": "lit", "value": value}


NUMBERS = st.integers(-SAFE_INTEGER, SAFE_INTEGER) | st.floats(
    allow_nan=False, allow_infinity=False
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.0, 1.0, 1.5, -0.0]) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=1), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def naive(op: str, a: float, b: float) -> float:
    """The double that IEEE 754 gives; raises for what is no finite number."""
    a, b = float(a), float(b)
    if op == "%":
        return math.fmod(a, b)
    table: dict[str, Callable[[float, float], float]] = {
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.truediv,
    }
    result = table[op](a, b)
    if math.isinf(result):
        raise OverflowError
    return result


@settings(max_examples=1_000)
@given(st.sampled_from("+-*/%"), NUMBERS, NUMBERS)
def test_arithmetic_is_that_of_doubles(op: str, a: float, b: float) -> None:
    plan = {"op": op, "left": lit(a), "right": lit(b)}
    try:
        expected = naive(op, a, b)
    except (ZeroDivisionError, OverflowError, ValueError):
        with pytest.raises(ExpressionError):
            evaluate(plan, Scope())
        return
    result = evaluate(plan, Scope())
    assert float(result) == expected
    assert canonical(result) == canonical(expected)
    integral = expected.is_integer() and abs(expected) <= SAFE_INTEGER
    assert isinstance(result, int if integral else float)


@settings(max_examples=500)
@given(JSON, JSON)
def test_equality_is_that_of_canonical_json(a: Any, b: Any) -> None:
    expected = canonical(a) == canonical(b)
    for left, right in (
        (lit(a), lit(b)),
        ({"op": "call", "function": "coalesce", "args": [lit(a)]}, lit(b)),
    ):
        plan = {"op": "==", "left": left, "right": right}
        assert evaluate(plan, Scope()) is expected
        assert evaluate({**plan, "op": "!="}, Scope()) is not expected
    assert equal(a, b) is expected
    assert (
        evaluate({"op": "in", "left": lit(a), "right": lit([b])}, Scope()) is expected
    )


@settings(max_examples=500)
@given(JSON, JSON, st.sampled_from(["<", "<=", ">", ">="]))
def test_order_is_of_numbers_and_of_texts(a: Any, b: Any, op: str) -> None:
    table = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
    plan = {"op": op, "left": lit(a), "right": lit(b)}
    if type_name(a) == type_name(b) and type_name(a) in ("number", "string"):
        assert evaluate(plan, Scope()) is table[op](a, b)
    else:
        with pytest.raises(ExpressionError):
            evaluate(plan, Scope())


@given(st.floats(-1e12, 1e12), st.integers(0, 6))
def test_rounding_is_that_of_decimals(number: float, digits: int) -> None:
    exact = Decimal(format_number(number)).quantize(
        Decimal(10) ** -digits, rounding=ROUND_HALF_EVEN
    )
    plan = {"op": "call", "function": "round", "args": [lit(number), lit(digits)]}
    assert evaluate(plan, Scope()) == float(exact)


@given(JSON)
def test_unique_by_equality(value: Any) -> None:
    items = [value, *(value if isinstance(value, list) else [value]), 1, 1.0, True]
    expected: list[Any] = []
    for item in items:
        if not any(canonical(item) == canonical(other) for other in expected):
            expected.append(item)
    plan = {"op": "call", "function": "unique", "args": [lit(items)]}
    assert canonical(evaluate(plan, Scope())) == canonical(expected)


@given(JSON)
def test_paths_over_any_value_fail_only_as_expressions(value: Any) -> None:
    for text in (
        "$.input.a.b",
        "$.input[0].a",
        "$.input..a",
        "$.input.*.*",
        "$.input[?@.a == 1]",
        "$.input.length",
        "$.input[::-2]",
        "length($.input)",
        "sort($.input)",
        "$.input + 1",
        "keys($.input)",
        "to_string($.input)",
        "x in $.input",
    ):
        try:
            result = run(text.replace("x in", "1 in"), input=value)
        except ExpressionError as error:
            assert error.message
        else:
            assert result is MISSING or canonical(result)


def test_every_plan_of_the_cases_fits_the_schema() -> None:
    schema = json.loads((ROOT / "schemas/plan.schema.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator(
        {"$ref": "#/$defs/Expr", "$defs": schema["$defs"]}
    )
    for file in (ROOT / "runtime/conformance/expressions").glob("*.json"):
        for case in json.loads(file.read_text("utf-8"))["cases"]:
            validator.validate(case["plan"])


def test_time_and_uuids_are_sampled() -> None:
    event = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
    scope = Scope(time="2026-01-01T00:00:00.000Z", event_id=event)
    plan = lower_mapping({"a": "${now()}", "b": "${uuid()}", "c": "${uuid()}"})
    value = evaluate(plan, scope)
    first, second = (str(uuid.uuid5(uuid.UUID(event), k)) for k in ("1", "2"))
    assert value == {"a": "2026-01-01T00:00:00.000Z", "b": first, "c": second}
    assert scope.samples == [("now", value["a"]), ("uuid", first), ("uuid", second)]
    assert format_time(0) == "1970-01-01T00:00:00.000Z"
    assert format_time(-1) == "1969-12-31T23:59:59.999Z"


def test_a_core_may_bring_its_own_steps() -> None:
    class Frames(Scope):
        def step(self, name: str) -> dict[str, Any] | None:
            return {"output": {"name": name}} if name != "never" else None

    run = compile_expression(lower_expression("$.steps.a.output.name"))
    assert run(Frames()) == "a"
    assert evaluate(lower_expression("$.steps.never.output"), Frames()) is MISSING


def test_the_index_of_a_named_loop() -> None:
    plan = {
        "op": "path",
        "root": "index",
        "name": "row",
        "segments": [],
        "singular": True,
    }
    assert evaluate(plan, Scope(index=1, indexes={"row": 4})) == 4
    assert evaluate(plan, Scope(index=1)) is MISSING


def test_locals_come_back_after_an_error() -> None:
    scope = Scope(locals={"x": 1}, input=[1])
    for text in (
        "map($.input, x -> x / 0)",
        "filter($.input, x -> x)",
        "$.input[?@ / 0 > 1]",
    ):
        with pytest.raises(ExpressionError):
            evaluate(lower_expression(text), scope)
        assert scope.locals == {"x": 1}


def test_secret_places() -> None:
    plan = lower_mapping(
        {
            "a": "${secrets.A}",
            "b": ["x", "y ${env.B}"],
            "c": {"d": "$.input"},
            "e": "x ${$.input}",
        }
    )
    assert secret_places(plan) == [("a",), ("b", 1)]
    assert secret_places(lower_mapping("${secrets.A}")) == [()]
    # What a user sends is data, however it looks.
    assert evaluate(lower_mapping({"c": "$.input"}), Scope(input={"$secret": "A"})) == {
        "c": {"$secret": "A"}
    }
    assert secret_places(lower_mapping({"c": "$.input"})) == []


def test_truth() -> None:
    assert truth(True)
    assert not any(map(truth, (False, None, MISSING)))
    assert not MISSING
    assert repr(MISSING) == "MISSING"
    for value in (0, 1, "", "true", [], {}):
        with pytest.raises(ExpressionError) as caught:
            truth(value)
        assert caught.value.code == "EXPRESSION"


BROKEN: list[Any] = [
    {}, {"op": "?"}, {"op": "lit"}, None, [], {"op": "path", "root": "x", "segments": [], "singular": True},
    {"op": "call", "function": "system", "args": []}, {"op": "==", "left": {"op": "lit", "value": 1}},
    {"op": "secret", "from": "vault", "name": "x"}, {"op": "call", "function": "map", "args": [{"op": "lit", "value": []}, {"op": "lit", "value": 1}]},
    {"op": "call", "function": "exists", "args": []} | {"args": None},
]  # fmt: skip


@pytest.mark.parametrize("plan", BROKEN)
def test_a_broken_plan_is_refused_when_compiled(plan: Any) -> None:
    with pytest.raises(ValueError):
        compile_expression(plan)


def test_a_plan_too_deep_is_refused() -> None:
    plan: dict[str, Any] = lit(True)
    for _ in range(100_000):
        plan = {"op": "not", "arg": plan}
    with pytest.raises(ValueError):
        compile_expression(plan)


def deep(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "text",
    ["$.input == $.input[0]", "$.input != $.input[0]", "$.input in [$.input[0]]", "to_string($.input)", "contains([$.input], $.input[0])", "unique([$.input, $.input[0]])"],
)  # fmt: skip
def test_values_too_deep_are_errors(text: str) -> None:
    with pytest.raises(ExpressionError):
        run(text, input=deep(20_000))


def test_interpolation_of_a_value_too_deep() -> None:
    with pytest.raises(ExpressionError):
        evaluate(lower_mapping("x ${$.input}"), Scope(input=deep(20_000)))


def test_descendants_of_a_deep_value_need_no_stack() -> None:
    assert len(run("$.input..*", input=deep(5_000))) == 5_000


@pytest.mark.parametrize(
    "text",
    [
        "map($.input, a -> map($.input, b -> map($.input, c -> 1)))",
        "$.input..*..*..*",
        "filter($.input, a -> count(filter($.input, b -> count(filter($.input, c -> true)) > 0)) > 0)",
        "$.input[?count($.input[?count($.input[?@ >= 0]) > 0]) > 0]",
        "$.input[*, *, *].length",
        "to_string(map([1], a -> map([[a, a, a, a, a, a, a, a, a, a]], b -> map([[b, b, b, b, b, b, b, b, b, b]], c -> map([[c, c, c, c, c, c, c, c, c, c]], d -> map([[d, d, d, d, d, d, d, d, d, d]], e -> map([[e, e, e, e, e, e, e, e, e, e]], f -> [f, f, f, f]))))))) + join(split(replace(join($.texts, ''), 'a', $.long), ''), $.long)",
        "map([1], a -> map([[a, a, a, a, a, a, a, a, a, a]], b -> map([[b, b, b, b, b, b, b, b, b, b]], c -> map([[c, c, c, c, c, c, c, c, c, c]], d -> map([[d, d, d, d, d, d, d, d, d, d]], e -> map([[e, e, e, e, e, e, e, e, e, e]], f -> [f, f, f]))))))",
        "map($.input, x -> $.long + 'a')",
        "map($.input, x -> [$.long + 'a'])",
        "map($.input, x -> split($.long, ''))",
        "replace($.long, 'a', $.long)",
        "join($.texts, $.long)",
    ],
)
def test_explosions_end_in_time(text: str) -> None:
    scope = Scope(
        input=[*range(1_500)] * 60,
        locals={"texts": ["a"] * 1_000, "long": "a" * 250_000},
    )
    start = time.perf_counter()
    with pytest.raises(ExpressionError):
        evaluate(lower_expression(text), scope)
    assert time.perf_counter() - start < 5


def test_integers_of_the_data_beyond_the_domain() -> None:
    assert run("$.input + 0", input=2**60 + 1) == float(2**60)
    for text in (
        "$.input + 1",
        "$.input * 1.5",
        "$.input / 2",
        "$.input % 2",
        "-$.input",
        "abs($.input)",
        "to_string($.input)",
        "floor($.input)",
        "round($.input, 2)",
    ):
        with pytest.raises(ExpressionError):
            run(text, input=10**400)


def test_the_work_is_counted_per_evaluation() -> None:
    scope = Scope(input=[1] * 200_000)
    run = compile_expression(lower_expression("count(map($.input, x -> x))"))
    assert [run(scope) for _ in range(3)] == [200_000] * 3
