"""Instances of the plan's schema: of each definition the least and the fullest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "schemas" / "plan.schema.json").read_text()
)
DEFS: dict[str, Any] = SCHEMA["$defs"]
RECORDS = sorted(name for name, item in DEFS.items() if "properties" in item)
JSON: list[Any] = [None, True, 1.5, "x", [None, {"a": None}], {"b": [1]}]


def instance(
    schema: dict[str, Any], *, full: bool, depth: int = 0, pick: int = 0
) -> Any:
    """A valid value. `full`: with every property, down to a depth; `pick` chooses among
    alternatives."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        return instance(DEFS[name], full=full, depth=depth, pick=pick)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][pick % len(schema["enum"])]
    if "oneOf" in schema:
        # Deep inside, the alternative that ends: a literal, a `never`, a rethrow.
        index = pick % len(schema["oneOf"]) if depth < 4 else _ending(schema)
        return instance(schema["oneOf"][index], full=full, depth=depth, pick=pick)
    kind = schema.get("type")
    if kind == "object":
        return _object(schema, full=full, depth=depth, pick=pick)
    if kind == "array":
        if "minItems" in schema:
            return [1, None, -1]
        size = 2 if full and depth < 4 else 0
        return [
            instance(schema["items"], full=full, depth=depth + 1, pick=pick + i)
            for i in range(size)
        ]
    values: dict[Any, Any] = {
        "string": "0" * 64,
        "integer": 1,
        "number": 0.5,
        "boolean": True,
        None: JSON[pick % len(JSON)],
    }
    return values[kind]


def _ending(schema: dict[str, Any]) -> int:
    names = [item["$ref"].rpartition("/")[2] for item in schema["oneOf"]]
    return next(
        i
        for i, name in enumerate(names)
        if name in ("LitExpr", "NeverType", "WaitNode")
    )


def _object(schema: dict[str, Any], *, full: bool, depth: int, pick: int) -> Any:
    if "properties" not in schema:
        item = schema["additionalProperties"]
        keys = ["a", "from", "x-y"] if full and depth < 4 else []
        return {
            key: instance(item, full=full, depth=depth + 1, pick=pick + i)
            for i, key in enumerate(keys)
        }
    required = schema.get("required", ())
    return {
        key: instance(item, full=full, depth=depth + 1, pick=pick)
        for key, item in schema["properties"].items()
        if key in required or (full and depth < 4)
    }
