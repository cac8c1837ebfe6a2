"""What type each expression has, and what is said of its operands."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.check.flows import run
from tests.unit.check.test_inference import shape

CONTEXT = """
input_schema:
  type: object
  required: [n, t, lines, m, nest, tup]
  properties:
    n: {type: number, minimum: 3}
    i: {type: integer}
    t: {type: string}
    nul: {type: [string, 'null']}
    lines:
      type: array
      items: {type: object, required: [sku, q], properties: {sku: {type: string}, q: {type: integer}}}
    m: {type: object, additionalProperties: {type: integer}}
    nest: {type: array, items: {type: array, items: {type: string}}}
    tup: {type: array, prefixItems: [{type: string}, {type: integer}], items: false, minItems: 2}
    free: {}
    kind: {enum: [gift, order]}
"""
LINE = {"sku": "string", "q": "integer"}

TYPES: dict[str, tuple[Any, list[str]]] = {
    "first($.input.lines)": (LINE, []),
    "last($.input.nest)": (["string"], []),
    "unique($.input.nest)": ([["string"]], []),
    "flatten($.input.nest)": (["string"], []),
    "values($.input.m)": (["integer"], []),
    "keys($.input.m)": (["string"], []),
    "min($.input.nest[0])": ("string|null", []),
    "max($.input.n, 3)": ("number", []),
    "substring($.input.t, $.input.n)": ("string", []),  # whole at run time, or not
    "sum(map($.input.lines, l -> $.u.price))": ("number", []),
    "coalesce($.input.nul, 'x')": ("string", []),
    "coalesce($.input.nul, $.input.free)": ("any", []),
    "map($.input.lines, l -> l.q)": (["integer"], []),
    "filter($.input.lines, l -> l.q > 1)": ([LINE], []),
    "length($.input.free)": ("integer", []),
    "upper($.input.free)": ("string", []),
    "upper($.input.nul)": ("string", ["MF6307"]),
    "join($.input.m, ',')": ("string", ["MF6308"]),
    "sort($.input.lines)": ([LINE], ["MF6308"]),
    "sum($.input.nest)": ("number", ["MF6308"]),
    "abs($.input.i)": ("number", ["MF6307"]),
    "split($.input.t, ',')": (["string"], []),
    "$.input.m.*": (["integer"], []),
    "$.input.lines[*].sku": (["string"], []),
    "$.input.lines[?@.q > 1].sku": (["string"], []),
    "$.input..sku": ("array", []),
    "$.input.tup[0]": ("string", []),
    "$.input.tup[1]": ("integer", []),
    "$.input.lines[-1].q": ("integer", []),
    "$.input.lines[0:2]": ([LINE], []),
    "-$.input.t": ("number", ["MF6306"]),
    "$.input.t + 1": ("number", ["MF6306"]),
    "!$.input.t": ("boolean", ["MF6304"]),
    "$.input.kind == 'zzzzz'": ("boolean", ["MF6303"]),
    "$.input.t in $.input.nest": ("boolean", ["MF6302"]),
    "$.input.n > 'a'": ("boolean", ["MF6306"]),
    "$.u.m.* == $.u.n": ("boolean", []),
    "length($.u.x) > 1 && $.u.x[0] == 'a'": ("boolean", []),
}


@pytest.mark.parametrize("expression", TYPES)
def test_an_expression(expression: str) -> None:
    output = f'{{v: "${{{expression}}}"}}'
    spec = f"steps: [{{name: u}}, {{name: s, type: transform, output: {output}}}]"
    checked, diagnostics = run(spec, CONTEXT)
    found = shape(checked, checked.step_outputs["s"])
    wanted, codes = TYPES[expression]
    assert list(found.values()) == [wanted]
    assert [d.code for d in diagnostics if d.code.startswith("MF63")] == codes


MAPPINGS: dict[str, Any] = {
    "{}": "object",
    "{v: {}}": {"v": "object"},
    "{v: []}": {"v": "array"},
    "{v: [1, 2.5]}": {"v": ["number"]},
    "{v: [1, a]}": {"v": "array"},
    "{v: [a, null]}": {"v": ["string|null"]},
    "{v: null}": {"v": "null"},
    "{v: $.u}": {"v": "any"},
}


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_a_literal_mapping(mapping: str) -> None:
    spec = f"steps: [{{name: u}}, {{name: s, type: transform, output: {mapping}}}]"
    checked, _ = run(spec, CONTEXT)
    assert shape(checked, checked.step_outputs["s"]) == MAPPINGS[mapping]


def test_a_very_deep_mapping_ends_in_any() -> None:
    deep = "{a: " * 40 + "1" + "}" * 40
    checked, _ = run(f"steps: [{{name: s, type: transform, output: {deep}}}]", CONTEXT)
    found, depth = shape(checked, checked.step_outputs["s"]), 0
    while isinstance(found, dict):
        found, depth = found["a"], depth + 1
    assert (found, depth) == ("any", 33)


USES: dict[str, Any] = {
    "$.u.a[0]": {"a": "array"},
    "$.u.a[0].b": {"a": [{"b": "any"}]},
    "-$.u.a": {"a": "number"},
    "$.u.a > 1 && upper($.u.a) == 'A'": {"a": "any"},
    "$.u.a.b > 1 && length($.u.a) > 1": {"a": {"b": "number"}},
    "substring($.u.a, $.u.b)": {"a": "string", "b": "integer"},
    "substring($.u.a, $.u.b) == 'x' && $.u.b > 1": {"a": "string", "b": "integer"},
}


@pytest.mark.parametrize("expression", USES)
def test_what_a_use_says_of_an_undeclared_function(expression: str) -> None:
    output = f'{{v: "${{{expression}}}"}}'
    spec = f"steps: [{{name: u}}, {{name: s, type: transform, output: {output}}}]"
    checked, _ = run(spec, CONTEXT)
    (info,) = checked.functions.values()
    assert shape(checked, info.output) == USES[expression]
