"""A value that fits a type: for stubs, simulation and documentation.

The same type gives the same example, always. What the schema offers (`examples`, then
`default`) comes first, where it fits; nothing is returned that the validator refuses.
"""

from __future__ import annotations

from copy import deepcopy
from fractions import Fraction
from math import ceil, floor, lcm
from typing import Any, Final

from magicflow.types.domain import SAFE_INTEGER
from magicflow.types.problems import Accepts
from magicflow.types.sampling import sample
from magicflow.types.validate import TypeRef, TypeSet

MAX_DEPTH: Final = 40
MAX_ITEMS: Final = 1_000
MAX_LENGTH: Final = 100_000

FORMAT_EXAMPLES: Final[dict[str, str]] = {
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "time": "12:00:00Z",
    "duration": "PT1H30M",
    "email": "user@example.com",
    "uri": "https://example.com/",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "hostname": "example.com",
    "byte": "aGVsbG8=",
    "decimal": "12.5",
    "int64": "42",
}
_BUILT_IN: Final[dict[str, Any]] = {
    "any": None,
    "null": None,
    "boolean": True,
    "integer": 1,
    "number": 1.5,
    "string": "string",
    "object": {},
    "array": [],
}


class NoExample(ValueError):
    """No example was found: the type accepts nothing, or nothing that is easy to find."""


def example(types: TypeSet, type: TypeRef) -> Any:
    """A value that fits the type. Raises `NoExample` where none is found."""
    return _Examples(types).make(type, 0)


class _Examples:
    def __init__(self, types: TypeSet) -> None:
        self._types = types
        self._open: list[str] = []

    def make(self, type: TypeRef, depth: int, offered: list[Any] | None = None) -> Any:
        definition, id, nullable = self._types.resolve(type)
        accepts = self._types.compile(type).accepts
        doc = {} if definition is None else definition.get("doc", {})
        for value in [*(offered or []), *doc.get("examples", [])]:
            if accepts(value):
                return deepcopy(value)
        if definition is None:
            return deepcopy(_BUILT_IN[id])
        # The same type twice on the way down, or a deep one: end it if that is possible.
        if depth > MAX_DEPTH or id in self._open:
            if nullable:
                return None
            raise NoExample(f"the type {id} contains itself in every value")
        self._open.append(id)
        try:
            value = self._make(definition, accepts, depth + 1)
        except NoExample:
            if nullable:
                return None
            raise
        finally:
            self._open.pop()
        if not accepts(value):
            if nullable:
                return None
            raise NoExample(f"no value was found for the type {id}")
        return value

    def _make(self, definition: dict[str, Any], accepts: Accepts, depth: int) -> Any:
        match definition["kind"]:
            case "string":
                return _string(definition, accepts)
            case "integer" | "number":
                return _number(definition, accepts)
            case "enum":
                return definition["values"][0]
            case "array":
                return self._array(definition, depth)
            case "tuple":
                return [self.make(item, depth) for item in definition["items"]]
            case "map":
                return self._map(definition, depth)
            case "object":
                return self._object(definition, depth)
            case "union":
                return self._union(definition, depth)
        raise NoExample("the type accepts nothing")

    def _array(self, definition: dict[str, Any], depth: int) -> list[Any]:
        low = definition.get("min_items", 0)
        if low > MAX_ITEMS:
            raise NoExample(f"the list has at least {low} items")
        high = definition.get("max_items")
        if not low and high == 0:
            return []
        try:
            item = self.make(definition["items"], depth)
        except NoExample:
            if low:
                raise
            return []
        if not definition.get("unique"):
            return [deepcopy(item) for _ in range(max(low, 1))]
        return self._distinct(definition["items"], item, max(low, 1))

    def _distinct(self, type: TypeRef, item: Any, count: int) -> list[Any]:
        """Items that differ, varied from one example."""
        accepts = self._types.compile(type).accepts
        definition, _, _ = self._types.resolve(type)
        options = [item]
        if definition is not None and definition["kind"] == "enum":
            options = list(definition["values"])
        elif definition is None or definition["kind"] in (
            "integer",
            "number",
            "string",
        ):
            options += _variations(item, count)
        found: list[Any] = []
        for option in options:
            if len(found) < count and accepts(option) and option not in found:
                found.append(option)
        return found

    def _map(self, definition: dict[str, Any], depth: int) -> dict[str, Any]:
        low = definition.get("min_properties", 0)
        if low > MAX_ITEMS:
            raise NoExample(f"the object has at least {low} members")
        if definition.get("max_properties") == 0:
            return {}
        try:
            value = self.make(definition["values"], depth)
        except NoExample:
            if low:
                raise
            return {}
        names = _names(definition, max(low, 1))
        return {name: deepcopy(value) for name in names}

    def _object(self, definition: dict[str, Any], depth: int) -> dict[str, Any]:
        value: dict[str, Any] = {}
        high = definition.get("max_properties")
        fields = definition["fields"]
        extra = definition["extra"]
        for name in definition.get("required_extra", []):
            value[name] = self.make(extra.get("type", {"type": "any"}), depth)
        required = [name for name in fields if fields[name]["required"]]
        for name in [*required, *(name for name in fields if name not in required)]:
            field = fields[name]
            if not field["required"] and high is not None and len(value) >= high:
                break
            offered = [field["default"]] if "default" in field else []
            offered = field.get("doc", {}).get("examples", []) + offered
            try:
                value[name] = self.make(field["type"], depth, offered)
            except NoExample:
                if field["required"]:
                    raise
        low = definition.get("min_properties", 0)
        if len(value) < low and extra["allow"] != "forbid":
            child = self.make(extra.get("type", {"type": "any"}), depth)
            for name in _names(definition, low):
                if len(value) < low and name not in fields:
                    value[name] = deepcopy(child)
        return value

    def _union(self, definition: dict[str, Any], depth: int) -> Any:
        failure = NoExample("the union has no variants")
        for variant in definition["variants"]:
            try:
                return self.make(variant["type"], depth)
            except NoExample as error:
                failure = error
        raise failure


def _string(definition: dict[str, Any], accepts: Accepts) -> str:
    low = definition.get("min_length", 0)
    high = definition.get("max_length")
    if low > MAX_LENGTH:
        raise NoExample(f"the string has at least {low} characters")
    candidates: list[str] = []
    if (format := definition.get("format")) is not None:
        candidates.append(FORMAT_EXAMPLES[format])
    for pattern in definition.get("patterns", []):
        for grow in (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, low, high or low):
            if grow <= 4_096:
                found = sample(pattern, grow)
                candidates += [found, found + "a" * max(0, low - len(found))]
    text = "string" if high is None or high >= 6 else "string"[:high]
    candidates.append(text + "a" * max(0, low - len(text)))
    for candidate in candidates:
        if accepts(candidate):
            return candidate
    raise NoExample("no string was found that fits the patterns and lengths")


def _number(definition: dict[str, Any], accepts: Accepts) -> int | float:
    is_integer = definition["kind"] == "integer"
    low = _bound(definition, "minimum", "exclusive_minimum", max)
    high = _bound(definition, "maximum", "exclusive_maximum", min)
    steps = [Fraction(text) for text in definition.get("multiple_of", [])]
    step = Fraction(1)
    if steps:
        step = Fraction(
            lcm(*(each.numerator for each in steps)),
            _gcd([each.denominator for each in steps]),
        )
        if is_integer:
            step = Fraction(lcm(step.numerator, 1), 1)
    elif not is_integer and low is not None and high is not None and high - low <= 2:
        step = (high - low) / 4 or Fraction(1)
    near: list[Fraction] = [Fraction(1)]
    if low is not None:
        near += [low, ceil(low / step) * step, (floor(low / step) + 1) * step]
    if high is not None:
        near += [high, floor(high / step) * step, (ceil(high / step) - 1) * step]
    if low is not None and high is not None:
        near.append((low + high) / 2)
    for candidate in [*near, step, Fraction(0), -step]:
        value = _plain(candidate)
        if value is not None and accepts(value):
            return value
    raise NoExample("no number was found that fits the bounds and multiples")


def _gcd(numbers: list[int]) -> int:
    from math import gcd

    return gcd(*numbers)


def _bound(definition: dict[str, Any], key: str, exclusive: str, pick: Any) -> Any:
    found = [
        Fraction(definition[name]) for name in (key, exclusive) if name in definition
    ]
    return pick(found) if found else None


def _plain(value: Fraction) -> int | float | None:
    if value.denominator == 1:
        return int(value) if abs(value) <= SAFE_INTEGER else None
    try:
        return float(value)
    except OverflowError:
        return None


def _variations(item: Any, count: int) -> list[Any]:
    if isinstance(item, str):
        return [f"{item}{number}" for number in range(2, count + 2)]
    if isinstance(item, int | float) and not isinstance(item, bool):
        return [item + number for number in range(1, count + 1)] + [
            item - number for number in range(1, count + 1)
        ]
    return []


def _names(definition: dict[str, Any], count: int) -> list[str]:
    """Member names that fit the rules for names, as many as asked for if possible."""
    low = definition.get("key_min_length", 0)
    rules = {
        "kind": "string",
        "name": {"words": []},
        "min_length": low,
        "patterns": definition.get("key_patterns", []),
    }
    if (high := definition.get("key_max_length")) is not None:
        rules["max_length"] = high
    accepts = TypeSet({"": rules}).compile({"type": ""}).accepts
    options = ["key", *(f"key{number}" for number in range(2, count + 2))]
    options += list("abcdefghijklmnopqrstuvwxyz")
    options += [
        "k" * max(low, 1),
        *("k" * low + str(number) for number in range(count)),
    ]
    for pattern in definition.get("key_patterns", []):
        options += [sample(pattern, grow) for grow in range(count + 8)]
    names = list(dict.fromkeys(option for option in options if accepts(option)))
    if len(names) < count:
        raise NoExample("no member names were found that fit the rules")
    return names[:count]
