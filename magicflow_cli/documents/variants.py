"""Which alternative of a `oneOf` or `anyOf` a value means to be.

The binder and the explanation of misfits both ask here, so that what is explained is
what was tried: one mistake gives one message, not one per alternative.
"""

from __future__ import annotations

from typing import Any, Protocol


class View(Protocol):
    """What the choice looks at: the kind of the value, its keys, a key's text."""

    @property
    def kind(self) -> str: ...  # object, array or scalar

    def __contains__(self, key: str) -> bool: ...

    def text(self, key: str) -> object: ...


def variant_of(
    schema: dict[str, Any], defs: dict[str, dict[str, Any]], view: View
) -> int | None:
    """The index of the alternative; None when there is none of the value's kind, or the
    discriminator names none.

    By the discriminator, if the schema has one (an absent one means the alternative
    that does not require it); else the alternative of the value's kind most of whose
    required keys are there, the last of equals.
    """
    variants = [_resolve(item, defs) for item in schema.get("oneOf") or schema["anyOf"]]
    discriminator = schema.get("discriminator")
    if discriminator is not None and view.kind == "object":
        return _tagged(variants, discriminator["propertyName"], view)
    fitting = [
        index
        for index, variant in enumerate(variants)
        if _kind(variant.get("type")) == view.kind
    ]
    best, most = None, -1
    for index in fitting:
        there = sum(key in view for key in variants[index].get("required", ()))
        if there >= most:
            best, most = index, there
    return best


def kinds(schema: dict[str, Any], defs: dict[str, dict[str, Any]]) -> list[str]:
    """The JSON types of the alternatives, each once, in order."""
    variants = (_resolve(item, defs) for item in schema.get("oneOf") or schema["anyOf"])
    return list(dict.fromkeys(str(variant["type"]) for variant in variants))


def tags(
    schema: dict[str, Any], defs: dict[str, dict[str, Any]]
) -> dict[object, dict[str, Any]]:
    """The alternatives of a schema with a discriminator, by its values."""
    name = schema["discriminator"]["propertyName"]
    variants = (_resolve(item, defs) for item in schema["oneOf"])
    return {variant["properties"][name]["const"]: variant for variant in variants}


def _tagged(variants: list[dict[str, Any]], name: str, view: View) -> int | None:
    if name not in view:
        for index, variant in enumerate(variants):
            if name not in variant.get("required", ()):
                return index
        return 0
    value = view.text(name)
    for index, variant in enumerate(variants):
        if variant["properties"][name]["const"] == value:
            return index
    return None


def ref_name(schema: dict[str, Any]) -> str:
    """The name in `$defs` that `schema` refers to."""
    name: str = schema["$ref"]
    return name.removeprefix("#/$defs/")


def _resolve(schema: dict[str, Any], defs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return defs[ref_name(schema)] if "$ref" in schema else schema


def _kind(type_: object) -> str:
    return str(type_) if type_ in ("object", "array") else "scalar"
