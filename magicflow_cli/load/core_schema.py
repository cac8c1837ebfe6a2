"""The YAML 1.2 core schema (chapter 10.3): what a plain scalar means."""

from __future__ import annotations

import math
import re
from typing import Final

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Code
from magicflow_cli.load import limits
from magicflow_cli.load.nodes import ScalarValue

WORDS: Final[dict[str, ScalarValue]] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
NUMBER_STARTS: Final = frozenset("+-.0123456789")

_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")

_TAG = "tag:yaml.org,2002:"
STRING_TAG: Final = _TAG + "str"
MAPPING_TAG: Final = _TAG + "map"
SEQUENCE_TAG: Final = _TAG + "seq"
SCALAR_TAGS: Final = frozenset(
    _TAG + name for name in ("str", "int", "float", "bool", "null")
)


class Unfit(Exception):
    """A scalar that has no value; the reader turns it into a diagnostic."""

    def __init__(self, code: Code, message: str, help: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.help = help


def resolve(text: str) -> ScalarValue:
    """The value of a plain scalar. Raises `Unfit` for a number that no double holds."""
    if text in WORDS:
        return WORDS[text]
    if text[0] not in NUMBER_STARTS:
        return text
    return resolve_number(text)


def resolve_number(text: str) -> str | int | float:
    """The value of a plain scalar that starts like a number; the text itself when it
    is none after all."""
    if _INTEGER.fullmatch(text):
        return int(_short(text))
    if _FLOAT.fullmatch(text):
        return finite(_short(text))
    if _BASED.fullmatch(text):
        return int(_short(text), 0)
    if _NOT_FINITE.fullmatch(text):
        raise Unfit(
            codes.MF0115,
            f"`{text}` is not a finite number",
            "JSON knows neither infinity nor NaN: leave the value out, or quote it to make it a text",
        )
    return text


def finite(text: str) -> float:
    """The double nearest to a decimal number. Raises `Unfit` beyond ±1.8e308."""
    value = float(text)
    if math.isinf(value):
        raise Unfit(
            codes.MF0114,
            f"number `{text}` is outside the range of a double",
            "numbers reach to about ±1.8e308; quote it to make it a text",
        )
    return value


def check_length(text: str) -> None:
    """Raises `Unfit` when a number has too many characters."""
    _short(text)


def _short(text: str) -> str:
    if len(text) > limits.NUMBER_CHARS:
        raise Unfit(
            codes.MF0113,
            f"number of {len(text)} characters is longer than {limits.NUMBER_CHARS}",
            "quote it to make it a text",
        )
    return text


def resolve_tagged(tag: str, text: str) -> ScalarValue:
    """The value of a scalar under one of `SCALAR_TAGS`. Raises `Unfit` when the text
    does not fit the tag."""
    name = tag.removeprefix(_TAG)
    if name == "str":
        return text
    value = resolve(text)
    match name:
        case "null" if value is None:
            return None
        case "bool" if isinstance(value, bool):
            return value
        case "int" if isinstance(value, int) and not isinstance(value, bool):
            return value
        case "float" if isinstance(value, float):
            return value
        case "float" if isinstance(value, int) and not isinstance(value, bool):
            return finite(str(value))
    shown = text if len(text) <= 40 else text[:40] + "…"
    raise Unfit(
        codes.MF0215,
        f"`{shown}` does not fit the tag `!!{name}`",
        "leave the tag out, or write a value of that type",
    )
