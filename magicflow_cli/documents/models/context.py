"""A WorkflowContext document, generated from schemas/context.schema.json by
scripts/generate_models.py. Do not edit."""

from __future__ import annotations

from typing import Literal, TypeAlias

from magicflow_cli.documents.bound import Bound
from magicflow_cli.load.nodes import Node

Schema: TypeAlias = Node


Name: TypeAlias = str


Version: TypeAlias = str


class Metadata(Bound):
    name: Name
    version: Version | None = None
    description: str | None = None
    tags: list[str] | None = None
    owner: str | None = None
    created_by: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class ErrorDeclaration(Bound):
    retryable: bool | None = None
    description: str | None = None
    details: Schema | None = None


class FunctionDeclaration(Bound):
    description: str | None = None
    input_schema: Schema | None = None
    output_schema: Schema | None = None
    errors: dict[str, ErrorDeclaration] | None = None


class ContextSpec(Bound):
    input_schema: Schema | None = None
    output_schema: Schema | None = None
    definitions: dict[str, Schema] | None = None
    functions: dict[str, FunctionDeclaration] | None = None
    events: dict[str, Schema] | None = None


class WorkflowContext(Bound):
    apiVersion: Literal["workflow.magic-flow.io/v2"] = "workflow.magic-flow.io/v2"
    kind: Literal["WorkflowContext"] = "WorkflowContext"
    metadata: Metadata
    spec: ContextSpec


# What the binder and jsonschema read: the schema without its prose.
# fmt: off
SHAPE: dict[str, object] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://magic-flow.io/schemas/v2/context.schema.json",
    "title": "WorkflowContext",
    "type": "object",
    "additionalProperties": False,
    "patternProperties": {"^x-": True},
    "required": ["apiVersion", "kind", "metadata", "spec"],
    "properties": {"apiVersion": {"const": "workflow.magic-flow.io/v2"}, "kind": {"const": "WorkflowContext"}, "metadata": {"$ref": "#/$defs/Metadata"}, "spec": {"$ref": "#/$defs/ContextSpec"}},
    "$defs": {
        "Schema": {},
        "Name": {"type": "string", "pattern": "^[a-z0-9_-]{1,63}$"},
        "Version": {"type": "string", "pattern": "^v?(?:0|[1-9][0-9]*)\\.(?:0|[1-9][0-9]*)\\.(?:0|[1-9][0-9]*)(?:-[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$"},
        "Metadata": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["name"], "properties": {"name": {"$ref": "#/$defs/Name"}, "version": {"$ref": "#/$defs/Version"}, "description": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}, "owner": {"type": "string"}, "created_by": {"type": "string"}, "labels": {"type": "object", "additionalProperties": {"type": "string"}}, "annotations": {"type": "object", "additionalProperties": {"type": "string"}}}},
        "ContextSpec": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"input_schema": {"$ref": "#/$defs/Schema"}, "output_schema": {"$ref": "#/$defs/Schema"}, "definitions": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Schema"}}, "functions": {"type": "object", "additionalProperties": {"$ref": "#/$defs/FunctionDeclaration"}}, "events": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Schema"}}}},
        "FunctionDeclaration": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"description": {"type": "string"}, "input_schema": {"$ref": "#/$defs/Schema"}, "output_schema": {"$ref": "#/$defs/Schema"}, "errors": {"type": "object", "additionalProperties": {"$ref": "#/$defs/ErrorDeclaration"}}}},
        "ErrorDeclaration": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"retryable": {"type": "boolean"}, "description": {"type": "string"}, "details": {"$ref": "#/$defs/Schema"}}},
    },
}
# fmt: on
