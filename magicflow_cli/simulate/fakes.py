"""Random values that fit a type: bounds, lengths, patterns, formats, required members.

Values are made along the type, then asked of its validator: what does not fit is drawn
again, and what never does is an example. So nothing comes from here that a run would
refuse.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor
from random import Random
from typing import Any, Final, TypeAlias

from magicflow.types import NoExample, TypeSet, example
from magicflow.types.domain import SAFE_INTEGER
from magicflow.types.sampling import random_sampler
from magicflow.types.validate import TypeRef

Fake: TypeAlias = Callable[[Random], Any]
Json: TypeAlias = dict[str, Any]

TRIES: Final = 20
MAX_DEPTH: Final = 6
"""Beyond it optional members and items are left out."""
MORE_ITEMS: Final = 3
"""A list has at most so many items more than it must."""
OPTIONAL: Final = 0.7
"""How often an optional member is there."""
NULL: Final = 0.1
"""How often a value that may be null is."""
SPAN: Final = 1_000
"""Numbers without bounds lie between 0 and this."""
_WORDS = (
    *("amber", "basil", "cedar", "delta", "ember", "flint", "grove"),
    *("heron", "iris", "jade", "kite", "lotus", "maple", "north"),
    *("olive", "pearl", "quartz", "river", "slate", "tulip", "umber"),
    *("violet", "willow", "yarrow", "zephyr"),
)


class Fakes:
    """The fakes of one plan's types."""

    def __init__(self, types: TypeSet) -> None:
        self._types = types
        self._heights = _Heights(types)
        self._makers: dict[str, _Make] = {}

    def of(self, type: TypeRef) -> Fake:
        """A source of values of a type. Raises NoExample when none is found."""
        accepts = self._types.compile(type).accepts
        make = self._make(type)
        spare: list[Any] = []

        def draw(dice: Random) -> Any:
            for _ in range(TRIES):
                try:
                    value = make(dice, 0)
                except NoExample:
                    continue
                if accepts(value):
                    return value
            if not spare:
                spare.append(example(self._types, type))
            return spare[0]

        draw(Random(0))  # a type without values is told now
        return draw

    def _make(self, type: TypeRef) -> _Make:
        definition, id, nullable = self._types.resolve(type)
        make: _Make
        if self._is_endless({"type": id}):
            make = _never
        elif definition is None:
            make = _BUILT_IN[id]
        elif id in self._makers:
            make = self._makers[id]
        else:
            # Types that contain themselves meet this stand-in until they are made.
            made: list[_Make] = []
            self._makers[id] = lambda dice, depth: made[0](dice, depth)
            make = self._define(definition)
            made.append(make)
            self._makers[id] = make
        if not nullable or id in ("any", "null"):
            return make
        if make is _never:
            return _BUILT_IN["null"]

        def maybe(dice: Random, depth: int) -> Any:
            if dice.random() < NULL or depth > MAX_DEPTH:
                return None
            return make(dice, depth)

        return maybe

    def _is_endless(self, type: TypeRef) -> bool:
        """Whether every value of the type contains another one."""
        return self._heights.of(type) >= self._heights.ENDLESS

    def _define(self, definition: Json) -> _Make:
        offered = definition.get("doc", {}).get("examples")
        make = self._by_kind(definition)
        if not offered:
            return make

        def drawn(dice: Random, depth: int) -> Any:
            if dice.random() < 0.5:
                return offered[int(dice.random() * len(offered))]
            return make(dice, depth)

        return drawn

    def _by_kind(self, definition: Json) -> _Make:
        match definition["kind"]:
            case "string":
                return _string(definition)
            case "integer" | "number":
                return _number(definition)
            case "enum":
                values = definition["values"]
                return lambda dice, depth: values[int(dice.random() * len(values))]
            case "array":
                return self._array(definition)
            case "tuple":
                items = [self._make(item) for item in definition["items"]]
                return lambda dice, depth: [make(dice, depth + 1) for make in items]
            case "map":
                return self._map(definition)
            case "object":
                return self._object(definition)
            case "union":
                return self._union(definition)
        return _never

    def _array(self, definition: Json) -> _Make:
        item = self._make(definition["items"])
        low, high = definition.get("min_items", 0), definition.get("max_items")
        if self._is_endless(definition["items"]):
            high = 0
        unique = definition.get("unique", False)

        def make(dice: Random, depth: int) -> list[Any]:
            count = _count(dice, depth, low, high)
            if not unique:
                return [item(dice, depth + 1) for _ in range(count)]
            found: dict[str, Any] = {}
            for _ in range(count * TRIES):
                value = item(dice, depth + 1)
                found.setdefault(json.dumps(value, sort_keys=True), value)
                if len(found) == count:
                    break
            return list(found.values())

        return make

    def _map(self, definition: Json) -> _Make:
        value = self._make(definition["values"])
        low = definition.get("min_properties", 0)
        high = definition.get("max_properties")
        if self._is_endless(definition["values"]):
            high = 0
        name = _string(
            {
                "kind": "string",
                "min_length": definition.get("key_min_length", 0),
                "max_length": definition.get("key_max_length"),
                "patterns": definition.get("key_patterns", []),
            }
        )

        def make(dice: Random, depth: int) -> Json:
            count = _count(dice, depth, low, high)
            found: Json = {}
            for _ in range(count * TRIES):
                if len(found) >= count:
                    break
                found[name(dice, depth)] = value(dice, depth + 1)
            return found

        return make

    def _object(self, definition: Json) -> _Make:
        fields = [
            (name, self._make(field["type"]), field["required"])
            for name, field in definition["fields"].items()
            if field["required"] or not self._is_endless(field["type"])
        ]
        extra = definition["extra"]
        spare = self._make(extra.get("type", {"type": "any"}))
        more = list(definition.get("required_extra", ()))
        low, high = definition.get("min_properties", 0), definition.get(
            "max_properties"
        )

        def make(dice: Random, depth: int) -> Json:
            value: Json = {}
            for name, field, required in fields:
                if required or (depth <= MAX_DEPTH and dice.random() < OPTIONAL):
                    if high is not None and not required and len(value) >= high:
                        continue
                    value[name] = field(dice, depth + 1)
            for name in more:
                value[name] = spare(dice, depth + 1)
            if len(value) < low:
                for name, field, _ in fields:
                    if name not in value and len(value) < low:
                        value[name] = field(dice, depth + 1)
                number = 0
                while len(value) < low and extra["allow"] != "forbid":
                    number += 1
                    value.setdefault(f"key{number}", spare(dice, depth + 1))
            return value

        return make

    def _union(self, definition: Json) -> _Make:
        variants = [
            (self._make(variant["type"]), variant.get("tags"), variant["type"])
            for variant in definition["variants"]
            if not self._is_endless(variant["type"])
        ]
        if not variants:
            return _never
        shortest = min(variants, key=lambda each: self._heights.of(each[2]))
        property = definition.get("property")

        def make(dice: Random, depth: int) -> Any:
            chosen = variants[int(dice.random() * len(variants))]
            draw, tags, _ = shortest if depth > MAX_DEPTH else chosen
            value = draw(dice, depth + 1)
            if property is not None and tags and isinstance(value, dict):
                value[property] = tags[int(dice.random() * len(tags))]
            return value

        return make


class _Heights:
    """How many levels the smallest value of a type has; what ends nowhere is ENDLESS.
    Deep values take the shortest way, so they end."""

    ENDLESS = 1_000_000

    def __init__(self, types: TypeSet) -> None:
        self._types = types
        self._known = dict.fromkeys(types.types, self.ENDLESS)
        changed = True
        while changed:
            changed = False
            for id, definition in types.types.items():
                height = self._height(definition)
                if height < self._known[id]:
                    self._known[id] = height
                    changed = True

    def of(self, type: TypeRef) -> int:
        if type.get("nullable"):
            return 0
        return self._known.get(type["type"], 0)

    def _height(self, definition: Json) -> int:
        match definition["kind"]:
            case "alias":
                return self.of(definition["of"])
            case "object":
                fields = definition["fields"].values()
                needed = [f["type"] for f in fields if f["required"]]
            case "array":
                needed = [definition["items"]] if definition.get("min_items") else []
            case "map":
                least = definition.get("min_properties")
                needed = [definition["values"]] if least else []
            case "tuple":
                needed = definition["items"]
            case "union":
                heights = [self.of(v["type"]) for v in definition["variants"]]
                return min(min(heights, default=0) + 1, self.ENDLESS)
            case _:
                return 0
        return min(max((self.of(each) for each in needed), default=0) + 1, self.ENDLESS)


_Make: TypeAlias = Callable[[Random, int], Any]


def _never(dice: Random, depth: int) -> Any:
    raise NoExample("the type accepts nothing")


def _count(dice: Random, depth: int, low: int, high: int | None) -> int:
    """How many items: as few as may be where values are deep."""
    if depth > MAX_DEPTH:
        return low
    most = low + MORE_ITEMS if high is None else min(high, low + MORE_ITEMS)
    return low + int(dice.random() * (most - low + 1))


# scalars


def _word(dice: Random) -> str:
    return _WORDS[int(dice.random() * len(_WORDS))]


def _scalar(dice: Random, depth: int) -> Any:
    """A value of a type that allows anything."""
    return (None, True, 7, _word(dice))[int(dice.random() * 4)]


_BUILT_IN: dict[str, _Make] = {
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


def _string(definition: Json) -> _Make:
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


def _number(definition: Json) -> _Make:
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
        return _never
    limit = SAFE_INTEGER

    def make(dice: Random, depth: int) -> int | float:
        value = (first + int(dice.random() * (last - first + 1))) * step
        if value.denominator == 1 and abs(value) <= limit:
            return int(value)
        return float(value)

    return make


def _common(one: Fraction, other: Fraction) -> Fraction:
    """The least common multiple."""
    from math import gcd

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
