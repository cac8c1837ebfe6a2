"""Validation driven by the plan's types: no code is generated, one pass decides.

A type compiles to a function of closures that says yes or no; only for a value that
does not fit a second pass finds the places. Nothing is coerced and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from magicflow.types.collections import (
    compile_array,
    compile_map,
    compile_object,
    compile_tuple,
)
from magicflow.types.decode import with_deep_stack
from magicflow.types.inline import Constants, Inline
from magicflow.types.problems import Check, Problem
from magicflow.types.scalars import (
    BUILT_IN,
    Definition,
    compile_enum,
    compile_number,
    compile_string,
)
from magicflow.types.unions import compile_union

TypeRef = Mapping[str, Any]
"""`{"type": id, "nullable": bool}` as in the plan."""

MAX_PROBLEMS: Final = 100
"""How many problems of one value are told."""


class Validator:
    """A compiled type reference. Thread-safe; holds no state of a value."""

    __slots__ = ("_check", "accepts")

    def __init__(self, check: Check) -> None:
        self._check = check
        self.accepts = check.accepts

    def check(self, value: Any) -> list[Problem]:
        """What keeps the value from fitting; empty when it fits. Members of an object
        come in the order of their names, by code point. `value` is JSON data of the
        domain, as `decode_json` returns it."""
        if with_deep_stack(self.accepts, value):
            return []
        problems: list[Problem] = []
        with_deep_stack(self._check.explain, value, "", problems)
        return problems[:MAX_PROBLEMS]


class TypeSet:
    """The types of one plan. `types` are its definitions by id, as plan JSON."""

    def __init__(self, types: Mapping[str, Definition]) -> None:
        self.types = types
        self._checks: dict[str, Check] = {}
        self._validators: dict[tuple[str, bool], Validator] = {}

    def compile(self, type: TypeRef) -> Validator:
        """The validator of a type reference, compiled at its first use. Raises KeyError
        for an id that the plan does not define."""
        key = type["type"], bool(type.get("nullable"))
        found = self._validators.get(key)
        if found is None:
            found = self._validators[key] = Validator(self._compile(type))
        return found

    @cached_property
    def with_defaults(self) -> frozenset[str]:
        """Ids of the types that have a default, at any depth."""
        found = {
            id
            for id, definition in self.types.items()
            if definition["kind"] == "object"
            and any(field.get("has_default") for field in definition["fields"].values())
        }
        users: dict[str, list[str]] = {}
        for id, definition in self.types.items():
            for used in _used_by(definition):
                users.setdefault(used, []).append(id)
        waiting = list(found)
        while waiting:
            for id in users.get(waiting.pop(), ()):
                if id not in found:
                    found.add(id)
                    waiting.append(id)
        return frozenset(found)

    def resolve(self, type: TypeRef) -> tuple[Definition | None, str, bool]:
        """Definition (None for a built-in type), id and nullability of a reference,
        behind all aliases."""
        id, nullable = type["type"], bool(type.get("nullable"))
        while id not in BUILT_IN:
            definition = self.types[id]
            if definition["kind"] != "alias":
                return definition, id, nullable
            target = definition["of"]
            id, nullable = target["type"], nullable or bool(target.get("nullable"))
        return None, id, nullable

    def _compile(self, type: TypeRef) -> Check:
        definition, id, nullable = self.resolve(type)
        check = BUILT_IN[id] if definition is None else self._define(id, definition)
        return _nullable(check) if nullable and id not in ("any", "null") else check

    def _define(self, id: str, definition: Definition) -> Check:
        if id in self._checks:
            return self._checks[id]
        # Types that contain themselves meet this stand-in until they are compiled.
        made: list[Check] = []
        self._checks[id] = Check(
            lambda value: made[0].accepts(value),
            lambda value, path, problems: made[0].explain(value, path, problems),
        )
        made.append(self._compile_definition(definition))
        self._checks[id] = made[0]
        return made[0]

    def _compile_definition(self, definition: Definition) -> Check:
        match definition["kind"]:
            case "string":
                return compile_string(definition)
            case "integer" | "number":
                return compile_number(definition)
            case "enum":
                return compile_enum(definition)
            case "array":
                return compile_array(definition, self._compile)
            case "tuple":
                return compile_tuple(definition, self._compile)
            case "map":
                return compile_map(definition, self._compile)
            case "object":
                return compile_object(definition, self._compile)
            case "union":
                return compile_union(definition, self._compile)
            case "never":
                return _NEVER
            case kind:
                raise ValueError(f"unknown kind of type {kind!r}")


def _used_by(definition: Definition) -> Iterator[str]:
    """Ids of the types that a definition refers to."""
    match definition["kind"]:
        case "array":
            yield definition["items"]["type"]
        case "tuple":
            yield from (item["type"] for item in definition["items"])
        case "map":
            yield definition["values"]["type"]
        case "alias":
            yield definition["of"]["type"]
        case "union":
            yield from (variant["type"]["type"] for variant in definition["variants"])
        case "object":
            yield from (
                field["type"]["type"] for field in definition["fields"].values()
            )
            if definition["extra"]["allow"] == "typed":
                yield definition["extra"]["type"]["type"]


def _explain_never(value: Any, path: str, problems: list[Problem]) -> None:
    problems.append(Problem(path, "false", "no value is allowed here"))


_NEVER: Final = Check(lambda value: False, _explain_never)


def _nullable(check: Check) -> Check:
    accepts, write = check.accepts, check.inline
    inline: Inline | None = None
    if write is not None:

        def inline(variable: str, constants: Constants) -> str:
            return f"({variable} is None or {write(variable, constants)})"

    return Check(lambda value: value is None or accepts(value), check.explain, inline)
