"""Input defaults: the server applies them once, when a run starts; decoders never do."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from magicflow.types.decode import with_deep_stack
from magicflow.types.unions import choice_of
from magicflow.types.validate import TypeRef, TypeSet


def apply_defaults(types: TypeSet, type: TypeRef, value: Any) -> Any:
    """The value with the defaults of absent members filled in, at every depth; what
    needs no change is shared with the given value, which is left as it is.

    `value` must fit the type. An absent member without a default stays absent, also
    when members of it have defaults.
    """
    if type["type"] not in types.with_defaults:
        return value
    return with_deep_stack(_fill, types, type, value)


def _fill(types: TypeSet, type: TypeRef, value: Any) -> Any:
    if type["type"] not in types.with_defaults:
        return value
    kind = value.__class__
    if kind is not dict and kind is not list:
        return value
    definition, _, _ = types.resolve(type)
    if definition is None:
        return value
    match definition["kind"]:
        case "object":
            return _fill_object(types, definition, value)
        case "map":
            return _fill_members(types, value, lambda name: definition["values"])
        case "array":
            return _fill_items(types, value, [definition["items"]] * len(value))
        case "tuple":
            return _fill_items(types, value, definition["items"])
        case "union":
            index = choice_of(definition).find(value)
            if index is not None:
                return _fill(types, definition["variants"][index]["type"], value)
    return value


def _fill_object(types: TypeSet, definition: dict[str, Any], value: Any) -> Any:
    fields = definition["fields"]
    extra: TypeRef | None = definition["extra"].get("type")

    def find(name: str) -> TypeRef | None:
        field = fields.get(name)
        if field is None:
            return extra
        declared: TypeRef = field["type"]
        return declared

    missing = [
        name
        for name, field in fields.items()
        if name not in value and field.get("has_default")
    ]
    if missing:
        filled = {name: deepcopy(fields[name].get("default")) for name in missing}
        value = {**value, **filled}
    return _fill_members(types, value, find)


def _fill_members(types: TypeSet, value: dict[str, Any], find: Any) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for name, child in value.items():
        type = find(name)
        if type is not None:
            filled = _fill(types, type, child)
            if filled is not child:
                changed[name] = filled
    return {**value, **changed} if changed else value


def _fill_items(types: TypeSet, value: list[Any], items: list[TypeRef]) -> list[Any]:
    filled = [
        _fill(types, type, child) for type, child in zip(items, value, strict=True)
    ]
    same = all(new is old for new, old in zip(filled, value, strict=True))
    return value if same else filled
