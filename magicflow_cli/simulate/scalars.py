"""Random texts and numbers that fit a type without members or items."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor, gcd
from random import Random
from typing import Any, Final, TypeAlias

from magicflow.types import NoExample, TypeSet
from magicflow.types.domain import SAFE_INTEGER
from magicflow.types.sampling import random_sampler

Json: TypeAlias = dict[str, Any]
Make: TypeAlias = Callable[[Random, int], Any]
"""Makes a value; the number says how deep it stands in another one."""

TRIES: Final = 20
SPAN: Final = 1_000
"""Numbers without bounds lie between 0 and this."""
_WORDS = (
    *("amber", "basil", "cedar", "delta", "ember", "flint", "grove"),
    *("heron", "iris", "jade", "kite", "lotus", "maple", "north"),
    *("olive", "pearl", "quartz", "river", "slate", "tulip", "umber"),
    *("violet", "willow", "yarrow", "zephyr"),
)


def never(dice: Random, depth: int) -> Any:
    raise NoExample("the type accepts nothing")


def _word(dice: Random) -> str:
    return _WORDS[int(dice.random() * len(_WORDS))]


def _scalar(dice: Random, depth: int) -> Any:
    """A value of a type that allows anything."""
    return (None, True, 7, _word(dice))[int(dice.random() * 4)]


BUILT_IN: dict[str, Make] = {
    "any": _scalar,
    "null": lambda dice, depth: None,
    "boolean": lambda dice, depth: dice.random() < 0.5,
    "integer": lambda dice, depth: int(dice.random() * SPAN),
    "number": lambda dice, depth: int(dice.random() * SPAN * 100) / 100,
    "string": lambda dice, depth: f"{_word(dice)}-{int(dice.random() * SPAN)}",
    "object": lambda dice, depth: {_word(dice): _scalar(dice, depth)},
    "array": lambda dice, depth: [_scalar(dice, depth)],
}


def _digits(dice: Random, count: int) -> str:
    return f"{int(dice.random() * 10**count):0{count}d}"


def _hex(dice: Random, count: int) -> str:
    return f"{dice.getrandbits(4 * count):0{count}x}"


def _date(dice: Random) -> str:
    month, day = 1 + int(dice.random() * 12), 1 + int(dice.random() * 28)
    return f"{2020 + int(dice.random() * 10)}-{month:02d}-{day:02d}"


def _time(dice: Random) -> str:
    seconds = int(dice.random() * 86_400)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}Z"


def _uuid(dice: Random) -> str:
    variant = "89ab"[int(dice.random() * 4)]
    return (
        f"{_hex(dice, 8)}-{_hex(dice, 4)}-4{_hex(dice, 3)}-{variant}{_hex(dice, 3)}-"
        f"{_hex(dice, 12)}"
    )


_FORMATS: dict[str, Callable[[Random], str]] = {
    "date-time": lambda dice: f"{_date(dice)}T{_time(dice)}",
    "date": _date,
    "time": _time,
    "duration": lambda dice: f"PT{1 + int(dice.random() * 90)}M",
    "email": lambda dice: f"{_word(dice)}.{_digits(dice, 3)}@example.com",
    "uri": lambda dice: f"https://example.com/{_word(dice)}/{_digits(dice, 4)}",
    "uuid": _uuid,
    "ipv4": lambda dice: f"192.0.2.{int(dice.random() * 256)}",
    "ipv6": lambda dice: f"2001:db8::{1 + int(dice.random() * 65_535):x}",
    "hostname": lambda dice: f"{_word(dice)}-{_digits(dice, 2)}.example.com",
    "byte": lambda dice: f"{_word(dice)[:4]:a<4}",
    "decimal": lambda dice: f"{int(dice.random() * SPAN)}.{_digits(dice, 2)}",
    "int64": lambda dice: str(int(dice.random() * 10**12)),
}


def string(definition: Json) -> Make:
    low, high = definition.get("min_length", 0), definition.get("max_length")
    format = definition.get("format")
    patterns = definition.get("patterns", [])
    draw: Callable[[Random], str]
    if format is not None:
        draw = _FORMATS[format]
    elif patterns:
        draw = random_sampler(patterns[0])
    else:

        def draw(dice: Random) -> str:
            text = f"{_word(dice)}-{int(dice.random() * SPAN)}"
            if len(text) < low:
                text += "a" * min(low - len(text), 100_000)
            return text if high is None else text[:high]

    if not patterns:
        return lambda dice, depth: draw(dice)
    accepts = TypeSet({"": definition}).compile({"type": ""}).accepts

    def make(dice: Random, depth: int) -> str:
        for _ in range(TRIES):
            text = draw(dice)
            if accepts(text):
                return text
        raise NoExample("no string was found that fits the patterns and lengths")

    return make


def number(definition: Json) -> Make:
    is_integer = definition["kind"] == "integer"
    low = _bound(definition, "minimum", "exclusive_minimum", max)
    high = _bound(definition, "maximum", "exclusive_maximum", min)
    if low is None and high is None:
        low, high = Fraction(0), Fraction(SPAN)
    elif low is None:
        assert high is not None
        low = high - SPAN
    elif high is None:
        high = low + SPAN
    steps = [Fraction(text) for text in definition.get("multiple_of", [])]
    step = Fraction(1) if is_integer else min((high - low) / SPAN, Fraction(1, 100))
    for each in steps:
        step = _common(step, each) if is_integer or each is not steps[0] else each
    if not step:
        step = Fraction(1)
    first, last = ceil(low / step), floor(high / step)
    if "exclusive_minimum" in definition and first * step == low:
        first += 1
    if "exclusive_maximum" in definition and last * step == high:
        last -= 1
    if first > last:
        return never
    limit = SAFE_INTEGER

    def make(dice: Random, depth: int) -> int | float:
        value = (first + int(dice.random() * (last - first + 1))) * step
        if value.denominator == 1 and abs(value) <= limit:
            return int(value)
        return float(value)

    return make


def _common(one: Fraction, other: Fraction) -> Fraction:
    """The least common multiple."""
    numerator = one.numerator * other.denominator
    against = other.numerator * one.denominator
    below = one.denominator * other.denominator
    return Fraction(numerator * against // (gcd(numerator, against) or 1), below)


def _bound(definition: Json, key: str, exclusive: str, pick: Any) -> Fraction | None:
    found = [
        Fraction(definition[name]) for name in (key, exclusive) if name in definition
    ]
    chosen: Fraction | None = pick(found) if found else None
    return chosen
