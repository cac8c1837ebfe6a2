"""What is wrong with a value, and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from magicflow.types.domain import SAFE_INTEGER

Accepts: TypeAlias = Callable[[Any], bool]
"""Says whether a value fits; knows no place, and is fast."""

MISSING = object()
"""Stands for a member that is not there."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem. `path` is a JSON pointer into the value, "" for the value itself.
    `code` is the keyword that the value breaks (`type`, `required`, `minimum`, …) or a
    `MFD…` code; `message` is one sentence without a period."""

    path: str
    code: str
    message: str


Explain: TypeAlias = Callable[[Any, str, list[Problem]], None]
"""Appends what is wrong with a value at a path, for a value that does not fit."""


@dataclass(slots=True)
class Check:
    """A compiled type: whether a value fits, and why it does not. `inline` writes the
    test in place (see `inline.py`)."""

    accepts: Accepts
    explain: Explain
    inline: Callable[[str, Any], str] | None = None


def below(path: str, name: str | int) -> str:
    """The path of a member or item."""
    if isinstance(name, int):
        return f"{path}/{name}"
    return f"{path}/{name.replace('~', '~0').replace('/', '~1')}"


def json_type(value: Any) -> str:
    """The JSON type of a Python value, for messages."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int):
        return "an integer"
    if isinstance(value, float):
        # 1.0 is 1: which of them a text said must not show.
        safe = value.is_integer() and abs(value) <= SAFE_INTEGER
        return "an integer" if safe else "a number"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, list):
        return "a list"
    return (
        "an object" if isinstance(value, dict) else f"a Python {type(value).__name__}"
    )


def frozen(value: Any) -> Any:
    """A hashable stand-in with JSON equality: `1` equals `1.0` and not `true`."""
    kind = type(value)
    if kind is bool:
        return ("boolean", value)
    if kind is list:
        return ("list", tuple([frozen(item) for item in value]))
    if kind is dict:
        return (
            "object",
            frozenset((name, frozen(item)) for name, item in value.items()),
        )
    return value
