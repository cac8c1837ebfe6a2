"""Types of expressions and mappings, against schemas."""

from __future__ import annotations

import pytest

from tests.unit.check.flows import found, only, text_at

CONTEXT = """
input_schema:
  type: object
  required: [id, total, lines, when, pair, kind, any, map, either]
  properties:
    id: {type: string}
    total: {type: number}
    count: {type: integer, default: 1}
    note: {type: string}
    maybe: {type: [string, 'null']}
    flag: {type: boolean}
    kind: {type: string, enum: [gift, order]}
    other: {type: string, enum: [red, blue]}
    level: {enum: [1, 2]}
    when: {type: string, format: date-time}
    any: {}
    map: {type: object, additionalProperties: {type: integer}}
    pair: {type: array, prefixItems: [{type: string}, {type: integer}], items: false, minItems: 2}
    either:
      oneOf:
        - {type: object, required: [t, x], properties: {t: {const: a}, x: {type: string}}}
        - {type: object, required: [t, y], properties: {t: {const: b}, y: {type: integer}}}
    lines:
      type: array
      items: {type: object, required: [sku], properties: {sku: {type: string}, qty: {type: integer}}}
    texts: {type: array, items: {type: string}}
output_schema: {type: object}
functions:
  f:
    input_schema:
      type: object
      required: [amount]
      additionalProperties: false
      properties:
        amount: {type: number, minimum: 1, exclusiveMaximum: 100}
        currency: {type: string, enum: [EUR, USD]}
        text: {type: string, minLength: 2, maxLength: 4}
        count: {type: integer}
        list: {type: array, items: {type: string}}
        inner: {type: object, required: [a], properties: {a: {type: string}}}
        map: {type: object, additionalProperties: {type: integer}}
        null_ok: {type: [string, 'null']}
        pair: {type: array, prefixItems: [{type: string}, {type: integer}], items: false}
    output_schema: {type: object, required: [id], properties: {id: {type: string}}}
"""

# An expression as a guard, and the codes MF63xx that come out.
TESTS = {
    "$.input.flag": [],
    "$.input.flag == true": [],
    "$.input.total": ["MF6304"],
    "!$.input.total": ["MF6304"],
    "$.input.any": [],
    "$.input.zzz == 1": ["MF6301"],
    "$.input.id.x == 1": ["MF6301"],
    "$.input.id == 1": ["MF6302"],
    "$.input.id != 1": ["MF6302"],
    "$.input.id == null": [],
    "$.input.total == 1": [],
    "$.input.count == 1.5": [],
    "$.input.flag == 'true'": ["MF6302"],
    "$.input.kind == 'gift'": [],
    "$.input.kind == 'gfit'": ["MF6303"],
    "'gfit' == $.input.kind": ["MF6303"],
    "$.input.kind != 'gfit'": ["MF6303"],
    "$.input.kind in ['gift', 'ordr']": ["MF6303"],
    "$.input.kind == $.input.other": ["MF6302"],
    "$.input.level == 3": ["MF6303"],
    "$.input.level == 1.0": [],
    "1 == 2": [],
    "$.input.id in ['a', 'b']": [],
    "$.input.id in [1, 2]": ["MF6302"],
    "$.input.id in $.input.lines[*].qty": ["MF6302"],
    "$.input.id in $.input.texts": [],
    "$.input.id in $.input.id": ["MF6306"],
    "$.input.total > 1": [],
    "$.input.total > 'a'": ["MF6306"],
    "$.input.when < now()": [],
    "$.input.count > 0": [],  # the default is filled in
    "$.input.note > 'a'": ["MF6307"],
    "$.input.maybe > 'a'": ["MF6307"],
    "exists($.input.note) && $.input.note > 'a'": [],
    "$.input.note != null && $.input.note > 'a'": [],
    "coalesce($.input.note, '') > 'a'": [],
    "coalesce($.input.note, $.input.maybe) > 'a'": ["MF6307"],
    "$.input.total + 1 > 2": [],
    "$.input.id + 1 > 2": ["MF6306"],
    "-$.input.total < 0": [],
    "-$.input.id < 0": ["MF6306"],
    "$.input.lines[0].sku == 'a'": [],
    "$.input.lines.sku == 'a'": ["MF6301"],
    "$.input.lines[*].sku == 'a'": ["MF6302"],
    "$.input.lines[?@.qty > 1].sku == ['a']": ["MF6307"],
    "$.input.lines[?@.sku == 1].sku == ['a']": ["MF6302"],
    "$.input.lines[0:2].length == 1": ["MF6302"],  # a length of each
    "$.input.lines.length > 1": [],
    "$.input.total.length > 1": ["MF6301"],
    "$.input.id[0] == 'a'": ["MF6301"],
    "$.input..sku == ['a']": [],
    "$.input['id', 'total'] == ['a']": [],
    "$.input.map.a == 1": [],
    "$.input.map.a == 'x'": ["MF6302"],
    "$.input.pair[0] == 'x'": [],
    "$.input.pair[1] == 'x'": ["MF6302"],
    "$.input.either.t == 'a'": [],
    "$.input.either.x == 'a'": [],
    "$.input.either.z == 'a'": ["MF6301"],
    "length($.input.id) > 3": [],
    "length($.input.total) > 3": ["MF6308"],
    "starts_with($.input.note, 'a')": ["MF6307"],
    "join($.input.texts, ',') == 'a'": ["MF6307"],
    "sum($.input.lines[*].qty) > 1": [],
    "sum($.input.lines[*].sku) > 1": ["MF6308"],
    "max($.input.total, 3) > 1": [],
    "min($.input.lines[*].qty) > 1": ["MF6307"],
    "first($.input.lines).sku == 'a'": None,  # no path below a call
    "map($.input.lines, x -> x.sku) == ['a']": [],
    "map($.input.lines, x -> x.sk) == ['a']": ["MF6301"],
    "length(filter($.input.lines, x -> x.sku == 'a')) > 1": [],
    "length(filter($.input.lines, x -> x.sku)) > 1": ["MF6304"],
    "'sku' in keys($.input.map)": [],
    "1 in values($.input.map)": [],
    "'x' in values($.input.map)": ["MF6302"],
    "to_number($.input.id) > 1": [],
    "split($.input.id, ',') == 'a'": ["MF6302"],
    "contains($.input.texts, 'a')": ["MF6307"],
    "unique(sort(flatten([[1], [2]]))) == [1]": [],
    "round($.input.total, 2) == 1": [],
    "floor($.input.total) == 'a'": ["MF6302"],
    "now() == 1": ["MF6302"],
    "uuid() == 1": ["MF6302"],
    "$.execution.id == 'a'": [],
    "$.execution.ids == 'a'": ["MF6301"],
    "$.execution.duration > 1": [],
    "$.metadata.source == 'a'": [],
    "type_of($.input.any) == 'list'": [],
}


@pytest.mark.parametrize(
    "expression", [e for e, codes in TESTS.items() if codes is not None]
)
def test_expressions(expression: str) -> None:
    spec = f'steps: [{{name: s, condition: "{expression}"}}]'
    assert found(spec, CONTEXT, prefix="MF63") == TESTS[expression]


# A mapping as the input of `f`, and what comes out.
INPUTS = {
    "{amount: 3}": [],
    "{amount: $.input.total}": [],
    "{amount: $.input.count}": [],
    "{amount: $.input.any}": [],
    "{amount: '${$.input.total + 1}'}": [],
    "{amount: $.input.id}": ["MF6309"],
    "{amount: 'x-${$.input.id}'}": ["MF6309"],
    "{amount: 0}": ["MF6309"],
    "{amount: 100}": ["MF6309"],
    "{}": ["MF6310"],
    "{amount: null}": ["MF6309"],
    "{amount: 3, currency: EUR}": [],
    "{amount: 3, currency: EURO}": ["MF6309"],
    "{amount: 3, currency: $.input.kind}": ["MF6309"],
    "{amount: 3, currency: $.input.id}": [],
    "{amount: 3, text: abcde}": ["MF6309"],
    "{amount: 3, text: a}": ["MF6309"],
    "{amount: 3, text: $.input.note}": [],
    "{amount: 3, text: $.input.maybe}": ["MF6311"],
    "{amount: 3, null_ok: $.input.maybe}": [],
    "{amount: 3, text: '${coalesce($.input.maybe, null)}'}": ["MF6311"],
    "{amount: 3, text: '${coalesce($.input.maybe, abc)}'}": None,
    "{amount: 3, count: $.input.total}": [],
    "{amount: 3, count: 1.5}": ["MF6309"],
    "{amount: 3, list: [a, $.input.id]}": [],
    "{amount: 3, list: [a, 1]}": ["MF6309"],
    "{amount: 3, list: '$.input.lines[*].sku'}": [],
    "{amount: 3, list: '$.input.lines[*].qty'}": ["MF6309"],
    "{amount: 3, list: $.input.id}": ["MF6309"],
    "{amount: 3, inner: {}}": ["MF6310"],
    "{amount: 3, inner: {a: 1}}": ["MF6309"],
    "{amount: 3, inner: {a: b}}": [],
    "{amount: 3, inner: $.input.lines}": ["MF6309"],
    "{amount: 3, inner: '$.input.lines[0]'}": ["MF6310"],
    "{amount: 3, map: {a: 1, b: 2}}": [],
    "{amount: 3, map: {a: x}}": ["MF6309"],
    "{amount: 3, map: $.input.map}": [],
    "{amount: 3, pair: [a, 1]}": [],
    "{amount: 3, pair: [1, 1]}": ["MF6309"],
    "{amount: 3, curency: EUR}": ["MF6309"],
    "{amount: 3, zzz: EUR}": ["MF6309"],
    "$.input.id": ["MF6309"],
    "$.input.lines": ["MF6309"],
    "$.input.any": [],
    "{amount: $.input.either.y}": [],
}


@pytest.mark.parametrize(
    "mapping", [m for m, codes in INPUTS.items() if codes is not None]
)
def test_inputs(mapping: str) -> None:
    spec = f"steps: [{{name: s, function: f, input: {mapping}}}]"
    assert found(spec, CONTEXT, prefix="MF63") == INPUTS[mapping]


def test_an_optional_field_for_a_required_one() -> None:
    context = CONTEXT.replace("required: [id, total,", "required: [id,")
    spec = "steps: [{name: s, function: f, input: {amount: $.input.total}}]"
    assert found(spec, context, prefix="MF63") == ["MF6311"]
    mended = "steps: [{name: s, function: f, input: {amount: '${coalesce($.input.total, 1)}'}}]"
    assert found(mended, context, prefix="MF63") == []
    guarded = spec.replace("input:", "condition: exists($.input.total), input:")
    assert found(guarded, context, prefix="MF63") == []


def test_the_default_input_is_checked_too() -> None:
    assert found("steps: [{name: s, function: f}]", CONTEXT, prefix="MF63") == [
        "MF6310"
    ]


def test_what_compensation_receives_is_checked() -> None:
    spec = "steps: [{name: s, compensation: {function: f}}]"
    codes = ["MF6310", "MF6309", "MF6309"]  # `amount`; `input` and `output` are extra
    assert found(spec, CONTEXT, prefix="MF63") == codes
    written = "steps: [{name: s, compensation: {function: f, input: {amount: x}}}]"
    assert found(written, CONTEXT, prefix="MF63") == ["MF6309"]


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        ("$.input.lines", []),
        ("$.input.any", []),
        ("$.input.id", ["MF6305"]),
        ("values($.input.map)", []),
        ("'$.input.lines[?@.sku == ''a'']'", []),
    ],
)
def test_loop_sources(source: str, codes: list[str]) -> None:
    spec = f"steps: [{{name: l, type: loop, iterate_over: {source}, steps: [{{name: s}}]}}]"
    assert found(spec, CONTEXT, prefix="MF63") == codes


def test_items_and_iterations_are_typed() -> None:
    spec = """
steps:
  - name: l
    type: loop
    iterate_over: $.input.lines
    steps: [{name: s, function: f, input: {amount: $.item.sku}}]
    collect: $.s.id
    output: {ids: $.iterations, first: '$.iterations[0].x'}
  - {name: t, function: f, input: {amount: 3, list: $.l.ids}}
  - {name: u, function: f, input: {amount: 3, text: $.l.ids}}
"""
    codes = sorted(found(spec, CONTEXT, prefix="MF63"))
    assert codes == ["MF6301", "MF6309", "MF6309"]


def test_branches_are_typed() -> None:
    spec = """
steps:
  - name: p
    type: parallel
    branches:
      - {name: a, function: f, input: {amount: 3}}
      - name: b
        steps: [{name: c, function: f, input: {amount: 3}}]
        output: {charge: $.c.id}
    output: {x: $.branches.a.id, y: $.branches.b.charge, z: $.branches.b.id}
  - {name: s, function: f, input: {amount: $.p.x}}
"""
    assert found(spec, CONTEXT, prefix="MF63") == ["MF6301", "MF6309"]


def test_both_sides_of_a_condition_are_typed() -> None:
    spec = """
steps:
  - name: c
    type: condition
    condition: $.input.flag
    then: [{name: a, type: transform, output: {v: 1, only: 2}}]
    else: [{name: b, type: transform, output: {v: 2}}]
  - {name: s, function: f, input: {amount: $.c.v}}
  - {name: t, function: f, input: {amount: $.c.only}}
  - {name: u, function: f, input: {amount: $.c.neither}}
"""
    assert found(spec, CONTEXT, prefix="MF63") == ["MF6301"]


def test_steps_without_outputs_have_no_fields() -> None:
    spec = "steps: [{name: w, type: wait, duration: 1s}, {name: s, input: {x: $.w.y}}]"
    assert found(spec, CONTEXT, prefix="MF63") == ["MF6301"]


def test_events_tasks_and_requests_are_typed() -> None:
    spec = """
steps:
  - {name: w, type: wait_for_event, event: e, correlate: {id: $.input.id}, timeout: 1h,
     schema: {type: object, properties: {n: {type: integer}}},
     output: {a: $.response.data.n, b: $.response.id, c: $.response.data.m, d: $.response.ext}}
  - {name: h, type: human_task, form: {type: object, properties: {ok: {type: boolean}}},
     output: {ok: $.form.ok, no: $.form.no}}
  - {name: q, type: http, url: 'https://x.y', output: {s: $.response.status, t: $.response.stats}}
  - {name: u, type: wait, until: $.input.when}
  - {name: v, type: wait, until: $.input.total}
"""
    assert found(spec, CONTEXT, prefix="MF63") == [
        "MF6301",
        "MF6301",
        "MF6301",
        "MF6306",
    ]


def test_emitted_data_fits_the_event() -> None:
    context = (
        CONTEXT
        + "events: {e: {type: object, required: [n], properties: {n: {type: integer}}}}\n"
    )
    spec = "steps: [{name: s, type: emit, event: e, data: {n: x}}, {name: t, type: emit, event: e, data: {}}]"
    assert found(spec, context, prefix="MF63") == ["MF6309", "MF6310"]


def test_the_state_of_a_step_is_an_enum() -> None:
    spec = "steps: [{name: a}, {name: s, condition: $.a.status == 'faild'}]"
    problem = only(spec, CONTEXT, code="MF6303")
    assert problem.help == "did you mean 'failed'?"
    assert text_at(problem, spec) == "'faild'"


def test_errors_have_fields() -> None:
    spec = """
steps:
  - {name: a, on_failure: h}
  - {name: h, handler: true, input: {c: $.error.code, d: $.error.details.x, e: $.error.cod}}
"""
    assert only(spec, CONTEXT, code="MF6301").help == "did you mean `code`?"


def test_trigger_inputs_fit_the_runs_input() -> None:
    spec = """
steps: [{name: a}]
triggers: [{type: schedule, every: 1h, input: {total: x}}]
"""
    context = "input_schema: {type: object, required: [total], properties: {total: {type: number}}}"
    assert found(spec, context, prefix="MF63") == ["MF6309"]


def test_places_are_exact() -> None:
    spec = "steps: [{name: s, function: f, input: {amount: $.input.totla}}]"
    problem = only(spec, CONTEXT, code="MF6301")
    assert text_at(problem, spec) == ".totla"
    assert problem.help == "did you mean `total`?"
    assert problem.labels[0].message == "declared here"


def test_a_consequence_is_not_reported() -> None:
    spec = (
        "steps: [{name: s, function: f, input: {amount: $.zzz.x, text: $.input.zzz}}]"
    )
    assert found(spec, CONTEXT, prefix="MF6") == ["MF6101", "MF6301"]


@pytest.mark.parametrize(
    ("given", "wanted", "codes"),
    [
        ("{type: integer, minimum: 5}", "{type: number, maximum: 4}", ["MF6309"]),
        ("{type: integer, minimum: 5}", "{type: number, maximum: 5}", []),
        ("{type: string, minLength: 3}", "{type: string, maxLength: 2}", ["MF6309"]),
        ("{type: string, minLength: 2}", "{type: string, maxLength: 2}", []),
        ("{enum: [ab, cd]}", "{type: string, maxLength: 1}", ["MF6309"]),
        ("{enum: [ab, c]}", "{type: string, maxLength: 1}", []),
        ("{type: string, minLength: 3}", "{enum: [ab, c]}", ["MF6309"]),
        ("{type: string, minLength: 3}", "{enum: [ab, abc]}", []),
        ("{type: 'null'}", "{type: [string, 'null'], maxLength: 2}", []),
    ],
)
def test_schemas_that_exclude_each_other(
    given: str, wanted: str, codes: list[str]
) -> None:
    context = f"""
input_schema: {{type: object, required: [a], properties: {{a: {given}}}}}
output_schema: {{type: object}}
functions:
  f:
    input_schema: {{type: object, required: [b], properties: {{b: {wanted}}}}}
    output_schema: {{type: object}}
"""
    spec = "steps: [{name: s, function: f, input: {b: $.input.a}}]"
    assert found(spec, context, prefix="MF63") == codes
