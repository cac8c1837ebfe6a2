"""The functions of the language over JSON values; types as in docs/expressions.md.

What takes a lambda, a path or the scope is compiled in compile.py. An argument of a
type that the function does not take is an ExpressionError, null included.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import ceil, floor, isfinite

from magicflow.expr.arithmetic import Number, add, divide, round_half_even, settle
from magicflow.expr.values import (
    ExpressionError,
    Value,
    equal,
    print_text,
    text_fits,
    type_name,
)
from magicflow.regex import compile_portable

_BLANKS = " \t\n\r"
_LOWER = {code: code + 32 for code in range(65, 91)}
_UPPER = {code: code - 32 for code in range(97, 123)}
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def _refuse(function: str, wanted: str, value: Value) -> ExpressionError:
    return ExpressionError(f"`{function}` takes {wanted}, not {type_name(value)}")


def _text(function: str, value: Value) -> str:
    if not isinstance(value, str):
        raise _refuse(function, "a text", value)
    return value


def _list(function: str, value: Value) -> list[Value]:
    if not isinstance(value, list):
        raise _refuse(function, "a list", value)
    return value


def _number(function: str, value: Value) -> Number:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refuse(function, "a number", value)
    return value


def _integer(function: str, value: Value) -> int:
    number = _number(function, value)
    if isinstance(number, float):
        if not number.is_integer():
            shown = print_text(number)
            raise ExpressionError(f"`{function}` takes an integer, not {shown}")
        number = int(number)
    return number


def _object(function: str, value: Value) -> dict[str, Value]:
    if not isinstance(value, dict):
        raise _refuse(function, "an object", value)
    return value


def length(value: Value) -> int:
    if isinstance(value, str | list | dict):
        return len(value)
    raise _refuse("length", "a text, list or object", value)


def count(items: Value) -> int:
    return len(_list("count", items))


def contains(whole: Value, part: Value) -> bool:
    if isinstance(whole, list):
        return any(equal(item, part) for item in whole)
    if not isinstance(whole, str):
        raise _refuse("contains", "a text or a list", whole)
    return _text("contains", part) in whole


def starts_with(text: Value, prefix: Value) -> bool:
    return _text("starts_with", text).startswith(_text("starts_with", prefix))


def ends_with(text: Value, suffix: Value) -> bool:
    return _text("ends_with", text).endswith(_text("ends_with", suffix))


def matches(text: Value, pattern: Value) -> bool:
    try:
        compiled = compile_portable(_text("matches", pattern))
    except ValueError as error:
        raise ExpressionError(str(error)) from None
    return compiled.search(_text("matches", text))


def lower(text: Value) -> str:
    return _text("lower", text).translate(_LOWER)


def upper(text: Value) -> str:
    return _text("upper", text).translate(_UPPER)


def trim(text: Value) -> str:
    return _text("trim", text).strip(_BLANKS)


def join(items: Value, separator: Value) -> str:
    texts = [_text("join", item) for item in _list("join", items)]
    glue = _text("join", separator)
    text_fits(sum(map(len, texts)) + len(glue) * max(len(texts) - 1, 0))
    return glue.join(texts)


def split(text: Value, separator: Value) -> list[Value]:
    whole, glue = _text("split", text), _text("split", separator)
    return [*whole.split(glue)] if glue else [*whole]


def replace(text: Value, old: Value, new: Value) -> str:
    whole, before, after = (_text("replace", value) for value in (text, old, new))
    if not before:
        raise ExpressionError("`replace` looks for a text that is not empty")
    growth = len(after) - len(before)
    if growth > 0:
        text_fits(len(whole) + whole.count(before) * growth)
    return whole.replace(before, after)


def substring(text: Value, start: Value, end: Value = None) -> str:
    whole, first = _text("substring", text), _integer("substring", start)
    return whole[first : None if end is None else _integer("substring", end)]


def _extreme(function: str, values: tuple[Value, ...], sign: int) -> Value:
    items = values[0] if len(values) == 1 else [*values]
    if not isinstance(items, list):
        items = [items]
    ordered = _ordered(function, items)
    if not ordered:
        return None
    return min(ordered) if sign < 0 else max(ordered)


def _ordered(function: str, items: list[Value]) -> list[Value]:
    """The items, all numbers or all texts."""
    kinds = {type_name(item) for item in items}
    if kinds and kinds != {"number"} and kinds != {"string"}:
        raise ExpressionError(
            f"`{function}` takes numbers only or texts only, not {' and '.join(sorted(kinds))}"
        )
    return items


def least(*values: Value) -> Value:
    return _extreme("min", values, -1)


def greatest(*values: Value) -> Value:
    return _extreme("max", values, 1)


def total(items: Value) -> Value:
    """Added one by one from the left, as doubles."""
    result: Value = 0
    for item in _list("sum", items):
        result = add(result, _number("sum", item))
    return result


def mean(items: Value) -> Value:
    numbers = [_number("avg", item) for item in _list("avg", items)]
    return divide(total(numbers), len(numbers)) if numbers else None


def absolute(number: Value) -> Number:
    return settle(abs(_number("abs", number)))


def round_down(number: Value) -> Number:
    return settle(floor(_number("floor", number)))


def round_up(number: Value) -> Number:
    return settle(ceil(_number("ceil", number)))


def round_to(number: Value, digits: Value = 0) -> Number:
    places = _integer("round", digits)
    if not 0 <= places <= 15:
        raise ExpressionError("`round` rounds to 0–15 digits")
    return round_half_even(_number("round", number), places)


def to_number(value: Value) -> Number:
    if not isinstance(value, str):
        return settle(_number("to_number", value))
    if not _NUMBER.fullmatch(value):
        raise ExpressionError("`to_number` takes a text in JSON's notation of numbers")
    number = float(value)
    if not isfinite(number):
        raise ExpressionError("the number is beyond the range of numbers")
    return settle(number)


def keys(value: Value) -> list[Value]:
    return sorted(_object("keys", value))


def values(value: Value) -> list[Value]:
    members = _object("values", value)
    return [members[name] for name in sorted(members)]


def first(items: Value) -> Value:
    found = _list("first", items)
    return found[0] if found else None


def last(items: Value) -> Value:
    found = _list("last", items)
    return found[-1] if found else None


def sort(items: Value) -> list[Value]:
    return sorted(_ordered("sort", _list("sort", items)))


def unique(items: Value) -> list[Value]:
    """By JSON equality; texts, numbers, booleans and null in linear time."""
    found: list[Value] = []
    seen: set[tuple[bool, Value]] = set()
    composite: list[Value] = []
    for item in _list("unique", items):
        if isinstance(item, list | dict):
            if not any(equal(item, other) for other in composite):
                composite.append(item)
                found.append(item)
        elif (mark := (isinstance(item, bool), item)) not in seen:
            seen.add(mark)
            found.append(item)
    return found


def flatten(items: Value) -> list[Value]:
    return [
        item for inner in _list("flatten", items) for item in _list("flatten", inner)
    ]


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "length": length,
    "count": count,
    "contains": contains,
    "starts_with": starts_with,
    "ends_with": ends_with,
    "matches": matches,
    "lower": lower,
    "upper": upper,
    "trim": trim,
    "join": join,
    "split": split,
    "replace": replace,
    "substring": substring,
    "min": least,
    "max": greatest,
    "sum": total,
    "avg": mean,
    "abs": absolute,
    "floor": round_down,
    "ceil": round_up,
    "round": round_to,
    "type_of": type_name,
    "to_string": print_text,
    "to_number": to_number,
    "keys": keys,
    "values": values,
    "first": first,
    "last": last,
    "sort": sort,
    "unique": unique,
    "flatten": flatten,
}
"""The functions whose arguments are values; the other five are compiled."""
