"""OpenAPI documents are valid and typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from magicflow_cli.docs.json_schema import Components
from magicflow_cli.docs.openapi import describe_service
from magicflow_cli.plan.models import TypeRef
from tests.unit.docs.plans import compile_text, plans, steps


@pytest.mark.parametrize("name", plans())
def test_every_golden_gives_a_valid_document(name: str) -> None:
    document = describe_service(plans()[name])
    OpenAPIV31SpecValidator(document).validate()
    for pointer in _references(document):
        target: Any = document
        for part in pointer.removeprefix("#/").split("/"):
            target = target[part]
    ids = [
        o["operationId"] for path in document["paths"].values() for o in path.values()
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
    request = schemas["magicflow.ExecuteRequest"]["properties"]["input"]
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
    components = Components(plan, "#/$defs/")
    schema = components.refer(plan.input)
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
    components = Components(plans()["user-onboarding/user-onboarding"])
    assert components.refer(TypeRef(type="any")) == {}
    assert components.refer(TypeRef(type="string")) == {"type": "string"}
    nullable = components.refer(TypeRef(type="string", nullable=True))
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
    error = document["components"]["schemas"]["magicflow.Error"]
    assert error["oneOf"][0]["properties"]["code"] == {"const": "DECLINED"}
