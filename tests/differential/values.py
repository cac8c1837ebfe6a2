"""Nasty JSON values and names: the edges of numbers, texts that order or escape oddly."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from magicflow.canonical import canonical

Json = dict[str, Any]

WORDS = [
    "a",
    "b",
    "v",
    "k",
    "x",
    "flag",
    "items",
    "item",
    "id",
    "$secret",
    "",
    " ",
    "é",
    "e\u0301",
    "名前",
    "\uff5e",  # in UTF-16 behind, in UTF-8 before the next
    "\U0001f600",
    "\ue000",
    "\u2028",
    "\x00",
    "\x1f\x7f",
    'q"uo\\te',
    "a/b",
    "a~b",
    "a#1",
    "Z",
    "ß",
    "<&>",
    "length",
    "__proto__",
]
NUMBERS = [
    0,
    1,
    -1,
    2,
    3,
    10,
    2**31,
    2**53 - 1,
    -(2**53 - 1),
    0.1,
    -0.5,
    2.675,
    1e-7,
    1e21,
    -1e21,
    5e-324,
    1.7976931348623157e308,
    123456789.125,
    1e-6,
    0.3333333333333333,
]
TEXTS = [
    *WORDS,
    "2026-01-31T12:00:00Z",
    "2026-02-30T12:00:00Z",
    "1999-12-31T23:59:60.5+01:30",
    "2025-06-01",
    "12.5",
    "-0",
    "1e3",
    "a@b.example",
    "[a-z]+",
    "(",
    "(?=x)",
    "a{2000}",
    "x" * 70,
]


def value(rng: Random, depth: int = 3) -> Any:
    """A JSON value as a decoder gives it: integral doubles are integers."""
    return json.loads(canonical(_value(rng, depth)))


def _value(rng: Random, depth: int) -> Any:
    choice = rng.random()
    if depth == 0 or choice < 0.6:
        return rng.choice(
            [None, True, False, rng.choice(NUMBERS), rng.choice(TEXTS), 1, "a"]
        )
    count = rng.randrange(4)
    if choice < 0.75:
        return [_value(rng, depth - 1) for _ in range(count)]
    return {rng.choice(WORDS): _value(rng, depth - 1) for _ in range(count)}


def name(rng: Random, known: list[str] | set[str] | dict[str, Any]) -> str:
    """A name for a step, branch or field that is not known: mostly plain. A step's name
    may have anything but what paths are made of."""
    if rng.random() < 0.7:
        return f"s{len(known)}"
    odd = rng.choice(WORDS).translate({ord(c): None for c in "/~["}) or "o"
    return odd if odd not in known else f"{odd}{len(known)}"
