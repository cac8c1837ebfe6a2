"""Canonical JSON (RFC 8785): one text per JSON value, in every language.

Plans are hashed over this text, and an interpolated number, list or object prints as
it. Numbers are IEEE doubles; the domain is I-JSON (finite numbers, no lone surrogates).
"""

from __future__ import annotations

from collections.abc import Callable
from json.encoder import encode_basestring
from math import isfinite

SAFE_INTEGER = 2**53 - 1
"""The largest integer that a double holds exactly together with its neighbours."""


def canonical(value: object) -> str:
    """The canonical text of a JSON value (dict, list, tuple, str, int, float, bool, None).

    Raises ValueError for what is not I-JSON: NaN and infinities, lone surrogates,
    member names that are no strings, other Python types, nesting beyond the stack.
    """
    parts: list[str] = []
    try:
        _write(value, parts.append)
    except RecursionError:
        raise ValueError("the value is nested too deeply") from None
    text = "".join(parts)
    if not text.isascii():
        _refuse_surrogates(text)
    return text


def exceeds(value: object, limit: int) -> bool:
    """Whether the canonical text has more than `limit` bytes in UTF-8.

    Stops there, so that a value that shares its parts and would print for ever costs no
    more than the limit. Raises ValueError as `canonical` does, for what it has seen.
    """
    left = limit

    def count(piece: str) -> None:
        nonlocal left
        left -= len(piece) if piece.isascii() else len(piece.encode("utf-8"))
        if left < 0:
            raise _Exceeded

    try:
        _write(value, count)
    except _Exceeded:
        return True
    except RecursionError:
        raise ValueError("the value is nested too deeply") from None
    except UnicodeEncodeError:
        raise ValueError("the value has a lone surrogate") from None
    return False


class _Exceeded(Exception):
    pass


def format_number(value: int | float) -> str:
    """A number as ECMAScript prints it: `1` for 1.0, `1e+21`, `1e-7`, `0` for -0.0.

    An integer beyond ±(2^53−1) is taken as the nearest double. Raises ValueError for
    NaN and infinities.
    """
    if isinstance(value, int):
        if -SAFE_INTEGER <= value <= SAFE_INTEGER:
            return str(int(value))
        try:
            value = float(value)
        except OverflowError:
            raise ValueError("the number is beyond the range of doubles") from None
    if not isfinite(value):
        raise ValueError("NaN and infinities are no JSON numbers")
    if value == 0:
        return "0"
    sign, digits, point = _decompose(value)
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    exponent = point - 1
    fraction = f".{digits[1:]}" if count > 1 else ""
    return f"{sign}{digits[0]}{fraction}e{'+' if exponent > 0 else '-'}{abs(exponent)}"


def _decompose(value: float) -> tuple[str, str, int]:
    """Sign, the shortest digits d that round-trip, and n with |value| = 0.d × 10^n."""
    text = repr(value)
    sign = "-" if text[0] == "-" else ""
    mantissa, _, exponent = text.lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = whole + fraction
    point = len(whole) + int(exponent or 0)
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    return sign, stripped.rstrip("0"), point


def _write(value: object, put: Callable[[str], None]) -> None:
    if value is None:
        put("null")
    elif value is True:
        put("true")
    elif value is False:
        put("false")
    elif isinstance(value, str):
        put(encode_basestring(value))
    elif isinstance(value, int | float):
        put(format_number(value))
    elif isinstance(value, dict):
        _write_object(value, put)
    elif isinstance(value, list | tuple):
        separator = "["
        for item in value:
            put(separator)
            _write(item, put)
            separator = ","
        put("]" if value else "[]")
    else:
        raise ValueError(f"{type(value).__name__} is no JSON type")


def _write_object(value: dict[object, object], put: Callable[[str], None]) -> None:
    separator = "{"
    for name in sorted_names(value):
        put(separator)
        put(encode_basestring(name))
        put(":")
        _write(value[name], put)
        separator = ","
    put("}" if value else "{}")


def sorted_names(value: dict[object, object]) -> list[str]:
    """Member names in the order of their UTF-16 code units."""
    names: list[str] = []
    plain = True
    for name in value:
        if not isinstance(name, str):
            raise ValueError("a member name is no string")
        plain = plain and name.isascii()
        names.append(name)
    if plain:
        names.sort()
    else:
        names.sort(key=lambda name: name.encode("utf-16-be", "surrogatepass"))
    return names


def _refuse_surrogates(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("the value has a lone surrogate") from None
