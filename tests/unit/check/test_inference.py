"""Types of undeclared functions, and the mappings that a document leaves out."""

from __future__ import annotations

from typing import Any

from magicflow_cli.check.model import CheckedWorkflow
from magicflow_cli.plan import models as plan
from tests.unit.check.flows import found, only, run

CONTEXT = """
input_schema:
  type: object
  required: [id, lines]
  properties:
    id: {type: string}
    note: {type: string}
    lines: {type: array, items: {type: object, required: [sku], properties: {sku: {type: string}}}}
output_schema:
  type: object
  properties: {user: {type: string}, state: {type: string, enum: [on, off]}}
functions:
  declared:
    input_schema: {type: object, properties: {n: {type: integer}, t: {type: string}}}
    output_schema: {type: object, properties: {user: {type: string}}}
"""


def shape(checked: CheckedWorkflow, ref: plan.TypeRef) -> Any:
    """A type in short: `string`, `{a: integer, b?: any}`, `[string]`, with `|null`."""
    null = "|null" if ref.nullable else ""
    defined = checked.types.get(ref.type)
    match defined:
        case plan.ObjectType(fields=fields):
            return {
                name + ("" if field.required else "?"): shape(checked, field.type)
                for name, field in fields.items()
            }
        case plan.ArrayType(items=items):
            return [shape(checked, items)]
        case plan.EnumType(values=values):
            return "/".join(map(str, values)) + null
        case plan.AliasType(of=of):
            return shape(checked, of)
        case None:
            return ref.type + null
        case _:
            return defined.kind + null


def input_of(spec: str, step: str = "s", context: str = CONTEXT) -> Any:
    checked, _ = run(spec, context)
    return shape(checked, checked.step_inputs[step])


def output_of(spec: str, step: str = "s", context: str = CONTEXT) -> Any:
    checked, _ = run(spec, context)
    info = next(
        f for f in checked.functions.values() if step in [s.name for s in f.steps]
    )
    return shape(checked, info.output)


INPUT = {"id": "string", "note?": "string", "lines": [{"sku": "string"}]}
NO_OUTPUT = CONTEXT.replace(
    "{user: {type: string}, state: {type: string, enum: [on, off]}}}", "{}}", 1
).replace(
    "properties: {user: {type: string}, state: {type: string, enum: [on, off]}}",
    "properties: {}",
    1,
)


def test_inputs_are_inferred_from_the_mapping() -> None:
    spec = """
steps:
  - name: s
    input: {a: $.input.id, b: $.input.note, c: 1, d: EUR, e: [1, 2], f: {g: true}, h: [],
            i: '${now()}', j: '${$.input.lines[*].sku}', k: null, l: 1.5, m: [1, x]}
"""
    assert input_of(spec) == {
        "a": "string",
        "b?": "string",
        "c": "integer",
        "d": "string",
        "e": ["integer"],
        "f": {"g": "boolean"},
        "h": "array",
        "i": "string",
        "j": ["string"],
        "k": "null",
        "l": "number",
        "m": "array",
    }


def test_a_default_input_is_the_runs() -> None:
    assert input_of("steps: [{name: s}]") == INPUT


def test_a_handler_receives_input_and_error() -> None:
    found = input_of("steps: [{name: a, on_failure: s}]")
    assert found["input"] == INPUT
    assert found["error"]["code"] == "string"


def test_all_handlers_share_one_error_type() -> None:
    checked, _ = run(
        "steps: [{name: a, on_failure: s}, {name: b, on_failure: t}]", CONTEXT
    )
    errors = [id for id in checked.types if id.endswith("#/inferred/error")]
    assert errors == ["order#/inferred/error"]


def test_a_step_of_a_loop_receives_the_item_too() -> None:
    spec = """
steps: [{name: l, type: loop, iterate_over: $.input.lines, item_variable: line, steps: [{name: s}]}]
"""
    assert input_of(spec) == INPUT | {"line": {"sku": "string"}}


def test_a_fallback_receives_the_failed_steps_input() -> None:
    assert input_of("steps: [{name: a, fallback_step: s, input: {x: 1}}]") == {
        "x": "integer"
    }


def test_compensation_receives_input_and_output() -> None:
    checked, _ = run(
        "steps: [{name: a, function: declared, input: {n: 1}, compensation: {function: undo}}]",
        CONTEXT,
    )
    info = checked.functions["order/undo"]
    assert shape(checked, info.input) == {
        "input": {"n": "integer"},
        "output?": {"user?": "string"},
    }
    assert info.steps == []


def test_two_calls_of_one_function() -> None:
    spec = """
steps:
  - {name: s, function: f, input: {a: 1, b: x}}
  - {name: t, function: f, input: {a: 1.5, c: true}}
"""
    assert input_of(spec) == {"a": "number", "b?": "string", "c?": "boolean"}


def test_outputs_are_inferred_from_their_uses() -> None:
    spec = """
steps:
  - {name: s}
  - name: t
    function: declared
    condition: $.s.ok == true && $.s.count > 3 && $.s.kind in ['a', 'b']
    input: {n: $.s.number, t: "${coalesce($.s.text, '')}"}
  - {name: u, input: {x: $.s.deep.er, y: '$.s.list[0].z', v: "${exists($.s.there)}"}}
"""
    assert output_of(spec, context=NO_OUTPUT) == {
        "ok?": "boolean",
        "count?": "number",
        "kind?": "string",
        "number": "integer",
        "text?": "string|null",
        "deep": {"er": "any"},
        "list": [{"z": "any"}],
        "there?": "any",
    }


def test_what_a_mapping_reads_is_required() -> None:
    spec = (
        "steps: [{name: s}, {name: t, input: {x: $.s.x, y: '${coalesce($.s.y, 1)}'}}]"
    )
    assert output_of(spec, context=NO_OUTPUT) == {"x": "any", "y?": "number|null"}


def test_the_response_is_typed_by_what_its_mapping_is_used_for() -> None:
    spec = """
steps:
  - {name: s, output: {good: $.response.valid}}
  - {name: t, condition: $.s.good == true}
"""
    assert output_of(spec, context=NO_OUTPUT) == {"valid": "boolean"}
    checked, _ = run(spec, NO_OUTPUT)
    assert shape(checked, checked.step_outputs["s"]) == {"good": "boolean"}


def test_uses_that_contradict_tell_nothing() -> None:
    spec = "steps: [{name: s}, {name: t, condition: $.s.x == 'a' || $.s.x == 1}]"
    assert output_of(spec, context=NO_OUTPUT) == {"x?": "any"}


def test_the_output_schema_is_a_use() -> None:
    assert output_of("steps: [{name: s}]") == {"user?": "string", "state?": "on/off"}


def test_a_type_flows_from_the_use_to_another_functions_input() -> None:
    spec = "steps: [{name: a}, {name: s, input: {u: $.a.user}}]"
    assert input_of(spec) == {"u": "string"}


def test_a_fallback_gives_what_its_step_gives() -> None:
    spec = """
steps:
  - {name: a, fallback_step: s}
  - {name: t, function: declared, input: {t: $.a.name}}
"""
    assert output_of(spec, context=NO_OUTPUT) == {"name": "string"}


def test_a_fallback_of_a_mapped_step_gives_its_fields() -> None:
    spec = """
steps:
  - {name: a, function: declared, output: {who: $.response.user}, fallback_step: s}
"""
    assert output_of(spec, context=NO_OUTPUT) == {"who?": "string"}


def test_a_fallback_that_lacks_a_field() -> None:
    spec = """
steps:
  - {name: a, fallback_step: f}
  - {name: t, input: {x: $.a.x}}
  - {name: f, handler: true, type: transform, output: {y: 1}}
"""
    assert found(spec, CONTEXT, prefix="MF6402") == ["MF6402"]
    assert found(spec.replace("{y: 1}", "{x: 1}"), CONTEXT, prefix="MF6402") == []


def test_nothing_is_known() -> None:
    problem = only("steps: [{name: s}, {name: t}]", NO_OUTPUT, code="MF6401")
    assert "`s`, `t`" in problem.message
    assert len(problem.labels) == 1


# -- defaults


def test_default_inputs_are_written_out() -> None:
    spec = """
steps:
  - {name: plain, on_failure: handler, fallback_step: instead}
  - {name: l, type: loop, iterate_over: $.input.lines, steps: [{name: inner}]}
  - {name: w, type: while, steps: []}
""".replace("  - {name: w, type: while, steps: []}\n", "")
    checked, _ = run(spec, CONTEXT)
    values = checked.step_input_values
    assert isinstance(values["plain"], plan.PathExpr)
    assert values["plain"].root == "input"
    assert "instead" not in values
    handler = values["handler"]
    assert isinstance(handler, plan.ObjectExpr)
    assert list(handler.members) == ["input", "error"]
    inner = values["inner"]
    assert isinstance(inner, plan.CallExpr) and inner.function == "merge"


def test_default_compensation_is_written_out() -> None:
    checked, _ = run("steps: [{name: a, compensation: {function: undo}}]")
    value = checked.compensation_input_values["a"]
    assert isinstance(value, plan.ObjectExpr)
    assert [p.name for p in value.members.values() if isinstance(p, plan.PathExpr)] == [
        "input",
        "output",
    ]


def sources(checked: CheckedWorkflow) -> dict[str, list[str | None]]:
    """The steps that each member of the output comes from, in order."""
    value = checked.output_value
    assert isinstance(value, plan.ObjectExpr)
    found = {}
    for name, member in value.members.items():
        paths = member.args if isinstance(member, plan.CallExpr) else [member]
        found[name] = [path.name for path in paths if isinstance(path, plan.PathExpr)]
    return found


def test_the_default_output_takes_the_latest_step_that_has_it() -> None:
    spec = """
steps:
  - {name: a, type: transform, output: {user: x}, on_failure: h}
  - {name: b, type: transform, output: {other: y}}
  - {name: c, type: transform, output: {user: z}}
  - name: p
    type: parallel
    branches: [{name: d, steps: [{name: e, type: transform, output: {user: v}}]}, {name: f, steps: [{name: g, type: wait, duration: 1s}]}]
  - {name: l, type: loop, iterate_over: $.input.lines, steps: [{name: i, type: transform, output: {user: w}}]}
  - {name: h, handler: true, type: transform, output: {user: h}}
"""
    checked, _ = run(spec, CONTEXT)
    assert sources(checked) == {"user": ["e", "c", "a"]}


def test_without_an_output_schema_the_latest_steps_output() -> None:
    checked, _ = run(
        "steps: [{name: a}, {name: w, type: wait, duration: 1s}, {name: b}]"
    )
    value = checked.output_value
    assert isinstance(value, plan.CallExpr) and value.function == "either"
    assert [p.name for p in value.args if isinstance(p, plan.PathExpr)] == ["b", "a"]


def test_a_workflow_without_outputs() -> None:
    checked, _ = run("steps: [{name: w, type: wait, duration: 1s}]")
    assert checked.output_value == plan.LitExpr(value=None)


def test_output_properties_that_nothing_produces() -> None:
    spec = "steps: [{name: a, type: transform, output: {usr: x}}]"
    problems = [d for d in run(spec, CONTEXT)[1] if d.code == "MF6502"]
    assert sorted(p.message.split("`")[1] for p in problems) == ["state", "user"]
    assert any("`usr`" in p.help for p in problems)
    required = CONTEXT.replace(
        "properties: {user", "required: [user]\n  properties: {user", 1
    )
    assert sorted(found(spec, required, prefix="MF650")) == ["MF6501", "MF6502"]


def test_a_required_property_that_only_undeclared_functions_can_give() -> None:
    required = CONTEXT.replace(
        "properties: {user", "required: [user]\n  properties: {user", 1
    )
    assert found("steps: [{name: a}]", required, prefix="MF650") == ["MF6502"]


def test_an_output_property_of_the_wrong_type() -> None:
    spec = "steps: [{name: a, type: transform, output: {user: 1, state: on}}]"
    assert found(spec, CONTEXT, prefix="MF650") == ["MF6502"]


def test_a_written_output() -> None:
    spec = "steps: [{name: a, function: declared, input: {}}]\noutput: {user: $.a.user}"
    assert found(spec, CONTEXT, prefix="MF650") == ["MF6502"]
    assert found(spec + "\n", CONTEXT, prefix="MF63") == []
    wrong = "steps: [{name: a}]\noutput: {user: 1, state: x}"
    assert found(wrong, CONTEXT, prefix="MF63") == ["MF6309", "MF6309"]


def test_a_cycle_of_steps_that_read_each_other() -> None:
    spec = """
steps:
  - {name: a, output: {x: '${coalesce($.b.x, 1)}'}, condition: $.input.id != ''}
  - {name: b, output: {x: $.a.x}, on_success: a, max: 1}
""".replace(", max: 1", "")
    run(spec, CONTEXT)


def test_steps_types_are_named_after_the_step() -> None:
    checked, _ = run(
        "steps: [{name: s, function: f, output: {a: $.response.b}}]", NO_OUTPUT
    )
    words = {
        id: defined.name.words
        for id, defined in checked.types.items()
        if id.startswith("order#")
    }
    assert words == {
        "order#/inferred/order/f/output": ["s", "output"],
        "order#/steps/s/output": ["s", "mapped", "output"],
    }


def test_a_whole_output_that_is_used_and_read() -> None:
    context = (
        NO_OUTPUT
        + "  g: {input_schema: {type: object, required: [a], properties: {a: {type: integer}}}}\n"
    )
    both = "steps: [{name: s}, {name: t, function: g, input: $.s}, {name: u, input: {x: $.s.b}}]"
    assert output_of(both, context=context) == {"a": "integer", "b": "any"}
    one = "steps: [{name: s}, {name: t, function: g, input: $.s}, {name: u, input: {x: $.s.a}}]"
    assert output_of(one, context=context) == {"a": "integer"}


def test_an_output_that_is_no_object() -> None:
    context = "input_schema: {type: object}\noutput_schema: {type: array, items: {type: integer}}"
    checked, _ = run("steps: [{name: s}]", context)
    assert checked.output_value == plan.PathExpr(
        root="step", name="s", field="output", segments=[], singular=True
    )
    assert output_of("steps: [{name: s}]", context=context) == ["integer"]


def test_the_item_needs_an_object_to_stand_in() -> None:
    context = "input_schema: {type: array, items: {type: string}}"
    spec = "steps: [{name: l, type: loop, iterate_over: $.input, steps: [{name: s}]}]"
    assert found(spec, context, prefix="MF63") == ["MF6309"]
    mapped = spec.replace("{name: s}", "{name: s, input: {x: $.item}}")
    assert found(mapped, context, prefix="MF63") == []
