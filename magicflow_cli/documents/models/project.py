"""The project file, generated from schemas/project.schema.json by
scripts/generate_models.py. Do not edit."""

from __future__ import annotations

from typing import Literal

from magicflow_cli.documents.bound import Bound


class Target(Bound):
    lang: Literal["go", "python", "typescript", "java"]
    out: str
    package: str | None = None
    parts: list[Literal["types", "server", "executor", "client"]] | None = None
    runtime: Literal["vendored", "package"] | None = None


class RuntimePackage(Bound):
    path: str | None = None
    index: str | None = None
    version: str | None = None


class Project(Bound):
    version: Literal[1] = 1
    profile: Literal["mf-2026.1"] | None = None
    workflows: list[str] | None = None
    contexts: list[str] | None = None
    package: str | None = None
    targets: list[Target] | None = None
    runtime: Literal["vendored", "package"] | None = None
    runtime_package: RuntimePackage | None = None


# What the binder and jsonschema read: the schema without its prose.
# fmt: off
SHAPE: dict[str, object] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://magic-flow.io/schemas/v2/project.schema.json",
    "title": "Project",
    "type": "object",
    "additionalProperties": False,
    "patternProperties": {"^x-": True},
    "required": ["version"],
    "properties": {"version": {"const": 1}, "profile": {"enum": ["mf-2026.1"]}, "workflows": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}, "contexts": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}, "package": {"type": "string", "minLength": 1}, "targets": {"type": "array", "items": {"$ref": "#/$defs/Target"}}, "runtime": {"enum": ["vendored", "package"]}, "runtime_package": {"$ref": "#/$defs/RuntimePackage"}},
    "$defs": {
        "Target": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["lang", "out"], "properties": {"lang": {"enum": ["go", "python", "typescript", "java"]}, "out": {"type": "string", "minLength": 1}, "package": {"type": "string", "minLength": 1}, "parts": {"type": "array", "items": {"enum": ["types", "server", "executor", "client"]}, "minItems": 1}, "runtime": {"enum": ["vendored", "package"]}}},
        "RuntimePackage": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "oneOf": [{"required": ["path"]}, {"required": ["index"]}], "properties": {"path": {"type": "string", "minLength": 1}, "index": {"type": "string", "minLength": 1}, "version": {"type": "string", "minLength": 1}}},
    },
}
# fmt: on
