"""Compiles the types of lists, tuples, maps and objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from magicflow.regex import compile_portable
from magicflow.types.inline import write_array, write_map, write_object
from magicflow.types.problems import Accepts, Check, Problem, below, frozen
from magicflow.types.scalars import Definition, wrong_type

Compile = Callable[[dict[str, Any]], Check]
"""Compiles a reference to a type."""


def _is_unique(value: list[Any]) -> bool:
    if len(value) < 2:
        return True
    return len({frozen(item) for item in value}) == len(value)


def _explain_unique(value: list[Any], path: str, problems: list[Problem]) -> None:
    seen: dict[Any, int] = {}
    for index, item in enumerate(value):
        first = seen.setdefault(frozen(item), index)
        if first != index:
            text = f"the item equals item {first}"
            problems.append(Problem(below(path, index), "uniqueItems", text))


def compile_array(definition: Definition, compile: Compile) -> Check:
    low = definition.get("min_items", 0)
    high = definition.get("max_items")
    unique = definition.get("unique", False)
    item = compile(definition["items"])
    any_item = definition["items"]["type"] == "any"
    fits = item.accepts

    def explain(value: Any, path: str, problems: list[Problem]) -> None:
        if type(value) is not list:
            wrong_type("a list")(value, path, problems)
            return
        if len(value) < low:
            text = f"the list has {len(value)} items, fewer than {low}"
            problems.append(Problem(path, "minItems", text))
        if high is not None and len(value) > high:
            text = f"the list has {len(value)} items, more than {high}"
            problems.append(Problem(path, "maxItems", text))
        for index, child in enumerate(value):
            if not fits(child):
                item.explain(child, below(path, index), problems)
        if unique:
            _explain_unique(value, path, problems)

    items = None if any_item else item
    accepts = write_array(items, low, high, _is_unique if unique else None)
    return Check(accepts, explain)


def compile_tuple(definition: Definition, compile: Compile) -> Check:
    unique = definition.get("unique", False)
    items = [compile(ref) for ref in definition["items"]]
    fits = [item.accepts for item in items]
    length = len(items)

    def accepts(value: Any) -> bool:
        if type(value) is not list or len(value) != length:
            return False
        for check, child in zip(fits, value, strict=True):
            if not check(child):
                return False
        return not unique or _is_unique(value)

    def explain(value: Any, path: str, problems: list[Problem]) -> None:
        if type(value) is not list:
            wrong_type("a list")(value, path, problems)
            return
        if len(value) != length:
            code = "minItems" if len(value) < length else "maxItems"
            text = f"the list has {len(value)} items, not {length}"
            problems.append(Problem(path, code, text))
        for index, (item, child) in enumerate(zip(items, value, strict=False)):
            if not item.accepts(child):
                item.explain(child, below(path, index), problems)
        if unique:
            _explain_unique(value, path, problems)

    return Check(accepts, explain)


def _compile_names(definition: Definition) -> tuple[Accepts | None, str]:
    """A test of member names that no field declares, and its rule in words."""
    low = definition.get("key_min_length", 0)
    high = definition.get("key_max_length")
    patterns = [compile_portable(text) for text in definition.get("key_patterns", ())]
    if not low and high is None and not patterns:
        return None, ""

    def accepts(name: Any) -> bool:
        return (
            len(name) >= low
            and (high is None or len(name) <= high)
            and all(pattern.search(name) for pattern in patterns)
        )

    rules = [f"match `{pattern.pattern}`" for pattern in patterns]
    if low:
        rules.append(f"have at least {low} characters")
    if high is not None:
        rules.append(f"have at most {high} characters")
    return accepts, " and ".join(rules)


def _name(member: tuple[str, Any]) -> str:
    """Problems come in the order of names by code point: an object has none itself."""
    return member[0]


def _compile_size(definition: Definition) -> tuple[int, int | None]:
    return definition.get("min_properties", 0), definition.get("max_properties")


def _explain_size(
    value: dict[str, Any],
    low: int,
    high: int | None,
    path: str,
    problems: list[Problem],
) -> None:
    if len(value) < low:
        text = f"the object has {len(value)} members, fewer than {low}"
        problems.append(Problem(path, "minProperties", text))
    if high is not None and len(value) > high:
        text = f"the object has {len(value)} members, more than {high}"
        problems.append(Problem(path, "maxProperties", text))


def compile_map(definition: Definition, compile: Compile) -> Check:
    low, high = _compile_size(definition)
    names, rule = _compile_names(definition)
    item = compile(definition["values"])
    any_value = definition["values"]["type"] == "any"
    fits = item.accepts

    def explain(value: Any, path: str, problems: list[Problem]) -> None:
        if type(value) is not dict:
            wrong_type("an object")(value, path, problems)
            return
        _explain_size(value, low, high, path, problems)
        for name, child in sorted(value.items(), key=_name):
            if names is not None and not names(name):
                text = f"the name of the member must {rule}"
                problems.append(Problem(below(path, name), "propertyNames", text))
            if not fits(child):
                item.explain(child, below(path, name), problems)

    accepts = write_map(None if any_value else item, low, high, names)
    return Check(accepts, explain)


def compile_object(definition: Definition, compile: Compile) -> Check:
    low, high = _compile_size(definition)
    names, rule = _compile_names(definition)
    fields = definition["fields"]
    required = frozenset(
        [name for name, field in fields.items() if field["required"]]
        + definition.get("required_extra", [])
    )
    checks = {name: compile(field["type"]) for name, field in fields.items()}
    extra = definition["extra"]
    forbid = extra["allow"] == "forbid"
    typed = compile(extra["type"]) if extra["allow"] == "typed" else None

    def accepts_extra(name: str, child: Any) -> bool:
        if forbid or (names is not None and not names(name)):
            return False
        return typed is None or typed.accepts(child)

    def explain(value: Any, path: str, problems: list[Problem]) -> None:
        if type(value) is not dict:
            wrong_type("an object")(value, path, problems)
            return
        for name in sorted(required.difference(value)):
            problems.append(
                Problem(below(path, name), "required", "the member is missing")
            )
        _explain_size(value, low, high, path, problems)
        for name, child in sorted(value.items(), key=_name):
            place = below(path, name)
            declared = checks.get(name)
            if declared is not None:
                if not declared.accepts(child):
                    declared.explain(child, place, problems)
            elif forbid:
                text = "no member of this name is allowed"
                problems.append(Problem(place, "additionalProperties", text))
            else:
                if names is not None and not names(name):
                    text = f"the name of the member must {rule}"
                    problems.append(Problem(place, "propertyNames", text))
                if typed is not None and not typed.accepts(child):
                    typed.explain(child, place, problems)

    free = not forbid and names is None and typed is None
    accepts = write_object(
        [(name, check, name in required) for name, check in checks.items()],
        required.difference(checks),
        low,
        high,
        None if free else accepts_extra,
    )
    return Check(accepts, explain)
