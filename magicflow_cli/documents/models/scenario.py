"""A Scenario document, generated from schemas/scenario.schema.json by
scripts/generate_models.py. Do not edit."""

from __future__ import annotations

from typing import Literal, TypeAlias

from magicflow_cli.documents.bound import Bound
from magicflow_cli.load.nodes import Node

Json: TypeAlias = Node


Duration: TypeAlias = str


Latency: TypeAlias = str


Name: TypeAlias = str


DateTime: TypeAlias = str


class ScenarioMetadata(Bound):
    name: Name
    description: str | None = None
    tags: list[str] | None = None


class Outcome(Bound):
    returns: Json | None = None
    fails: str | None = None
    times_out: Literal["timeout", "queue_timeout", "heartbeat_timeout"] | None = None
    never: Literal[True] | None = None
    one_of: list[Outcome] | None = None
    weight: float | None = None
    after: Latency | None = None
    message: str | None = None
    details: Json | None = None
    retryable: bool | None = None
    retry_after: Duration | None = None
    unknown: bool | None = None


class Happening(Bound):
    at: Duration
    event: str | None = None
    data: Json | None = None
    cancel: str | None = None
    pause: Literal[True] | None = None
    resume: Literal[True] | None = None


class StepExpectation(Bound):
    status: (
        Literal[
            "pending",
            "running",
            "retrying",
            "waiting",
            "completed",
            "failed",
            "timed_out",
            "skipped",
            "cancelled",
            "compensated",
            "absent",
        ]
        | None
    ) = None
    attempts: int | None = None
    input: Json | None = None
    output: Json | None = None
    error: Json | None = None
    fallback_used: bool | None = None


OutcomeList: TypeAlias = list[Outcome]


class Expectation(Bound):
    status: (
        Literal["completed", "failed", "timed_out", "cancelled", "waiting"] | None
    ) = None
    path: list[str] | None = None
    steps: dict[str, StepExpectation] | None = None
    output: Json | None = None
    error: Json | None = None
    events: list[str] | None = None
    compensation: Literal["complete", "incomplete"] | None = None
    within: Duration | None = None


Outcomes: TypeAlias = Outcome | OutcomeList


class ScenarioSpec(Bound):
    workflow: str
    input: Json | None = None
    metadata: dict[str, Json] | None = None
    start: DateTime | None = None
    timeout: Duration | None = None
    steps: dict[str, Outcomes] | None = None
    stubs: list[str] | None = None
    events: list[Happening] | None = None
    expect: Expectation | None = None


class Scenario(Bound):
    apiVersion: Literal["workflow.magic-flow.io/v2"] = "workflow.magic-flow.io/v2"
    kind: Literal["Scenario"] = "Scenario"
    metadata: ScenarioMetadata
    spec: ScenarioSpec


# What the binder and jsonschema read: the schema without its prose.
# fmt: off
SHAPE: dict[str, object] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://magic-flow.io/schemas/v2/scenario.schema.json",
    "title": "Scenario",
    "type": "object",
    "additionalProperties": False,
    "patternProperties": {"^x-": True},
    "required": ["apiVersion", "kind", "metadata", "spec"],
    "properties": {"apiVersion": {"const": "workflow.magic-flow.io/v2"}, "kind": {"const": "Scenario"}, "metadata": {"$ref": "#/$defs/ScenarioMetadata"}, "spec": {"$ref": "#/$defs/ScenarioSpec"}},
    "$defs": {
        "Json": {},
        "Duration": {"type": "string", "pattern": "^(?:[0-9]{1,12}ms|[0-9]{1,10}[sm]|[0-9]{1,9}h|[0-9]{1,8}d|P(?:[0-9]{1,7}W|(?=[0-9T])(?:[0-9]{1,8}D)?(?:T(?=[0-9])(?:[0-9]{1,8}H)?(?:[0-9]{1,8}M)?(?:[0-9]{1,8}(?:\\.[0-9]{1,3})?S)?)?))$"},
        "Latency": {"type": "string", "minLength": 1},
        "Name": {"type": "string", "pattern": "^[a-z0-9_-]{1,63}$"},
        "DateTime": {"type": "string", "minLength": 1},
        "ScenarioMetadata": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["name"], "properties": {"name": {"$ref": "#/$defs/Name"}, "description": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}}},
        "ScenarioSpec": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["workflow"], "properties": {"workflow": {"type": "string", "minLength": 1}, "input": {"$ref": "#/$defs/Json"}, "metadata": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Json"}}, "start": {"$ref": "#/$defs/DateTime"}, "timeout": {"$ref": "#/$defs/Duration"}, "steps": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Outcomes"}}, "stubs": {"type": "array", "items": {"type": "string", "minLength": 1}}, "events": {"type": "array", "items": {"$ref": "#/$defs/Happening"}}, "expect": {"$ref": "#/$defs/Expectation"}}},
        "Outcomes": {"anyOf": [{"$ref": "#/$defs/Outcome"}, {"$ref": "#/$defs/OutcomeList"}]},
        "OutcomeList": {"type": "array", "items": {"$ref": "#/$defs/Outcome"}, "minItems": 1},
        "Outcome": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "oneOf": [{"required": ["returns"]}, {"required": ["fails"]}, {"required": ["times_out"]}, {"required": ["never"]}, {"required": ["one_of"]}], "properties": {"returns": {"$ref": "#/$defs/Json"}, "fails": {"type": "string", "minLength": 1}, "times_out": {"enum": ["timeout", "queue_timeout", "heartbeat_timeout"]}, "never": {"const": True}, "one_of": {"type": "array", "items": {"$ref": "#/$defs/Outcome"}, "minItems": 1}, "weight": {"type": "number", "minimum": 0}, "after": {"$ref": "#/$defs/Latency"}, "message": {"type": "string"}, "details": {"$ref": "#/$defs/Json"}, "retryable": {"type": "boolean"}, "retry_after": {"$ref": "#/$defs/Duration"}, "unknown": {"type": "boolean"}}},
        "Happening": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["at"], "oneOf": [{"required": ["event"]}, {"required": ["cancel"]}, {"required": ["pause"]}, {"required": ["resume"]}], "properties": {"at": {"$ref": "#/$defs/Duration"}, "event": {"type": "string", "minLength": 1}, "data": {"$ref": "#/$defs/Json"}, "cancel": {"type": "string", "minLength": 1}, "pause": {"const": True}, "resume": {"const": True}}},
        "Expectation": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"status": {"enum": ["completed", "failed", "timed_out", "cancelled", "waiting"]}, "path": {"type": "array", "items": {"type": "string", "minLength": 1}}, "steps": {"type": "object", "additionalProperties": {"$ref": "#/$defs/StepExpectation"}}, "output": {"$ref": "#/$defs/Json"}, "error": {"$ref": "#/$defs/Json"}, "events": {"type": "array", "items": {"type": "string", "minLength": 1}}, "compensation": {"enum": ["complete", "incomplete"]}, "within": {"$ref": "#/$defs/Duration"}}},
        "StepExpectation": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"status": {"enum": ["pending", "running", "retrying", "waiting", "completed", "failed", "timed_out", "skipped", "cancelled", "compensated", "absent"]}, "attempts": {"type": "integer", "minimum": 0}, "input": {"$ref": "#/$defs/Json"}, "output": {"$ref": "#/$defs/Json"}, "error": {"$ref": "#/$defs/Json"}, "fallback_used": {"type": "boolean"}}},
    },
}
# fmt: on
