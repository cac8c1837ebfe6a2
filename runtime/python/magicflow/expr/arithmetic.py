"""Numbers: IEEE doubles, of which integral ones up to 2^53−1 are held as int."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal
from math import fmod, isfinite
from typing import TypeAlias

from magicflow.canonical import SAFE_INTEGER, format_number
from magicflow.expr.values import ExpressionError, Value, text_fits, type_name

Number: TypeAlias = int | float

_EXACT = Context(prec=400)


def settle(value: Number) -> Number:
    """The number as every language has it: a finite double, integral ones as int."""
    if isinstance(value, int):
        if -SAFE_INTEGER <= value <= SAFE_INTEGER:
            return value
        try:
            return float(value)
        except OverflowError:
            value = float("inf")
    if not isfinite(value):
        raise ExpressionError("the result is beyond the range of numbers")
    if value.is_integer() and -SAFE_INTEGER <= value <= SAFE_INTEGER:
        return int(value)
    return value


def _numbers(a: Value, b: Value, operator: str) -> None:
    if type_name(a) != "number" or type_name(b) != "number":
        wanted = "two numbers or two texts" if operator == "+" else "two numbers"
        raise ExpressionError(
            f"`{operator}` takes {wanted}, not {type_name(a)} and {type_name(b)}"
        )


def add(a: Value, b: Value) -> Value:
    if isinstance(a, str) and isinstance(b, str):
        text_fits(len(a) + len(b))
        return a + b
    _numbers(a, b, "+")
    return settle(a + b)


def subtract(a: Value, b: Value) -> Value:
    _numbers(a, b, "-")
    return settle(a - b)


def multiply(a: Value, b: Value) -> Value:
    _numbers(a, b, "*")
    return settle(a * b)


def divide(a: Value, b: Value) -> Value:
    _numbers(a, b, "/")
    if b == 0:
        raise ExpressionError("a number is divided by zero")
    return settle(float(a) / float(b))


def remainder(a: Value, b: Value) -> Value:
    """Truncating: the result has the sign of the dividend."""
    _numbers(a, b, "%")
    if b == 0:
        raise ExpressionError("a number is divided by zero")
    return settle(fmod(a, b))


def negate(a: Value) -> Value:
    if type_name(a) != "number":
        raise ExpressionError(f"minus takes a number, not {type_name(a)}")
    return settle(-a)


def round_half_even(value: Number, digits: int) -> Number:
    """Rounded as the shortest decimal that the number prints as: 2.675 to two digits
    is 2.68, for 5 stands behind an odd digit."""
    if isinstance(value, int) or value.is_integer():
        return settle(value)
    exact = Decimal(format_number(value))
    rounded = exact.quantize(
        Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN, context=_EXACT
    )
    return settle(float(rounded))


OPERATORS: dict[str, Callable[[Value, Value], Value]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": remainder,
}
