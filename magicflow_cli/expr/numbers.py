"""Numbers of the language: finite doubles, integers exact to ±(2^53−1)."""

from __future__ import annotations

from math import isfinite

from magicflow.canonical import SAFE_INTEGER


def read_number(text: str) -> int | float | str:
    """The value of an unsigned JSON number, or what is wrong with it.

    `1.0` is the integer 1: in JSON they are the same number.
    """
    whole = text.isdecimal()
    digits = text.split(".")[0].split("e")[0].split("E")[0]
    if len(digits) > 1 and digits[0] == "0":
        return "has leading zeros"
    if whole and len(text) <= 16:
        integer = int(text)
        if integer <= SAFE_INTEGER:
            return integer
    if whole:
        return "is beyond ±(2^53−1)"
    value = float(text)
    if not isfinite(value):
        return "is beyond the range of doubles"
    if value.is_integer() and value <= SAFE_INTEGER:
        return int(value)
    return value


def in_domain(value: object) -> bool:
    """Whether a scalar of the document is a number that every language holds exactly
    (or no number at all)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    if isinstance(value, int):
        return -SAFE_INTEGER <= value <= SAFE_INTEGER
    return isfinite(value)
