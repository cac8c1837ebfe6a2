"""Secrets in clear text and on their way to storage; sizes without a bound."""

from __future__ import annotations

import pytest

from tests.unit.check.flows import found, only, text_at

TOKEN = "abcdefghij0123456789"

CLEAR = {
    "{password: hunter-2}": ["MF8001"],
    "{api_key: abcd1234}": ["MF8001"],
    "{'x-api-key': abcd1234}": ["MF8001"],
    "{nested: [{clientSecret: abcd1234}]}": ["MF8001"],
    "{db_password: abcd}": ["MF8001"],
    f"{{token: {TOKEN}}}": ["MF8001"],
    "{token: next}": [],
    "{password: $.input.password}": [],
    "{password: '${secrets.P}'}": [],
    "{password_hint: my first pet}": [],
    "{secretary: Alice Miller}": [],
    "{Authorization: Bearer abcdef}": ["MF8001"],
    "{Authorization: required}": [],
    "{url: 'https://bob:hunter2@example.com/x'}": ["MF8001"],
    "{url: 'https://bob:${secrets.P}@example.com/x'}": [],
    "{url: 'https://example.com:8080/x@y'}": [],
    "{x: AKIAIOSFODNN7EXAMPLE}": ["MF8001"],
    "{x: '-----BEGIN RSA PRIVATE KEY-----'}": ["MF8001"],
}


@pytest.mark.parametrize("mapping", CLEAR)
def test_clear_text(mapping: str) -> None:
    spec = f"steps: [{{name: a, input: {mapping}}}]"
    assert found(spec, prefix="MF8") == CLEAR[mapping]


def test_headers_are_looked_at() -> None:
    spec = "steps: [{name: a, type: http, url: 'https://x.y', headers: {Authorization: Basic YWJj}}]"
    problem = only(spec, code="MF8001")
    assert text_at(problem, spec) == "Basic YWJj"
    assert "${secrets.AUTHORIZATION}" in problem.help


def test_notifications_are_looked_at() -> None:
    spec = """
steps: [{name: a}]
error_handling: {on_failure: fail, notification: [{email: a@b.c}, {pager: {api_key: abcd1234}}]}
"""
    assert text_at(only(spec, code="MF8001"), spec) == "abcd1234"


FLOWS = {
    "[{name: a, input: {k: '${secrets.K}'}}]": [],
    "[{name: a, type: http, url: 'https://x.y', headers: {k: 'Bearer ${secrets.K}'}, body: {k: '${secrets.K}'}}]": [],
    "[{name: a, type: http, url: 'https://x.y?k=${secrets.K}'}]": ["MF8004"],
    "[{name: a, type: http, url: 'https://x.y', query: {k: '${secrets.K}'}}]": [
        "MF8004"
    ],
    "[{name: a, output: {k: '${secrets.K}'}}]": ["MF8003"],
    "[{name: a, type: transform, output: {k: ['x ${secrets.K}']}}]": ["MF8003"],
    "[{name: a, type: emit, event: e, data: {k: '${secrets.K}'}}]": ["MF8003"],
    "[{name: a, type: fail, code: X, message: 'no ${secrets.K}'}]": ["MF8003"],
    "[{name: a, type: human_task, title: '${secrets.K}'}]": ["MF8003"],
    "[{name: a, type: human_task, input: {k: '${secrets.K}'}}]": ["MF8003"],
    "[{name: a, type: workflow, workflow: w, input: {k: '${secrets.K}'}}]": ["MF8003"],
    "[{name: a, input: {k: '${env.K}'}, output: {k: '${env.K}'}}]": [],
    "[{name: l, type: loop, iterate_over: '[1]', steps: [{name: a}], collect: '${secrets.K}'}]": [
        "MF8003"
    ],
}


@pytest.mark.parametrize("steps", FLOWS)
def test_flows(steps: str) -> None:
    assert found(f"steps: {steps}", prefix="MF800") == FLOWS[steps]


def test_a_secret_in_the_runs_output_and_in_a_rule() -> None:
    spec = """
steps: [{name: a}]
output: {k: '${secrets.K}'}
error_handling: [{condition: $.a.x == 1, action: {type: fail, message: '${secrets.K}'}}]
"""
    assert found(spec, prefix="MF800") == ["MF8003", "MF8003"]


def test_names_must_be_listed() -> None:
    spec = """
steps: [{name: a, input: {x: '${secrets.PAYMENT_KYE}', y: 'a ${ secrets.OTHER } b'}}]
security: {secrets: [PAYMENT_KEY, OTHER]}
"""
    problem = only(spec, code="MF8002")
    assert text_at(problem, spec) == "${secrets.PAYMENT_KYE}"
    assert problem.help == "did you mean `PAYMENT_KEY`?"
    assert found(spec, prefix="MF8005") == ["MF8005"]


def test_without_a_list_any_name_may_be_used() -> None:
    assert found("steps: [{name: a, input: {x: '${secrets.X}'}}]", prefix="MF8") == []


SIZES = {
    "{type: object, properties: {a: {type: string}}}": ["MF8101"],
    "{type: object, properties: {a: {type: string, maxLength: 3}}}": [],
    "{type: object, properties: {a: {type: string, format: uuid}}}": [],
    "{type: object, properties: {a: {type: string, enum: [x]}}}": [],
    "{type: object, properties: {a: {type: array, items: {type: integer}}}}": [
        "MF8101"
    ],
    "{type: object, properties: {a: {type: array, maxItems: 3, items: {type: string}}}}": [
        "MF8101"
    ],
    "{type: object, properties: {a: {type: object, additionalProperties: {type: integer}}}}": [
        "MF8101"
    ],
    "{type: object, properties: {a: {type: object, maxProperties: 2, additionalProperties: {type: integer}}}}": [],
    "{type: object, properties: {a: {type: integer}}}": [],
}


@pytest.mark.parametrize("schema", SIZES)
def test_sizes_of_the_input(schema: str) -> None:
    context = f"input_schema: {schema}"
    assert found("steps: [{name: a}]", context, prefix="MF81") == SIZES[schema]


def test_recursive_inputs_end() -> None:
    context = """
input_schema: {$ref: '#/definitions/Tree'}
definitions:
  Tree: {type: object, properties: {name: {type: string}, children: {type: array, items: {$ref: '#/definitions/Tree'}}}}
"""
    problem = only("steps: [{name: a}]", context, code="MF8101")
    assert "`$.input.name`" in problem.message


def test_loops() -> None:
    bounded = """
input_schema: {type: object, properties: {l: {type: array, maxItems: 3, items: {type: integer}}, m: {type: array, items: {type: integer}}}}
"""

    def codes(keys: str) -> list[str]:
        spec = f"steps: [{{name: l, type: loop, {keys}, steps: [{{name: a}}]}}]"
        return found(spec, bounded, prefix="MF8102")

    assert codes("iterate_over: $.input.l") == []
    assert codes("iterate_over: $.input.m") == ["MF8102"]
    assert codes("iterate_over: $.input.m, max_iterations: 3") == []
    assert codes("while: $.a.x != 1") == ["MF8102"]
