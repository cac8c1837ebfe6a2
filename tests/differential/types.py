"""Random types, and values that mostly fit them."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.differential.values import WORDS, value

Json = dict[str, Any]

BUILT_IN = ["any", "boolean", "integer", "number", "string", "null"]


def types(rng: Random) -> Json:
    """A handful of types that refer to each other."""
    made: Json = {}
    for number in range(rng.randrange(5)):
        id = f"T{number}"
        made[id] = {**_type(rng, made), "name": {"words": [id]}}
    return made


def reference(rng: Random, known: Json) -> Json:
    made: Json = {"type": rng.choice([*known, *known, "any", "any", *BUILT_IN])}
    if rng.random() < 0.15:
        made["nullable"] = True
    return made


def _type(rng: Random, known: Json) -> Json:
    kind = rng.choice(["object", "object", "array", "map", "string", "integer", "enum"])
    if kind == "object":
        return _object(rng, known)
    if kind == "array":
        return {"kind": "array", "items": reference(rng, known), "max_items": 3}
    if kind == "map":
        return {"kind": "map", "values": reference(rng, known)}
    if kind == "string":
        limits: Json = rng.choice(
            [
                {"min_length": 1},
                {"max_length": 3},
                {"patterns": ["^[a-z]+$"]},
                {"format": "date-time"},
                {"format": "email"},
                {"format": "uuid"},
            ]
        )
        return {"kind": "string", **limits}
    if kind == "integer":
        return {"kind": "integer", "minimum": "1", "maximum": "10"}
    return {"kind": "enum", "base": "mixed", "values": [1, "a", None, True]}


def _object(rng: Random, known: Json) -> Json:
    fields: Json = {}
    for name in rng.sample(WORDS, rng.randrange(1, 4)):
        field: Json = {
            "type": reference(rng, known),
            "required": rng.random() < 0.4,
        }
        if field["type"]["type"] == "any" and rng.random() < 0.5:
            field.update(default=value(rng, 1), has_default=True)
        fields[name] = field
    extra = rng.choice([{"allow": "forbid"}, {"allow": "preserve"}])
    return {"kind": "object", "fields": fields, "extra": extra}
