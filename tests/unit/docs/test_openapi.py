"""OpenAPI documents are valid and typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from magicflow.openapi import Components, describe
from openapi_spec_validator import OpenAPIV31SpecValidator

from magicflow_cli.plan import to_json
from magicflow_cli.plan.models import Plan
from tests.unit.docs.plans import compile_text, plans, steps


def describe_service(*described: Plan) -> dict[str, Any]:
    return describe([to_json(plan) for plan in described])


@pytest.mark.parametrize("name", plans())
def test_every_golden_gives_a_valid_document(name: str) -> None:
    document = describe_service(plans()[name])
    OpenAPIV31SpecValidator(document).validate()
    for pointer in _references(document):
        target: Any = document
        for part in pointer.removeprefix("#/").split("/"):
            target = target[part]
    ids = [
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
    ]
    assert len(ids) == len(set(ids))


def _references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [r for item in value for r in _references(item)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
    return own + [r for item in value.values() for r in _references(item)]


def test_the_service_of_user_onboarding() -> None:
    document = describe_service(plans()["user-onboarding/user-onboarding"])
    assert document["openapi"] == "3.1.1"
    assert "/api/v2/workflows/user-onboarding/execute" in document["paths"]
    schemas = document["components"]["schemas"]
    start = document["paths"]["/api/v2/workflows/user-onboarding/execute"]["post"]
    body = start["requestBody"]["content"]["application/json"]["schema"]
    request = body["properties"]["input"]
    input_ = schemas[request["$ref"].rsplit("/", 1)[-1]]
    assert list(input_["properties"]) == ["email", "name", "preferences", "metadata"]
    assert input_["required"] == ["email", "name"]
    assert input_["properties"]["email"]["description"] == "User's email address"


SCHEMA = """
  input_schema:
    type: object
    additionalProperties: false
    required: [id, kind]
    properties:
      id: {type: string, format: uuid, description: An id}
      kind: {enum: [a, b]}
      fixed: {const: 1}
      count: {type: integer, minimum: 1, maximum: 9, multipleOf: 2}
      small: {type: integer, format: int32}
      price: {type: number, exclusiveMinimum: 0, maximum: 10.5}
      maybe: {type: [string, "null"], minLength: 1, maxLength: 3, pattern: "^x"}
      list: {type: array, items: {type: string}, minItems: 1, maxItems: 2, uniqueItems: true}
      pair: {type: array, prefixItems: [{type: string}, {type: integer}], items: false, minItems: 2}
      map: {type: object, additionalProperties: {type: boolean}, minProperties: 1, propertyNames: {pattern: "^k", maxLength: 5}}
      bytes: {type: string, contentEncoding: base64}
      on: {type: boolean, default: true}
      free: {type: object}
      any: {}
      tree: {$ref: "#/$defs/Tree"}
      shape:
        oneOf:
          - {type: object, required: [type, r], properties: {type: {const: circle}, r: {type: number}}}
          - {type: object, required: [type, a], properties: {type: {const: square}, a: {type: number}}}
        discriminator: {propertyName: type}
    $defs:
      Tree: {type: object, properties: {children: {type: array, items: {$ref: "#/$defs/Tree"}}}}
"""

FINE: dict[str, Any] = {
    "id": "123e4567-e89b-12d3-a456-426614174000",
    "kind": "a",
    "fixed": 1,
    "count": 4,
    "small": -5,
    "price": 10.5,
    "maybe": None,
    "list": ["a"],
    "pair": ["a", 1],
    "map": {"k1": True},
    "bytes": "aGk=",
    "on": False,
    "free": {"x": [1]},
    "any": [None],
    "tree": {"children": [{"children": []}]},
    "shape": {"type": "circle", "r": 1},
}
WRONG: list[dict[str, Any]] = [
    {"kind": "c"},
    {"fixed": 2},
    {"count": 3},
    {"count": 10},
    {"small": 2**31},
    {"price": 0},
    {"maybe": ""},
    {"maybe": "y"},
    {"list": []},
    {"list": ["a", "a"]},
    {"list": ["a", "b", "c"]},
    {"pair": ["a"]},
    {"pair": ["a", "b"]},
    {"map": {}},
    {"map": {"x": True}},
    {"map": {"k": 1}},
    {"on": None},
    {"tree": {"children": [1]}},
    {"shape": {"type": "circle"}},
    {"shape": {"type": "triangle"}},
    {"other": 1},
]


@pytest.fixture
def validator(tmp_path: Path) -> Draft202012Validator:
    text = steps("- {name: t, type: transform, output: {v: $.input.id}}", SCHEMA[1:])
    plan = compile_text(tmp_path, text)
    components = Components(to_json(plan), "#/$defs/")
    schema = components.refer(to_json(plan.input))
    whole = {**schema, "$defs": components.schemas}
    Draft202012Validator.check_schema(whole)
    return Draft202012Validator(whole)


def test_a_type_means_the_schema_that_it_came_from(
    validator: Draft202012Validator,
) -> None:
    assert not list(validator.iter_errors(FINE))
    assert not list(validator.iter_errors({"id": FINE["id"], "kind": "b"}))
    assert list(validator.iter_errors({"id": FINE["id"]}))
    for wrong in WRONG:
        assert list(validator.iter_errors({**FINE, **wrong})), wrong


def test_built_in_types() -> None:
    components = Components(to_json(plans()["user-onboarding/user-onboarding"]))
    assert components.refer({"type": "any"}) == {}
    assert components.refer({"type": "string"}) == {"type": "string"}
    nullable = components.refer({"type": "string", "nullable": True})
    assert nullable == {"type": ["string", "null"]}


def test_events_and_errors(tmp_path: Path) -> None:
    plan = compile_text(
        tmp_path,
        steps(
            "- {name: charge, executor: bank, function: chargeCard}\n"
            "- {name: tell, type: emit, event: order.paid, data: {id: 1}}\n"
            "- {name: paid, type: wait_for_event, event: money.in, timeout: 1h}\n",
            "  context: c\n",
        )
        + """---
apiVersion: workflow.magic-flow.io/v2
kind: WorkflowContext
metadata: {name: c}
spec:
  input_schema: {type: object}
  output_schema: {type: object}
  functions:
    chargeCard:
      input_schema: {type: object}
      output_schema: {type: object}
      errors: {DECLINED: {retryable: false}}
  events:
    order.paid: {type: object, properties: {id: {type: integer}}, required: [id]}
    money.in: {type: object, properties: {sum: {type: number}}}
""",
    )
    document = describe_service(plan)
    OpenAPIV31SpecValidator(document).validate()
    assert list(document["webhooks"]) == ["order.paid"]
    assert list(document["x-magicflow-listens"]) == ["money.in"]
    start = document["paths"]["/api/v2/workflows/w/execute"]["post"]
    outcome = start["responses"]["200"]["content"]["application/json"]["schema"]
    codes = outcome["allOf"][1]["properties"]["error"]["anyOf"]
    assert codes[1]["properties"]["code"] == {"const": "DECLINED"}


def test_one_document_for_several_workflows() -> None:
    named = list(plans().values())
    seen: set[str] = set()
    several = []
    for plan in named:
        if plan.workflow.name not in seen:
            several.append(plan)
            seen.add(plan.workflow.name)
    document = describe_service(*several)
    OpenAPIV31SpecValidator(document).validate()
    for pointer in _references(document):
        target: Any = document
        for part in pointer.removeprefix("#/").split("/"):
            target = target[part]
    for name in seen:
        assert f"/api/v2/workflows/{name}/execute" in document["paths"]


def test_types_of_one_name_are_kept_apart() -> None:
    """A context that two workflows share gives both the same names."""
    one = to_json(plans()["user-onboarding/user-onboarding"])
    two = {**one, "workflow": {**one["workflow"], "name": "magicflow"}}
    document = describe([one, two])
    OpenAPIV31SpecValidator(document).validate()
    schemas = document["components"]["schemas"]
    input_ = schemas["UserOnboardingInput"]["properties"]["preferences"]["$ref"]
    assert input_.endswith("/UserOnboardingInputPreferences")
    input_ = schemas["magicflow.UserOnboardingInput"]["properties"]["preferences"]
    assert input_["$ref"].endswith("/magicflow.UserOnboardingInputPreferences")
