"""Functions that choose a union's variant; only that one is tried.

They stand in `Discriminator(…)` and return the `Tag` of the variant, None for a value
that fits none. A value may be JSON data or what a program built: models, enums, dates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from magicflow.models.dump import wire_name
from magicflow.types.problems import frozen

Scalar = str | int | float | bool


def by_property(
    name: str, values: Mapping[str, Sequence[Scalar]]
) -> Callable[[Any], str | None]:
    """Chooses by a member's value: `values` are those of each tag."""
    found = {frozen(value): tag for tag, each in values.items() for value in each}

    def choose(value: Any) -> str | None:
        if isinstance(value, BaseModel):
            member = _member(value, name)
        elif type(value) is dict:
            member = value.get(name)
        else:
            return None
        member = getattr(member, "value", member)  # an enum's member
        return found.get(frozen(member)) if isinstance(member, Scalar) else None

    return choose


def by_json_type(types: Mapping[str, Sequence[str]]) -> Callable[[Any], str | None]:
    """Chooses by the JSON type: null, boolean, integer, number, string, array, object.
    `types` are those of each tag. `integer` is tried before `number`, and `1.0` is one.
    """
    tags = {type: tag for tag, each in types.items() for type in each}
    integer, number = tags.get("integer"), tags.get("number")

    def choose(value: Any) -> str | None:
        kind = type(value)
        if kind is bool:
            return tags.get("boolean")
        if value is None:
            return tags.get("null")
        if kind is dict or isinstance(value, BaseModel):
            return tags.get("object")
        if kind is list or kind is tuple:
            return tags.get("array")
        if isinstance(value, str | bytes | Decimal):
            return tags.get("string")
        if isinstance(value, int):
            return integer or number or tags.get("string")
        if kind is float:
            return integer if integer and value.is_integer() else number
        return None

    return choose


def _member(value: BaseModel, name: str) -> Any:
    for field, info in type(value).model_fields.items():
        if wire_name(field, info) == name:
            return getattr(value, field)
    return (value.model_extra or {}).get(name)
