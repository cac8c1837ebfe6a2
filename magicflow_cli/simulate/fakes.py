"""Random values that fit a type: bounds, lengths, patterns, formats, required members.

Values are made along the type, then asked of its validator: what does not fit is drawn
again, and what never does is an example. So nothing comes from here that a run would
refuse.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any, Final, TypeAlias

from magicflow.types import NoExample, TypeSet, example
from magicflow.types.validate import TypeRef

from magicflow_cli.simulate import scalars
from magicflow_cli.simulate.scalars import TRIES, Make, never

Fake: TypeAlias = Callable[[Random], Any]
Json: TypeAlias = dict[str, Any]

MAX_DEPTH: Final = 6
"""Beyond it optional members and items are left out."""
MORE_ITEMS: Final = 3
"""A list has at most so many items more than it must."""
OPTIONAL: Final = 0.7
"""How often an optional member is there."""
NULL: Final = 0.1
"""How often a value that may be null is."""


class Fakes:
    """The fakes of one plan's types."""

    def __init__(self, types: TypeSet) -> None:
        self._types = types
        self._heights = _Heights(types)
        self._makers: dict[str, Make] = {}

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

    def _make(self, type: TypeRef) -> Make:
        definition, id, nullable = self._types.resolve(type)
        make: Make
        if self._is_endless({"type": id}):
            make = never
        elif definition is None:
            make = scalars.BUILT_IN[id]
        elif id in self._makers:
            make = self._makers[id]
        else:
            # Types that contain themselves meet this stand-in until they are made.
            made: list[Make] = []
            self._makers[id] = lambda dice, depth: made[0](dice, depth)
            make = self._define(definition)
            made.append(make)
            self._makers[id] = make
        if not nullable or id in ("any", "null"):
            return make
        if make is never:
            return scalars.BUILT_IN["null"]

        def maybe(dice: Random, depth: int) -> Any:
            if dice.random() < NULL or depth > MAX_DEPTH:
                return None
            return make(dice, depth)

        return maybe

    def _is_endless(self, type: TypeRef) -> bool:
        """Whether every value of the type contains another one."""
        return self._heights.of(type) >= self._heights.ENDLESS

    def _define(self, definition: Json) -> Make:
        offered = definition.get("doc", {}).get("examples")
        make = self._by_kind(definition)
        if not offered:
            return make

        def drawn(dice: Random, depth: int) -> Any:
            if dice.random() < 0.5:
                return offered[int(dice.random() * len(offered))]
            return make(dice, depth)

        return drawn

    def _by_kind(self, definition: Json) -> Make:
        match definition["kind"]:
            case "string":
                return scalars.string(definition)
            case "integer" | "number":
                return scalars.number(definition)
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
        return never

    def _array(self, definition: Json) -> Make:
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

    def _map(self, definition: Json) -> Make:
        value = self._make(definition["values"])
        low = definition.get("min_properties", 0)
        high = definition.get("max_properties")
        if self._is_endless(definition["values"]):
            high = 0
        name = scalars.string(
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

    def _object(self, definition: Json) -> Make:
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

    def _union(self, definition: Json) -> Make:
        variants = [
            (self._make(variant["type"]), variant.get("tags"), variant["type"])
            for variant in definition["variants"]
            if not self._is_endless(variant["type"])
        ]
        if not variants:
            return never
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


def _count(dice: Random, depth: int, low: int, high: int | None) -> int:
    """How many items: as few as may be where values are deep."""
    if depth > MAX_DEPTH:
        return low
    most = low + MORE_ITEMS if high is None else min(high, low + MORE_ITEMS)
    return low + int(dice.random() * (most - low + 1))
