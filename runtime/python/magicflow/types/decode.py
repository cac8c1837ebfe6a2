"""JSON text in and out, within the domain.

The fast path is orjson's parser, which takes the last of two equal keys and turns long
integers into doubles. So its answer is used only where that cannot have happened: no
number is long enough, and the value prints with as many quotes as the text has. Any
other text is read again by a reader that sees every key and every digit.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any, Final, NoReturn

import orjson

from magicflow.types.domain import (
    DEPTH,
    DUPLICATE_KEY,
    INTEGER_RANGE,
    MAX_DEPTH,
    NOT_FINITE,
    NOT_JSON,
    SAFE_INTEGER,
    DomainError,
    check_text,
)

# The shortest integer outside the domain has 16 digits. Looking for 16 digits in a row
# in a text where every digit is `0` is ten times as fast as a regular expression.
_DIGITS = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x20 for byte in range(256))
_SIXTEEN = b"0" * 16
_LONG_NUMBER = re.compile(rb"(?:^|[\[,:\s])-?[0-9]{16}")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)

RECURSION: Final = 20_000
"""Python's recursion limit once a deep value needed more; from Python 3.11 on calls
between Python functions use no C stack, and the domain bounds the depth."""


def decode_json(text: bytes | str, *, around: int = 0) -> Any:
    """The value of a JSON text: dict, list, str, int, float, bool or None.

    `1.0` stays a float; `-0` is the integer 0. `around` is how many collections of a
    message stand around the value that the text carries: so many more may stand in each
    other. Raises `DomainError` for what is not JSON in UTF-8 and for what lies outside
    the domain.
    """
    data = text if isinstance(text, bytes) else _encode(text)
    try:
        value = orjson.loads(data)
        if _SIXTEEN in data.translate(_DIGITS) and _LONG_NUMBER.search(data):
            return _decode_slowly(data, MAX_DEPTH + around)
        # orjson writes at most 254 collections in each other, so the depth is fine.
        printed = orjson.dumps(value)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return _decode_slowly(data, MAX_DEPTH + around)
    if printed == data or (
        # The second of two equal keys takes at least two quotes with it. Quotes in
        # strings are escaped in both texts, unless they are written as \u0022.
        printed.count(b'"') == data.count(b'"')
        and b"\\u0022" not in data
    ):
        return value
    return _decode_slowly(data, MAX_DEPTH + around)


def encode_json(value: Any) -> bytes:
    """The compact JSON text of a value of the domain, in UTF-8.

    Doubles keep a fraction or an exponent, so that what was a double is read as one.
    Raises `TypeError` or `ValueError` for values outside the domain.
    """
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        # orjson stops at 254 collections in each other.
        text: bytes = with_deep_stack(_encode_slowly, value)
        return text


def _encode_slowly(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


def with_deep_stack(call: Any, *args: Any) -> Any:
    """Calls a function, once more with a higher recursion limit where it was too low."""
    try:
        return call(*args)
    except RecursionError:
        if sys.getrecursionlimit() >= RECURSION:
            raise
        sys.setrecursionlimit(RECURSION)
        return call(*args)


def _encode(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise DomainError(NOT_JSON, f"at character {error.start}") from None


def _decode_slowly(data: bytes, max_depth: int) -> Any:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise DomainError(NOT_JSON, f"at byte {error.start}") from None
    if text.count("[") + text.count("{") > max_depth:
        _check_depth(text, max_depth)
    try:
        value = with_deep_stack(_DECODER.decode, text)
    except json.JSONDecodeError as error:
        raise DomainError(
            NOT_JSON, f"{error.msg} at line {error.lineno}, column {error.colno}"
        ) from None
    if _ESCAPED_SURROGATE.search(text):
        _check_texts(value)
    return value


def _check_depth(text: str, max_depth: int) -> None:
    depth = 0
    for token in _TOKEN.findall(text):
        if token in "[{":
            depth += 1
            if depth > max_depth:
                raise DomainError(DEPTH)
        elif token in "]}":
            depth -= 1


def _check_texts(value: Any) -> None:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if type(item) is str:
            check_text(item)
        elif type(item) is list:
            waiting += item
        elif type(item) is dict:
            waiting += item
            waiting += item.values()


def _read_object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(members)
    if len(value) != len(members):
        seen: set[str] = set()
        for name, _ in members:
            if name in seen:
                raise DomainError(DUPLICATE_KEY, json.dumps(name[:80]))
            seen.add(name)
    return value


def _read_integer(text: str) -> int:
    if len(text) < 16:
        return int(text)
    if len(text) > 17 or not -SAFE_INTEGER <= (value := int(text)) <= SAFE_INTEGER:
        raise DomainError(INTEGER_RANGE, text[:24])
    return value


def _read_float(text: str) -> float:
    value = float(text)
    if value - value != 0.0:
        raise DomainError(NOT_FINITE, text[:24])
    return value


def _read_constant(text: str) -> NoReturn:
    raise DomainError(NOT_JSON, text)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_read_object,
    parse_int=_read_integer,
    parse_float=_read_float,
    parse_constant=_read_constant,
)
