"""JSON values in expressions: missing ones, equality, order, truth, printing."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final, TypeAlias

from magicflow.canonical import canonical, format_number

Value: TypeAlias = Any
"""A JSON value (None, bool, int, float, str, list, dict) or MISSING."""

TEXT: Final = 1_048_576
"""How many code points a text may have that an expression makes."""

ITEMS: Final = 250_000
"""How many values may stand in a list or object that an expression prints."""


class _Missing(Enum):
    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing.MISSING
"""What a path gives that selects nothing: null in an expression, absent in a mapping."""


class ExpressionError(Exception):
    """An expression has no value. `code` is the code of the workflow's error."""

    def __init__(self, message: str, code: str = "EXPRESSION") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


def type_name(value: Value) -> str:
    """The JSON type's name; a missing value counts as null."""
    if value is None or value is MISSING:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else "number"


def equal(a: Value, b: Value) -> bool:
    """JSON equality: `1 == 1.0`, `true != 1`, objects without regard to order."""
    if a is b:
        return True
    if isinstance(a, bool) or isinstance(b, bool):
        return False
    if isinstance(a, str) or isinstance(b, str):
        return bool(a == b)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, dict):
        return (
            isinstance(b, dict)
            and len(a) == len(b)
            and all(key in b and equal(value, b[key]) for key, value in a.items())
        )
    return bool(a == b)


def comparable(a: Value, b: Value, operator: str) -> None:
    """Raise unless both are numbers or both are texts."""
    kind = type_name(a)
    if kind != type_name(b) or kind not in ("number", "string"):
        raise ExpressionError(
            f"`{operator}` compares two numbers or two texts,"
            f" not {type_name(a)} and {type_name(b)}"
        )


def truth(value: Value) -> bool:
    """Whether a condition holds: null and missing are false, others must be boolean."""
    if value is True:
        return True
    if value is False or value is None or value is MISSING:
        return False
    raise ExpressionError(f"a condition is true, false or null, not {type_name(value)}")


def print_text(value: Value) -> str:
    """The text that interpolation prints: null as nothing, numbers as in RFC 8785,
    objects and lists as canonical JSON."""
    if isinstance(value, str):
        return value
    if value is None or value is MISSING:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        if isinstance(value, int | float):
            return format_number(value)
        _bound(value)
        return canonical(value)
    except ValueError as error:
        raise ExpressionError(f"the value cannot be printed: {error}") from None


def _bound(value: Value) -> None:
    """Refuse what is small in memory and endless in print, as `[x, x]` of `[x, x]`."""
    left = ITEMS
    stack = [value]
    while stack:
        current = stack.pop()
        if isinstance(current, list):
            left -= len(current)
            stack.extend(current)
        elif isinstance(current, dict):
            left -= len(current)
            stack.extend(current.values())
        if left < 0:
            raise ExpressionError(f"a value of more than {ITEMS} items is printed")


def text_fits(length: int) -> None:
    """Raise when a text of that many code points is not to be made."""
    if length > TEXT:
        raise ExpressionError(f"a text of more than {TEXT} characters is made")
