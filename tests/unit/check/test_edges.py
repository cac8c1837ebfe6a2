"""Rarer shapes of workflows that several rules have to get through."""

from __future__ import annotations

import pytest

from tests.unit.check.flows import found, only, run

OUTPUT = "output_schema: {type: object, required: [id], properties: {id: {type: integer}, sum: {type: number}}}"


def test_a_property_of_another_type_is_not_a_source() -> None:
    spec = "steps: [{name: a, type: transform, output: {id: text}}]"
    diagnostic = only(spec, OUTPUT, code="MF6501")
    assert "must be an integer" in diagnostic.message


def test_an_output_schema_by_reference_is_pointed_at() -> None:
    context = (
        "definitions: {Out: {type: object, required: [id], properties: {id: {type: string}}}}\n"
        "output_schema: {$ref: '#/definitions/Out'}"
    )
    diagnostic = only(
        "steps: [{name: a, type: wait, duration: 1s}]", context, code="MF6501"
    )
    assert diagnostic.span is not None and diagnostic.span.line > 8


def test_a_near_property_is_suggested_from_schemas_and_mappings() -> None:
    context = f"{OUTPUT}\nfunctions: {{f: {{output_schema: {{type: object, properties: {{summ: {{type: number}}}}}}}}}}"
    spec = (
        "steps: [{name: a, function: f}, {name: b, type: transform, output: {idd: 1}}]"
    )
    checked, diagnostics = run(spec, context)
    assert checked.output_value is not None
    helps = {d.message: d.help for d in diagnostics if d.code in ("MF6501", "MF6502")}
    assert "did you mean that?" in helps["no step produces the output property `sum`"]


RULES = {
    "$.error.code in ['X', 'Y']": [],
    "$.error.code in ['DECLINED', 'Y']": [],
    "$.error.code == 'NOPE' || $.error.code == 'NADA'": ["MF6704"],
    "$.error.code in ['NOPE', 'NADA']": ["MF6704"],
    "'NOPE' == $.error.code": ["MF6704"],
    "$.error.code == 'DECLINED'": [],
    "$.error.code == 'TIMEOUT'": [],
    "$.error.code != 'NOPE'": [],
    "$.error.message == 'NOPE'": [],
    "$.error.code == 'NOPE' && $.error.attempt > 1": ["MF6704"],
    "$.error.attempt > 1 && $.error.code == 'NOPE'": ["MF6704"],
    "$.error.code == 'Y' && $.error.code == 'DECLINED'": ["MF6704"],
    "$.error.code == 'NOPE' || $.error.attempt > 1": [],
    "!($.error.code == 'NOPE')": [],
}


@pytest.mark.parametrize("test", RULES)
def test_rules_that_name_codes(test: str) -> None:
    context = "functions: {f: {errors: {DECLINED: {retryable: false}, Y: {}}}}"
    spec = (
        "steps: [{name: a, function: f}]\n"
        f'error_handling: [{{condition: "{test}", action: {{type: continue}}}}]'
    )
    expected = RULES[test]
    assert found(spec, context, prefix="MF6704") == expected


SECRETS = {
    "steps: [{name: a, input: {list: [1, '${secrets.K}'], text: 'x ${secrets.K} y'}}]": [],
    "steps: [{name: a, input: {list: ['${ secrets.OTHER }']}}]": ["MF8002", "MF8005"],
    "steps: [{name: a, input: {e: '${env.HOME}'}}]": ["MF8005"],
    "steps: [{name: a, type: emit, event: e, data: {k: '${secrets.K}'}}]": ["MF8003"],
    "steps: [{name: a, type: http, url: 'https://x.y/${secrets.K}'}]": ["MF8004"],
    "steps: [{name: a, compensation: {function: u, input: {k: '${secrets.K}'}}}]": [],
}


@pytest.mark.parametrize("steps", SECRETS)
def test_secrets_in_every_shape(steps: str) -> None:
    spec = f"security: {{secrets: [K]}}\n{steps}"
    assert sorted(found(spec, prefix="MF8")) == SECRETS[steps]


NESTED = {
    # a jump to a step of another block, from a case inside a branch
    "steps: [{name: p, type: parallel, branches: [{name: x, steps: [{name: s, type: switch,"
    " cases: [{when: $.input.k == 1, goto: z}]}]}]}, {name: z}]": ["MF3002"],
    # a dependency on a handler, and a circle
    "steps: [{name: a, depends_on: [b]}, {name: b, depends_on: [a]}]": ["MF3011"],
    "steps: [{name: a}, {name: b, depends_on: [a], on_success: a}]": [
        "MF3012",
        "MF3010",
    ],
    "steps: [{name: a, type: end}, {name: b}]": ["MF3001"],
    "steps: [{name: a, type: fail, code: X}, {name: b, on_success: a}]": ["MF3001"],
    "steps: [{name: a, handler: true}, {name: b, on_failure: a}]": [],
    "steps: [{name: a, fallback_step: w}, {name: w, handler: true, type: end}]": [
        "MF3018"
    ],
}


@pytest.mark.parametrize("spec", NESTED)
def test_graphs(spec: str) -> None:
    assert found(spec, prefix="MF3") == NESTED[spec]


READS = {
    # in a rule's steps, compensation, branches, loops in branches, human tasks
    "steps: [{name: a}]\nerror_handling: [{condition: $.error.code == 'X', action: {type:"
    " compensate, steps: [{name: c, input: {e: $.error.code, a: $.a.id}}]}}]": [
        "MF6202"
    ],
    "steps: [{name: l, type: loop, iterate_over: $.input.xs, max_iterations: 3, steps: [{name: p,"
    " type: parallel, branches: [{name: x, input: {i: $.item, n: $.index}}]}]}]": [],
    "steps: [{name: l, type: loop, while: $.index < 3, max_iterations: 3, steps: [{name: b}],"
    " collect: $.b.id, output: {all: $.iterations}}, {name: c, input: {x: $.l.all}}]": [],
    "steps: [{name: h, type: human_task, assignee: x, form: {type: object, properties: {ok:"
    " {type: boolean}}}, timeout: 1h, on_failure: z, output: {ok: $.response.ok}}, {name: z,"
    " handler: true, input: {c: $.error.code, s: $.error.step, x: $.error.zz}}]": [
        "MF6301"
    ],
    "steps: [{name: a, input: {x: $.response.id}}]": ["MF6102"],
    "steps: [{name: a, input: {x: $.item}}]": ["MF6102"],
    "steps: [{name: a, input: {x: $.error.code}}]": ["MF6102"],
    "steps: [{name: a, input: {x: $.branches.y}}]": ["MF6102"],
    "steps: [{name: a, input: {x: $.iterations}}]": ["MF6102"],
    "steps: [{name: a, input: {x: $.execution.id, y: $.metadata.name}}]": [],
    "steps: [{name: a, input: {x: $.execution.zz}}]": ["MF6301"],
    "steps: [{name: a, input: {x: $}}]": ["MF6103"],
    "steps: [{name: a, input: {x: $.steps}}]": ["MF6103"],
    "steps: [{name: a, output: {x: $.response}}, {name: b, input: {x: $.steps.a.output.x,"
    " s: $.steps.a.status, t: $.steps.a.attempts, e: $.steps.a.error}}]": [],
    "steps: [{name: a, input: {x: $.steps.b.zz}}]": ["MF6101"],
    "concurrency: {max_runs: 1, key: $.a.id, max_per_key: 1}\nsteps: [{name: a}]": [
        "MF6102"
    ],
}


@pytest.mark.parametrize("spec", READS)
def test_reads(spec: str) -> None:
    codes = [c for c in found(spec, prefix="MF6") if c[:4] in ("MF61", "MF62", "MF63")]
    codes = [c for c in codes if c[:4] in ("MF61", "MF62") or c == "MF6301"]
    assert codes == READS[spec]
    assert all(c.startswith("MF6") for c in codes)
