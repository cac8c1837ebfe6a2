"""The schemas as editors want them: the canonical ones plus every alias."""

from __future__ import annotations

import copy
import json
from typing import Any, Literal, TypeAlias

from magicflow_cli.documents.aliases import ALIASES, TYPE_ALIASES, Alias, Place
from magicflow_cli.documents.headers import API_VERSION_ALIASES
from magicflow_cli.documents.shortform import METADATA
from magicflow_cli.resources import read_text

Schema: TypeAlias = dict[str, Any]
SchemaName: TypeAlias = Literal[
    "workflow",
    "context",
    "scenario",
    "project",
    "server",
    "executor",
    "plan",
    "messages",
]

_DEFINITIONS: dict[Place, tuple[str, ...]] = {
    "rule": ("FailureRule",),
    "call": ("Compensation",),
    "retry": ("RetryPolicy",),
}


def load_schema(name: SchemaName) -> Schema:
    """The schema with its prose, as shipped in schemas/."""
    schema: Schema = json.loads(read_text("schemas", f"{name}.schema.json"))
    return schema


def editor_schema(name: SchemaName) -> Schema:
    """The schema, and in a document's with a kind every alias beside its target.

    What it accepts is what `parse` accepts: a document is valid by it exactly when it
    is valid by the canonical schema after its aliases were rewritten.
    """
    schema = load_schema(name)
    if name not in ("workflow", "context", "scenario"):
        return schema
    version = schema["properties"]["apiVersion"]
    version["enum"] = [version.pop("const"), *API_VERSION_ALIASES]
    if name == "workflow":
        _add_service_call(schema["$defs"])
        for alias in ALIASES:
            for definition in _definitions(alias, schema["$defs"]):
                _add_alias(alias, definition)
        _add_short_form(schema)
    return schema


def _add_service_call(defs: Schema) -> None:
    """`service_call` is a step type of its own to an editor: its keys depend on it."""
    step = copy.deepcopy(defs["HttpStep"])
    step["description"] = "An HTTP request, written in the older form."
    (type_,) = TYPE_ALIASES
    step["properties"]["type"]["const"] = type_
    defs["ServiceCallStep"] = step
    defs["Step"]["oneOf"].append({"$ref": "#/$defs/ServiceCallStep"})


def _definitions(alias: Alias, defs: Schema) -> list[Schema]:
    """The definitions that have the alias's target and, for steps, one of its types."""
    if alias.place != "step":
        return [defs[name] for name in _DEFINITIONS[alias.place]]
    found = []
    for name, definition in defs.items():
        if not name.endswith("Step") and name != "CallBranch":
            continue
        properties = definition.get("properties", {})
        type_ = properties.get("type", {}).get("const", "function")
        if alias.target in properties and (not alias.types or type_ in alias.types):
            found.append(definition)
    return found


def _add_alias(alias: Alias, definition: Schema) -> None:
    properties = definition["properties"]
    target = properties[alias.target]
    outer, _, inner = alias.alias.partition(".")
    described = {**target, "description": f"The same as `{alias.target}`."}
    if inner:
        holder = properties.setdefault(
            outer,
            {
                "description": "Holds keys of the step.",
                "type": "object",
                "additionalProperties": False,
                "properties": {},
            },
        )
        holder["properties"][inner] = described
    else:
        properties[outer] = described
    rules = definition.setdefault("allOf", [])
    here = _has(outer, inner)
    if alias.target in definition.get("required", ()):
        definition["required"] = [
            key for key in definition["required"] if key != alias.target
        ]
        rules.append({"anyOf": [{"required": [alias.target]}]})
    for rule in rules:
        if rule.get("anyOf", [None])[0] == {"required": [alias.target]}:
            rule["anyOf"].append(here)
    # No two spellings of one key: neither this and the target nor this and another one.
    for other in _spellings(alias, properties):
        rules.append({"not": {"allOf": [here, other]}})


def _spellings(alias: Alias, properties: Schema) -> list[Schema]:
    """The target and the aliases of it that were added before."""
    found = [_has(alias.target, "")]
    for other in ALIASES:
        if other == alias:
            break
        outer, _, inner = other.alias.partition(".")
        added = properties.get(outer, {})
        if inner:
            there = inner in added.get("properties", {})
        else:
            there = added.get("description", "") == f"The same as `{alias.target}`."
        if (other.place, other.target) == (alias.place, alias.target) and there:
            found.append(_has(outer, inner))
    return found


def _has(outer: str, inner: str) -> Schema:
    if not inner:
        return {"required": [outer]}
    return {
        "required": [outer],
        "properties": {outer: {"type": "object", "required": [inner]}},
    }


def _add_short_form(schema: Schema) -> None:
    """The root becomes one of two: the document, or `workflow` and `steps`."""
    defs = schema["$defs"]
    root_keys = ("type", "additionalProperties", "patternProperties")
    document = {key: schema.pop(key) for key in (*root_keys, "required", "properties")}
    spec = defs["WorkflowSpec"]["properties"]
    head = {key: defs["Metadata"]["properties"][key] for key in sorted(METADATA)}
    head |= {key: value for key, value in spec.items() if key != "steps"}
    closed = {key: document[key] for key in root_keys}
    defs["Document"] = document
    defs["ShortForm"] = {
        **closed,
        "description": "The short form; version 0.0.0 unless one is written.",
        "required": ["workflow", "steps"],
        "properties": {
            "apiVersion": document["properties"]["apiVersion"],
            "workflow": {
                "description": "The workflow's name and settings.",
                **closed,
                "required": ["name"],
                "properties": head,
            },
            "steps": spec["steps"],
        },
    }
    schema["anyOf"] = [{"$ref": "#/$defs/Document"}, {"$ref": "#/$defs/ShortForm"}]
