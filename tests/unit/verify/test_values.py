"""Which values stand for all: those on every side of what the workflow asks."""

from __future__ import annotations

from typing import Any

import pytest

from magicflow_cli.verify.moves import Moves
from tests.unit.verify.workflows import compiled

Json = dict[str, Any]
TEMPLATE = """\
  input_schema:
    type: object
    properties:
      v: {schema}
      w: {{type: integer}}
      list: {{type: array, items: {schema}}}
  output_schema: {{type: object, properties: {{}}}}
  steps:
    - {{name: work, timeout: 5s, input: {{}}, condition: "{condition}"}}
  output: {{}}
"""
ABSENT = "(absent)"
INTEGER = "{type: integer}"
STRING = "{type: string}"


def inputs(condition: str, schema: str) -> list[Json]:
    plan = compiled(TEMPLATE.format(condition=condition, schema=schema))
    return Moves(plan).inputs()


def values(condition: str, schema: str, name: str = "v") -> list[Any]:
    found = [value.get(name, ABSENT) for value in inputs(condition, schema)]
    return [v for n, v in enumerate(found) if v not in found[:n]]


@pytest.mark.parametrize(
    ("condition", "schema", "needed"),
    [
        ("$.input.v == true", "{type: boolean}", [True, False, ABSENT]),
        ("$.input.v", "{type: boolean}", [True, False, ABSENT]),
        ("!$.input.v", "{type: boolean}", [True, False, ABSENT]),
        ("$.input.v > 10", INTEGER, [10, 11]),
        ("$.input.v >= 10", INTEGER, [9, 10]),
        ("10 < $.input.v", INTEGER, [10, 11]),
        ("$.input.v > 10 && $.input.v <= 20", INTEGER, [10, 11, 20, 21]),
        ("$.input.v > 10", "{type: integer, maximum: 10}", [9, 10]),
        ("$.input.v == 10", INTEGER, [10, 11]),
        ("$.input.v != 10", INTEGER, [10, 11]),
        ("$.input.v > $.input.w", INTEGER, [0, 1, 2]),
        ("$.input.v + 5 > 10", INTEGER, [10, 11]),
        ("$.input.v == 'a'", STRING, ["a", "string"]),
        ("$.input.v in ['a', 'b']", STRING, ["a", "b", "string"]),
        ("$.input.v < 'm'", STRING, ["", "m", "ma"]),
        ("$.input.v == 'a'", "{type: string, enum: [a, b, c]}", ["a", "b", "c"]),
        ("starts_with($.input.v, 'x-')", STRING, ["x-", "string"]),
        ("contains($.input.v, '@')", STRING, ["@", "string"]),
        ("matches($.input.v, '^[0-9]+$')", STRING, ["1", "string"]),
        ("lower($.input.v) == 'yes'", STRING, ["yes", "string"]),
        ("length($.input.v) > 3", STRING, ["a" * 3, "a" * 4]),
        ("exists($.input.v)", STRING, ["string", ABSENT]),
        ("coalesce($.input.v, 'a') == 'a'", STRING, ["a", "string", ABSENT]),
        ("$.input.v == null", "{type: [string, 'null']}", ["string", None]),
        (
            "$.input.v.deep == 1",
            "{type: object, properties: {deep: {type: integer}}}",
            [{"deep": 1}, {"deep": 2}, {}],
        ),
        ("$.input.v == 1.5", "{type: number}", [1.5, 2.5]),
        (
            "$.input.v.k == 'a'",
            "{type: object, additionalProperties: {type: string}}",
            [{"k": "a"}],
        ),
    ],
)
def test_both_sides_of_what_is_asked(
    condition: str, schema: str, needed: list[Any]
) -> None:
    found = values(condition, schema)
    missing = [
        each
        for each in needed
        if not any(type(each) is type(v) and _covers(v, each) for v in found)
    ]
    assert missing == [], found


def _covers(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict) and wanted:
        return all(value.get(name) == member for name, member in wanted.items())
    return bool(value == wanted)


@pytest.mark.parametrize(
    ("condition", "schema", "needed"),
    [
        ("count($.input.list) > 2", INTEGER, {2, 3}),
        ("length($.input.list) == 0", INTEGER, {0, 1}),
        ("$.input.list.length >= 4", INTEGER, {3, 4}),
        ("3 in $.input.list", INTEGER, {0, 1}),
        ("exists($.input.list[0])", INTEGER, {0, 1}),
    ],
)
def test_lists_of_the_lengths_that_are_asked_for(
    condition: str, schema: str, needed: set[int]
) -> None:
    lists = values(condition, schema, "list")
    assert needed <= {len(each) for each in lists if each != ABSENT}, lists


@pytest.mark.parametrize(
    ("condition", "schema", "needed"),
    [
        ("3 in $.input.list", INTEGER, [3]),
        (
            "count($.input.list[?@.kind == 'a']) > 0",
            "{type: object, properties: {kind: {type: string, enum: [a, b]}}}",
            [{"kind": "a"}, {"kind": "b"}],
        ),
        ("first($.input.list) == 7", INTEGER, [7]),
    ],
)
def test_items_that_are_asked_for(
    condition: str, schema: str, needed: list[Any]
) -> None:
    lists = values(condition, schema, "list")
    for item in needed:
        assert any(each != ABSENT and item in each for each in lists), lists


def test_what_is_only_copied_has_one_value_and_is_left_out_once() -> None:
    found = inputs("$.input.w > 0", STRING)
    assert {value.get("v", ABSENT) for value in found} == {"string"}
    text = TEMPLATE.format(condition="true", schema=STRING)
    plan = compiled(text.replace("input: {}", "input: {v: $.input.v, w: $.input.w}"))
    found = Moves(plan).inputs()
    assert [("v" in value, "w" in value) for value in found] == [
        (True, True),
        (False, False),
    ]


def test_a_result_is_asked_for_through_mappings_branches_and_loops() -> None:
    plan = compiled("""\
  input_schema: {type: object, required: [ids], properties: {ids: {type: array, maxItems: 2, items: {type: integer}}}}
  output_schema: {type: object, properties: {}}
  steps:
    - name: fan
      type: parallel
      branches:
        - name: left
          steps: [{name: ask, timeout: 5s, output: {good: $.response.verdict.good}}]
          output: {fine: $.ask.good}
      output: {fine: $.branches.left.fine}
    - {name: copy, type: transform, output: {is: {so: $.fan.fine}}}
    - name: each
      type: loop
      iterate_over: $.input.ids
      steps: [{name: look, timeout: 5s, output: {found: $.response.found}}]
      collect: $.look.found
    - name: way
      type: switch
      cases:
        - {when: $.copy.is.so == true, steps: [{name: one, timeout: 5s}]}
        - {when: "$.each.items[0] == 'x'", steps: [{name: two, timeout: 5s}]}
  output: {}
""")
    moves = Moves(plan)
    asked = [value["verdict"]["good"] for value in moves.results("ask")]
    assert {True, False} <= set(asked)
    assert "x" in [value.get("found") for value in moves.results("look")]
    assert len(moves.results("one")) == 1


def test_codes_are_those_that_something_tells_apart() -> None:
    plan = compiled("""\
  input_schema: {type: object, properties: {}}
  output_schema: {type: object, properties: {}}
  error_handling:
    - condition: $.error.code == 'BUSY'
      action: {type: return_error}
  steps:
    - name: ask
      timeout: 5s
      queue_timeout: 1m
      retry: {max_attempts: 2, retry_on: [SLOW], non_retryable: [BROKEN]}
      circuit_breaker: {failure_threshold: 5}
  output: {}
""")
    outcomes = Moves(plan).outcomes("ask/do")
    codes = [each["error"]["code"] for each in outcomes if "error" in each]
    assert codes == ["INTERNAL", "BROKEN", "BUSY", "CIRCUIT_OPEN", "SLOW"]
    limits = [each["timeout"] for each in outcomes if "timeout" in each]
    assert limits == ["lease", "queue"]


def test_every_value_fits_its_type() -> None:
    plan = compiled(
        TEMPLATE.format(
            condition="$.input.v > 10",
            schema="{type: integer, minimum: 11, maximum: 11}",
        )
    )
    assert {value.get("v", 11) for value in Moves(plan).inputs()} == {11}


def test_a_type_in_itself_ends() -> None:
    plan = compiled("""\
  input_schema:
    type: object
    properties: {tree: {$ref: '#/$defs/tree'}}
    $defs:
      tree: {type: object, properties: {size: {type: integer}, sub: {type: array, items: {$ref: '#/$defs/tree'}}}}
  output_schema: {type: object, properties: {}}
  steps:
    - {name: work, timeout: 5s, input: {}, condition: "$.input.tree.sub[0].sub[0].size > 3"}
  output: {}
""")
    assert Moves(plan).inputs()
