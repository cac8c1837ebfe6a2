"""Types of a plan as JSON Schema 2020-12, one component per named type."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeAlias

from magicflow_cli.plan.models import (
    AliasType,
    ArrayType,
    Doc,
    EnumType,
    Field,
    IntegerType,
    MapType,
    NeverType,
    NumberType,
    ObjectType,
    Plan,
    StringType,
    TupleType,
    TypeDef,
    TypeName,
    TypeRef,
    UnionType,
)

Schema: TypeAlias = dict[str, Any]
_BUILT_IN = ("null", "boolean", "integer", "number", "string", "object", "array")
_SAFE_INTEGER = 2**53 - 1
_INT32 = (-(2**31), 2**31 - 1)


class Components:
    """The schemas of a plan's types as they are asked for; `schemas` holds what was
    reached, by component name."""

    def __init__(self, plan: Plan, prefix: str = "#/components/schemas/") -> None:
        self.plan = plan
        self.prefix = prefix
        self.schemas: dict[str, Schema] = {}
        self._names = _unique_names(plan)

    def refer(self, ref: TypeRef) -> Schema:
        """The schema of a reference: built in, or a `$ref` to its component."""
        schema = self._by_id(ref.type)
        if not ref.nullable or ref.type in ("any", "null"):
            return schema
        if isinstance(schema.get("type"), str) and "enum" not in schema:
            return {**schema, "type": [schema["type"], "null"]}
        return {"anyOf": [schema, {"type": "null"}]}

    def _by_id(self, id: str) -> Schema:
        if id == "any":
            return {}
        if id in _BUILT_IN:
            return {"type": id}
        definition = self.plan.types[id]
        name = self._names[id]
        if name not in self.schemas:
            self.schemas[name] = {}  # a recursive type finds itself here
            order = self.plan.presentation.field_order.get(id)
            self.schemas[name] = self._define(definition, order)
        return {"$ref": self.prefix + name}

    def _define(self, definition: TypeDef, order: list[str] | None) -> Schema:
        match definition:
            case StringType():
                schema = _string(definition)
            case IntegerType():
                low, high = (
                    _INT32 if definition.bits == 32 else (-_SAFE_INTEGER, _SAFE_INTEGER)
                )
                schema = {"type": "integer", "minimum": low, "maximum": high}
                schema |= _bounds(definition)
            case NumberType():
                schema = {"type": "number"} | _bounds(definition)
            case EnumType():
                schema = _enum(definition)
            case ArrayType():
                schema = {"type": "array", "items": self.refer(definition.items)}
                schema |= _named(
                    minItems=definition.min_items, maxItems=definition.max_items
                )
                schema |= _named(uniqueItems=definition.unique or None)
            case TupleType():
                items = [self.refer(item) for item in definition.items]
                schema = {"type": "array", "prefixItems": items, "items": False}
                schema |= {"minItems": len(items)}
                schema |= _named(uniqueItems=definition.unique or None)
            case MapType():
                schema = {
                    "type": "object",
                    "additionalProperties": self.refer(definition.values),
                }
                schema |= _keys(definition)
            case ObjectType():
                schema = self._object(definition, order)
            case UnionType():
                schema = self._union(definition)
            case AliasType():
                schema = self.refer(definition.of)
            case NeverType():
                schema = {"not": {}}
        return _documented(schema, definition.doc)

    def _object(self, definition: ObjectType, order: list[str] | None) -> Schema:
        names = order or sorted(definition.fields)
        schema: Schema = {
            "type": "object",
            "properties": {
                name: self._field(definition.fields[name]) for name in names
            },
        }
        required = [name for name in names if definition.fields[name].required]
        required += definition.required_extra or []
        if required:
            schema["required"] = required
        if definition.extra.allow == "forbid":
            schema["additionalProperties"] = False
        elif definition.extra.allow == "typed" and definition.extra.type is not None:
            schema["additionalProperties"] = self.refer(definition.extra.type)
        return schema | _keys(definition)

    def _field(self, field: Field) -> Schema:
        schema = self.refer(field.type)
        if field.has_default:
            schema = {**schema, "default": field.default}
        for keyword, flag in (
            ("readOnly", field.read_only),
            ("writeOnly", field.write_only),
            ("deprecated", field.deprecated),
        ):
            if flag:
                schema = {**schema, keyword: True}
        return _documented(schema, field.doc)

    def _union(self, definition: UnionType) -> Schema:
        schema: Schema = {"oneOf": [self.refer(v.type) for v in definition.variants]}
        if definition.how != "tag" or definition.property is None:
            return {"anyOf": schema["oneOf"]}
        mapping = {
            str(tag): variant["$ref"]
            for variant, of in zip(schema["oneOf"], definition.variants, strict=True)
            for tag in of.tags or []
            if "$ref" in variant
        }
        schema["discriminator"] = {"propertyName": definition.property}
        if mapping:
            schema["discriminator"]["mapping"] = mapping
        return schema


def _unique_names(plan: Plan) -> dict[str, str]:
    """A component name per type id; two that would be one are numbered by id order."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for id in sorted(plan.types):
        base = name = component_name(plan.types[id].name)
        number = 2
        while name in taken:
            name = f"{base}_{number}"
            number += 1
        taken.add(name)
        names[id] = name
    return names


def component_name(name: TypeName) -> str:
    """`[validate-user, output]` → `ValidateUserOutput`; a pin for all languages wins."""
    if name.pinned is not None and "*" in name.pinned:
        return name.pinned["*"]
    text = " ".join(name.words)
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in text).split()
    return "".join(word[0].upper() + word[1:] for word in words) or "Type"


def _string(definition: StringType) -> Schema:
    schema: Schema = {"type": "string"}
    if definition.format == "byte":
        schema["contentEncoding"] = "base64"
    elif definition.format is not None:
        schema["format"] = definition.format
    schema |= _named(minLength=definition.min_length, maxLength=definition.max_length)
    patterns = definition.patterns or []
    if len(patterns) == 1:
        schema["pattern"] = patterns[0]
    elif patterns:
        schema["allOf"] = [{"pattern": pattern} for pattern in patterns]
    return schema


def _bounds(definition: IntegerType | NumberType) -> Schema:
    schema = {
        keyword: _number(text)
        for keyword, text in (
            ("minimum", definition.minimum),
            ("maximum", definition.maximum),
            ("exclusiveMinimum", definition.exclusive_minimum),
            ("exclusiveMaximum", definition.exclusive_maximum),
        )
        if text is not None
    }
    factors = [_number(text) for text in definition.multiple_of or []]
    if len(factors) == 1:
        return {**schema, "multipleOf": factors[0]}
    if factors:
        return {**schema, "allOf": [{"multipleOf": factor} for factor in factors]}
    return schema


def _number(text: str) -> int | float:
    value = Decimal(text)
    return int(value) if value == value.to_integral_value() else float(value)


def _enum(definition: EnumType) -> Schema:
    if definition.const:
        return {"const": definition.values[0]}
    schema: Schema = {"enum": definition.values}
    if definition.base != "mixed":
        schema = {"type": definition.base, **schema}
    return schema


def _keys(definition: MapType | ObjectType) -> Schema:
    schema = _named(
        minProperties=definition.min_properties, maxProperties=definition.max_properties
    )
    names = _named(
        minLength=definition.key_min_length, maxLength=definition.key_max_length
    )
    patterns = definition.key_patterns or []
    if len(patterns) == 1:
        names["pattern"] = patterns[0]
    elif patterns:
        names["allOf"] = [{"pattern": pattern} for pattern in patterns]
    return {**schema, "propertyNames": names} if names else schema


def _named(**keywords: Any) -> Schema:
    return {key: value for key, value in keywords.items() if value is not None}


def _documented(schema: Schema, doc: Doc | None) -> Schema:
    if doc is None:
        return schema
    return schema | _named(
        title=doc.title,
        description=doc.description,
        deprecated=doc.deprecated or None,
        examples=doc.examples,
    )
