"""Compiles unions: one look at the value chooses the variant, which alone is tried."""

from __future__ import annotations

from typing import Any

from magicflow.types.collections import Compile
from magicflow.types.problems import (
    MISSING,
    Check,
    Problem,
    below,
    frozen,
    json_type,
)
from magicflow.types.scalars import Definition, wrong_type

_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "null": (type(None),),
    "boolean": (bool,),
    "integer": (int, float),
    "number": (int, float),
    "string": (str,),
    "array": (list,),
    "object": (dict,),
}
_NOUNS = {
    "null": "null",
    "boolean": "a boolean",
    "integer": "an integer",
    "number": "a number",
    "string": "a string",
    "array": "a list",
    "object": "an object",
}


class JsonTypeChoice:
    """Chooses a variant by the value's JSON type; `integer` comes before `number`."""

    def __init__(self, definition: Definition) -> None:
        self._variants: dict[type, int] = {}
        self._integer: int | None = None
        names: list[str] = []
        for index, variant in enumerate(definition["variants"]):
            for name in variant["json_types"]:
                names.append(name)
                for python_type in _PYTHON_TYPES[name]:
                    if name == "integer":
                        self._integer = index
                        self._variants.setdefault(python_type, index)
                    else:
                        self._variants[python_type] = index
        self.expected = " or ".join(_NOUNS[name] for name in names)

    def find(self, value: Any) -> int | None:
        """The index of the variant that is to be tried."""
        kind = type(value)
        if self._integer is not None and (
            kind is int or (kind is float and value.is_integer())
        ):
            return self._integer
        return self._variants.get(kind)


class TagChoice:
    """Chooses a variant by the value of a property."""

    def __init__(self, definition: Definition) -> None:
        self.property: str = definition["property"]
        self._variants = {
            frozen(tag): index
            for index, variant in enumerate(definition["variants"])
            for tag in variant["tags"]
        }
        self.tags = [
            tag for variant in definition["variants"] for tag in variant["tags"]
        ]

    def find(self, value: Any) -> int | None:
        if type(value) is not dict:
            return None
        tag = value.get(self.property, MISSING)
        kind = type(tag)
        if kind is list or kind is dict:
            return None
        return self._variants.get(frozen(tag))


def choice_of(definition: Definition) -> JsonTypeChoice | TagChoice:
    """How a union's variant is chosen."""
    return (
        TagChoice(definition)
        if definition["how"] == "tag"
        else JsonTypeChoice(definition)
    )


def compile_union(definition: Definition, compile: Compile) -> Check:
    choice = choice_of(definition)
    checks = [compile(variant["type"]) for variant in definition["variants"]]
    fits = [check.accepts for check in checks]
    find = choice.find

    def accepts(value: Any) -> bool:
        index = find(value)
        return index is not None and fits[index](value)

    def explain(value: Any, path: str, problems: list[Problem]) -> None:
        index = find(value)
        if index is not None:
            checks[index].explain(value, path, problems)
        elif isinstance(choice, JsonTypeChoice):
            text = f"the value is {json_type(value)}, not {choice.expected}"
            problems.append(Problem(path, "type", text))
        else:
            _explain_tag(choice, value, path, problems)

    return Check(accepts, explain)


def _explain_tag(
    choice: TagChoice, value: Any, path: str, problems: list[Problem]
) -> None:
    if type(value) is not dict:
        wrong_type("an object")(value, path, problems)
        return
    place = below(path, choice.property)
    if choice.property not in value:
        problems.append(Problem(place, "required", "the member is missing"))
        return
    from magicflow.canonical import canonical

    shown = ", ".join(canonical(tag) for tag in choice.tags[:12])
    problems.append(Problem(place, "enum", f"the value is none of {shown}"))
