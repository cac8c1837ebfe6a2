"""What a shape or part amounts to: a built-in type, constants, a number type."""

from __future__ import annotations

from decimal import Decimal

from magicflow_cli.check.types.read_scalars import decimal_text
from magicflow_cli.check.types.shape import (
    ARRAY,
    BOOLEAN,
    INTEGER,
    NUMBER,
    OBJECT,
    STRING,
    Kind,
    NumberPart,
    ObjectPart,
    Part,
    Shape,
    StringPart,
    Value,
)
from magicflow_cli.plan import models as plan

FULL: dict[Kind, Part] = {
    "boolean": BOOLEAN,
    "number": NUMBER,
    "string": STRING,
    "array": ARRAY,
    "object": OBJECT,
}
"""The parts that accept every instance of their kind."""


def key_rules(part: ObjectPart) -> StringPart:
    return StringPart(
        min_length=part.key_min_length,
        max_length=part.key_max_length,
        patterns=part.key_patterns,
    )


def built_in_id(shape: Shape) -> str | None:
    kinds = shape.kinds
    if not kinds:
        return "null" if shape.null else None
    if len(kinds) == 1:
        part = shape.part(kinds[0])
        if part == INTEGER:
            return "integer"
        return kinds[0] if part == FULL[kinds[0]] else None
    if shape.null and all(shape.part(kind) == full for kind, full in FULL.items()):
        return "any"
    return None


def constants_of(shape: Shape) -> list[Value] | None:
    """All values of a finite shape but null."""
    if shape.array is not None or shape.object is not None:
        return None
    values: list[Value] = list(shape.boolean or ())
    for part in (shape.number, shape.string):
        if part is not None:
            if part.values is None:
                return None
            values += part.values
    return values


def base_of(value: Value) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    return "integer" if isinstance(value, int) else "number"


def is_integer(part: NumberPart) -> bool:
    if part.values is not None:
        return all(isinstance(value, int) for value in part.values)
    return part.integer or part.bits is not None


def number_type(
    part: NumberPart, name: plan.TypeName, doc: plan.Doc | None
) -> plan.IntegerType | plan.NumberType:
    if is_integer(part):
        return plan.IntegerType(
            name=name,
            doc=doc,
            bits=part.bits,
            minimum=_bound(part.minimum),
            maximum=_bound(part.maximum),
            exclusive_minimum=_bound(part.exclusive_minimum),
            exclusive_maximum=_bound(part.exclusive_maximum),
            multiple_of=[decimal_text(step) for step in part.multiple_of] or None,
        )
    return plan.NumberType(
        name=name,
        doc=doc,
        minimum=_bound(part.minimum),
        maximum=_bound(part.maximum),
        exclusive_minimum=_bound(part.exclusive_minimum),
        exclusive_maximum=_bound(part.exclusive_maximum),
        multiple_of=[decimal_text(step) for step in part.multiple_of] or None,
    )


def _bound(value: Decimal | None) -> str | None:
    return None if value is None else decimal_text(value)
