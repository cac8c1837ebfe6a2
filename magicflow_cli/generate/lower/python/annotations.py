"""Type expressions of a plan's types, as generated Python writes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from magicflow_cli.generate.lower.python.code import (
    Atom,
    Bracket,
    Code,
    call,
    either,
    flat,
    subscript,
)
from magicflow_cli.generate.lower.python.sinks import json_literal, string_literal
from magicflow_cli.plan import models as plan
from magicflow_cli.plan.naming import name_of_type

NONE = Atom("None")
MISSING = Atom("mf.MISSING")
BUILT_IN: dict[str, Code] = {
    "any": Atom("mf.Json"),
    "null": NONE,
    "boolean": Atom("bool"),
    "integer": Atom("mf.Int"),
    "number": Atom("mf.Float"),
    "string": Atom("str"),
    "object": subscript("dict", Atom("str"), Atom("mf.Json")),
    "array": subscript("list", Atom("mf.Json")),
}
_TEXTS = {"date-time": "mf.DateTime", "date": "mf.Date", "uuid": "mf.Uuid"}
_VALUES = {"byte": "bytes", "decimal": "Decimal", "int64": "int"}
_BASES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}

Reference = Callable[[plan.TypeRef], Code]
"""Writes a reference to a type."""


def annotated(code: Code, *metadata: Code) -> Code:
    return subscript("Annotated", code, *metadata) if metadata else code


def string(text: str) -> Atom:
    return Atom(string_literal(text))


def json_code(value: Any) -> Code:
    """A JSON value as a literal that can be laid out."""
    if isinstance(value, list):
        return Bracket("", "[", tuple(json_code(item) for item in value))
    if isinstance(value, dict):
        members = ((string_literal(k), json_code(v)) for k, v in value.items())
        return Bracket("", "{", (), tuple(members))
    return Atom(json_literal(value))


def strings(texts: list[str]) -> Code:
    """A tuple of strings."""
    return Bracket("", "(", tuple(string(text) for text in texts))


def name_of(definition: plan.TypeDef) -> str:
    return name_of_type(definition.name, "python")


def type_of(ref: plan.TypeRef, types: dict[str, plan.TypeDef]) -> Code:
    """A reference to a type of the module, by name."""
    code = BUILT_IN.get(ref.type)
    if code is None:
        code = Atom(name_of(types[ref.type]))
    return either((code, NONE)) if ref.nullable and ref.type != "any" else code


def body_of(definition: plan.TypeDef, reference: Reference) -> Code:
    """What an alias stands for. Objects and enums with members are classes instead."""
    match definition:
        case plan.StringType():
            return _string(definition)
        case plan.IntegerType():
            return annotated(Atom("int"), call("mf.Integer", **_bounds(definition)))
        case plan.NumberType():
            return annotated(Atom("float"), call("mf.Number", **_bounds(definition)))
        case plan.EnumType():
            return _one_of(definition)
        case plan.ArrayType():
            return _array(definition, reference)
        case plan.TupleType():
            items = subscript("tuple", *(reference(item) for item in definition.items))
            unique = [call("mf.Unique")] if definition.unique else []
            return annotated(items, call("mf.Fixed"), *unique)
        case plan.MapType():
            return _map(definition, reference)
        case plan.UnionType():
            return _union(definition, reference)
        case plan.AliasType():
            return reference(definition.of)
        case plan.NeverType():
            return Atom("mf.Nothing")
    raise AssertionError(f"{definition.kind} is a class")


def text_rules(
    patterns: list[str] | None, low: int | None, high: int | None, format: str | None
) -> dict[str, Code]:
    """The arguments of `mf.Text`."""
    rules: dict[str, Code] = {}
    if format is not None:
        rules["format"] = string(format)
    if low:
        rules["min_length"] = Atom(str(low))
    if high is not None:
        rules["max_length"] = Atom(str(high))
    if patterns:
        rules["patterns"] = strings(patterns)
    return rules


def _string(definition: plan.StringType) -> Code:
    format = definition.format
    rules = text_rules(
        definition.patterns, definition.min_length, definition.max_length, format
    )
    base = Atom(_TEXTS.get(format or "") or _VALUES.get(format or "") or "str")
    if not rules or (format in _TEXTS and len(rules) == 1):
        return base
    return annotated(base, call("mf.Text", **rules))


def _bounds(definition: plan.IntegerType | plan.NumberType) -> dict[str, Code]:
    rules: dict[str, Code] = {}
    for name in ("minimum", "maximum", "exclusive_minimum", "exclusive_maximum"):
        bound = getattr(definition, name)
        if bound is not None:
            rules[name] = string(bound)
    if definition.multiple_of:
        rules["multiple_of"] = strings(definition.multiple_of)
    if isinstance(definition, plan.IntegerType) and definition.bits == 32:
        rules["bits"] = Atom("32")
    return rules


def _one_of(definition: plan.EnumType) -> Code:
    """Values without a class: constants, and enums of numbers, booleans or a mixture."""
    values = [json_code(value) for value in definition.values]
    if definition.base == "string":
        return subscript("Literal", *values)
    if definition.base in ("integer", "boolean"):
        base: Code = subscript("Literal", *values)
    else:
        kinds = {
            "boolean": any(isinstance(v, bool) for v in definition.values),
            "number": any(isinstance(v, float) for v in definition.values),
            "integer": any(type(v) is int for v in definition.values),
            "string": any(isinstance(v, str) for v in definition.values),
        }
        base = either(Atom(_BASES[kind]) for kind, found in kinds.items() if found)
    return annotated(base, call("mf.OneOf", *values))


def _length(low: int | None, high: int | None) -> list[Code]:
    """pydantic's own rule for the number of items or members."""
    rules: dict[str, Code] = {}
    if low:
        rules["min_length"] = Atom(str(low))
    if high is not None:
        rules["max_length"] = Atom(str(high))
    return [call("mf.Field", **rules)] if rules else []


def _array(definition: plan.ArrayType, reference: Reference) -> Code:
    rules = _length(definition.min_items, definition.max_items)
    if definition.unique:
        rules.append(call("mf.Unique"))
    return annotated(subscript("list", reference(definition.items)), *rules)


def _map(definition: plan.MapType, reference: Reference) -> Code:
    names = text_rules(
        definition.key_patterns,
        definition.key_min_length,
        definition.key_max_length,
        None,
    )
    key = annotated(Atom("str"), *([call("mf.Text", **names)] if names else []))
    rules = _length(definition.min_properties, definition.max_properties)
    return annotated(subscript("dict", key, reference(definition.values)), *rules)


def _union(definition: plan.UnionType, reference: Reference) -> Code:
    tags = _tags(
        [
            (
                variant.type.type
                if variant.type.type in BUILT_IN
                else flat(reference(variant.type))
            )
            for variant in definition.variants
        ]
    )
    arms = [
        annotated(reference(variant.type), call("mf.Tag", string(tag)))
        for variant, tag in zip(definition.variants, tags, strict=True)
    ]
    by_tag = definition.how == "tag"
    table = tuple(
        (
            string_literal(tag),
            json_code(list((variant.tags if by_tag else variant.json_types) or ())),
        )
        for variant, tag in zip(definition.variants, tags, strict=True)
    )
    values = Bracket("", "{", (), table)
    if by_tag:
        choose = call("mf.by_property", string(definition.property or ""), values)
    else:
        choose = call("mf.by_json_type", values)
    return annotated(either(arms), call("mf.Discriminator", choose))


def _tags(types: list[str]) -> list[str]:
    """What a union's variants are called in messages: as their types, which a number
    follows where two are the same."""
    return [
        text if types.count(text) == 1 else f"{text} {index}"
        for index, text in enumerate(types, 1)
    ]
