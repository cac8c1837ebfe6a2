"""Values that stand for all values of a type: those that the workflow can tell apart.

For every member that a condition asks for, one value for each answer: on both sides of
a bound, each literal and another, true and false, null and absent where the type allows
them, lists of no, one and several items. Members that are only copied have one value,
and are left out together once when they are optional. Everything fits the type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import product
from typing import Any

from magicflow.canonical import canonical
from magicflow.types import NoExample, TypeSet, example
from magicflow.types.sampling import sample

from magicflow_cli.verify.demands import EACH, Path, Test
from magicflow_cli.verify.reads import Json

MAX_VALUES = 48
"""Representatives of one value; with more combinations some are left out."""

MAX_LIST = 12
"""Items of the longest list that is made."""

ABSENT: Any = object()
_ANY: Json = {"type": "any"}


@dataclass(slots=True)
class Representatives:
    """`values` in a fixed order, the plain example first; `complete` says whether every
    combination is among them."""

    values: list[Any]
    complete: bool


def representatives(
    types: TypeSet, type: Json | None, asked: dict[Path, list[Test]], plain: Any = None
) -> Representatives:
    """Values of a type for what is asked of its members. `plain` stands in for the
    example of a type that says nothing."""
    return _Maker(types, type or _ANY, asked).make(plain)


class _Maker:
    def __init__(
        self, types: TypeSet, type: Json, asked: dict[Path, list[Test]]
    ) -> None:
        self.types = types
        self.type = type
        self.asked = asked
        self.accepts = types.compile(type).accepts

    def make(self, plain: Any) -> Representatives:
        try:
            base = example(self.types, self.type)
        except NoExample:
            base = None
        if base is None and plain is not None and self.accepts(plain):
            base = deepcopy(plain)
        places = [path for path in self.asked if self._decides(path)]
        places.sort(key=lambda path: (len(path), [str(part) for part in path]))
        lists = self._lists(places)
        choices: list[tuple[Path, list[Any]]] = []
        for path in places:
            if path in lists:
                choices.append((path, self._list_values(path, base)))
            elif not any(path[: len(start)] == start for start in lists):
                choices.append((path, self._options(path, base)))
        found = [base, *self._bare(base)]
        total = 1
        for _, options in choices:
            total *= max(len(options), 1)
        complete = total <= MAX_VALUES
        for picks in _combinations([options for _, options in choices], complete):
            value = base
            for (path, _), pick in zip(choices, picks, strict=True):
                value = _with(value, path, pick)
            found.append(value)
        fitting = _distinct(value for value in found if self.accepts(value))
        return Representatives(fitting, complete)

    def _decides(self, path: Path) -> bool:
        return any(test.op != "read" for test in self.asked[path])

    def _lists(self, places: list[Path]) -> set[Path]:
        """Where lists stand whose items or length somebody asks for; outermost ones."""
        found: set[Path] = set()
        for path in places:
            if EACH in path:
                found.add(path[: path.index(EACH)])
            elif self._is_list(path) or any(
                t.op == "length" and not t.length for t in self.asked[path]
            ):
                found.add(path)
        for start in found - set(places):
            self.asked.setdefault(start, []).append(Test("length"))
            places.append(start)
        return {
            start
            for start in found
            if not any(start != o and start[: len(o)] == o for o in found)
        }

    def _is_list(self, path: Path) -> bool:
        definition, id, _, _ = self._type_at(path)
        return id == "array" or (definition or {}).get("kind") == "array"

    # values

    def _options(self, path: Path, base: Any) -> list[Any]:
        """What one member may be, the base's value first."""
        definition, id, nullable, optional = self._type_at(path)
        kind = id if definition is None else definition["kind"]
        current = _at(base, path)
        tests = [test for test in self.asked[path] if test.op != "read"]
        found: list[Any] = [] if current is ABSENT else [current]
        for test in tests:
            found += _candidates(kind, definition, test, current)
        if nullable:
            found.append(None)
        if optional or (kind == "any" and path):
            found.append(ABSENT)
        return _distinct(
            value
            for value in found
            if value is ABSENT or self.accepts(_with(base, path, value))
        ) or [current]

    def _list_values(self, path: Path, base: Any) -> list[Any]:
        """Lists: none, each kind of item alone, all kinds, and the lengths asked for."""
        items = self._items(path, base)
        lengths = {0, 1, 2}
        for test in self.asked.get(path, ()):
            if isinstance(test.literal, int) and test.length:
                lengths.update((test.literal - 1, test.literal, test.literal + 1))
        made: list[Any] = [[item] for item in items]
        made += [list(items)] if len(items) > 1 else []
        for length in sorted(lengths):
            if 0 <= length <= MAX_LIST and items:
                made.append([items[n % len(items)] for n in range(length)])
            elif length == 0:
                made.append([])
        _, _, nullable, optional = self._type_at(path)
        made += [None] if nullable else []
        made += [ABSENT] if optional else []
        current = _at(base, path)
        if isinstance(current, list) and current:
            made.insert(0, current)
        return _distinct(
            v for v in made if v is ABSENT or self.accepts(_with(base, path, v))
        )

    def _items(self, path: Path, base: Any) -> list[Any]:
        """Items that the workflow can tell apart."""
        definition, _, _, _ = self._type_at(path)
        ref = (definition or {}).get("items", _ANY)
        below = {
            other[len(path) + 1 :]: tests
            for other, tests in self.asked.items()
            if other[: len(path) + 1] == (*path, EACH)
        }
        current = _at(base, path)
        plain = current[0] if isinstance(current, list) and current else "item"
        try:
            return representatives(self.types, ref, below, plain).values
        except RecursionError:  # a type in itself, asked for without end
            return [plain]

    def _bare(self, base: Any) -> Iterator[Any]:
        """The value without the optional members that somebody reads."""
        value = base
        for path in sorted(self.asked, key=len, reverse=True):
            if EACH not in path and path and self._type_at(path)[3]:
                value = _with(value, path, ABSENT)
        if value is not base:
            yield value

    # types

    def _type_at(self, path: Path) -> tuple[Json | None, str, bool, bool]:
        """Definition (None for a built-in type), id, whether null and absence are
        allowed, of a member."""
        ref: Json = self.type
        optional = False
        for part in path:
            definition, id, _ = self.types.resolve(ref)
            if definition is None:
                return None, "any", True, True
            match definition["kind"]:
                case "object":
                    field = definition["fields"].get(part)
                    if field is None:
                        return None, "any", True, True
                    ref, optional = field["type"], optional or not field["required"]
                case "map":
                    ref, optional = definition["values"], True
                case "array":
                    ref = definition["items"]
                case _:
                    return None, "any", True, True
        definition, id, nullable = self.types.resolve(ref)
        return definition, id, nullable, optional


def _candidates(
    kind: str, definition: Json | None, test: Test, current: Any
) -> list[Any]:
    """Values on every side of one test."""
    literal = test.literal
    if test.length:
        return _by_length(kind, test)
    match test.op:
        case "==" | "!=":
            return [literal, *_others(kind, definition, literal, current)]
        case "<" | ">=" | "<=" | ">" if isinstance(
            literal, int | float
        ) and not isinstance(literal, bool):
            return [literal - 1, literal, literal + 1]
        case "<" | ">=" | "<=" | ">" if isinstance(literal, str):
            return ["", literal, literal + "a"]
        case "contains" | "starts_with" | "ends_with":
            wrapped = [literal] if kind == "array" else literal
            return [wrapped, *_others(kind, definition, literal, current)]
        case "matches" if isinstance(literal, str):
            return [sample(literal), *_others(kind, definition, literal, current)]
        case "truth":
            return [True, False] if kind in ("boolean", "any") else []
    return _others(kind, definition, literal, current)


def _by_length(kind: str, test: Test) -> list[Any]:
    if not isinstance(test.literal, int):
        return []
    lengths = [n for n in range(test.literal - 1, test.literal + 2) if 0 <= n <= 4_096]
    if kind in ("string", "any"):
        return ["a" * length for length in lengths]
    return []


def _others(
    kind: str, definition: Json | None, literal: Any, current: Any
) -> list[Any]:
    """Values of a type besides a literal."""
    match kind:
        case "boolean":
            return [True, False]
        case "enum":
            assert definition is not None
            values = definition["values"]
            return list(values[:6])
        case "integer" | "number":
            if isinstance(literal, int | float) and not isinstance(literal, bool):
                return [literal + 1, literal - 1]
            return [0, 1, 2, -1]
        case "string":
            return ["other", "string", ""]
        case "any" if isinstance(literal, bool):
            return [not literal]
        case "any" if isinstance(literal, str):
            return ["other"]
        case "any" if isinstance(literal, int | float):
            return [literal + 1]
    return []


def _combinations(
    options: list[list[Any]], complete: bool
) -> Iterable[tuple[Any, ...]]:
    """All of them, or every single change and every change of two members."""
    if complete:
        return product(*options)
    found = [tuple(each[0] for each in options)]
    for place, each in enumerate(options):
        found += [
            (*found[0][:place], pick, *found[0][place + 1 :]) for pick in each[1:]
        ]
    pairs: list[tuple[Any, ...]] = []
    for single in found[1:]:
        for other in found[1:]:
            if len(found) + len(pairs) >= MAX_VALUES:
                return [*found, *pairs]
            merged = tuple(
                a if a is not plain else b
                for a, b, plain in zip(single, other, found[0], strict=True)
            )
            pairs.append(merged)
    return [*found, *pairs]


def _at(value: Any, path: Path) -> Any:
    for part in path:
        if not isinstance(value, dict) or part not in value:
            return ABSENT
        value = value[part]
    return value


def _with(value: Any, path: Path, new: Any) -> Any:
    """A copy with one member replaced, added or removed."""
    if not path:
        return value if new is ABSENT else new
    first, rest = path[0], path[1:]
    if new is ABSENT and not isinstance(value, dict):
        return value
    made = dict(value) if isinstance(value, dict) else {}
    if new is ABSENT and first not in made:
        return value
    if new is ABSENT and not rest:
        made.pop(str(first), None)
    else:
        made[str(first)] = _with(made.get(str(first)), rest, new)
    return made


def _distinct(values: Iterable[Any]) -> list[Any]:
    found: dict[str, Any] = {}
    for value in values:
        found.setdefault("" if value is ABSENT else canonical(value), value)
    return list(found.values())
