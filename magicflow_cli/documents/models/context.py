"""A WorkflowContext document, generated from schemas/context.schema.json by
scripts/generate_models.py. Do not edit."""

from __future__ import annotations

from typing import Literal, TypeAlias

from magicflow_cli.load.nodes import Node
from magicflow_cli.record import Record

Schema: TypeAlias = Node


Name: TypeAlias = str


Version: TypeAlias = str


class Metadata(Record):
    name: Name
    version: Version | None = None
    description: str | None = None
    tags: list[str] | None = None
    owner: str | None = None
    created_by: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class ErrorDeclaration(Record):
    retryable: bool | None = None
    description: str | None = None
    details: Schema | None = None


class FunctionDeclaration(Record):
    description: str | None = None
    input_schema: Schema | None = None
    output_schema: Schema | None = None
    errors: dict[str, ErrorDeclaration] | None = None


class ContextSpec(Record):
    input_schema: Schema | None = None
    output_schema: Schema | None = None
    definitions: dict[str, Schema] | None = None
    functions: dict[str, FunctionDeclaration] | None = None
    events: dict[str, Schema] | None = None


class WorkflowContext(Record):
    apiVersion: Literal["workflow.magic-flow.io/v2"] = "workflow.magic-flow.io/v2"
    kind: Literal["WorkflowContext"] = "WorkflowContext"
    metadata: Metadata
    spec: ContextSpec
