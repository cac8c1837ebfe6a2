"""Types of a plan as JSON Schema 2020-12, one component per named type."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Json = dict[str, Any]
Type = Mapping[str, Any]
BUILT_IN = frozenset(
    ("null", "boolean", "integer", "number", "string", "object", "array")
)
_SAFE_INTEGER = 2**53 - 1
_INT32 = (-(2**31), 2**31 - 1)


class Components:
    """The schemas of a plan's types as they are asked for.

    `schemas` holds what was reached, by component name. Several plans may share it: a
    type whose name another plan has taken is named `<workflow>.<Type>`.
    """

    def __init__(
        self,
        plan: Mapping[str, Any],
        prefix: str = "#/components/schemas/",
        schemas: dict[str, Json] | None = None,
    ) -> None:
        self.schemas: dict[str, Json] = {} if schemas is None else schemas
        self._types: Mapping[str, Type] = plan["types"]
        self._orders: Mapping[str, list[str]] = plan["presentation"]["field_order"]
        self._prefix = prefix
        self._names = _unique_names(plan, frozenset(self.schemas))

    def refer(self, reference: Type) -> Json:
        """The schema of a reference: built in, or a `$ref` to its component."""
        schema = self._by_id(reference["type"])
        if not reference.get("nullable") or reference["type"] in ("any", "null"):
            return schema
        if isinstance(schema.get("type"), str) and "enum" not in schema:
            return {**schema, "type": [schema["type"], "null"]}
        return {"anyOf": [schema, {"type": "null"}]}

    def _by_id(self, id: str) -> Json:
        if id == "any":
            return {}
        if id in BUILT_IN:
            return {"type": id}
        name = self._names[id]
        if name not in self.schemas:
            self.schemas[name] = {}  # a recursive type finds itself here
            self.schemas[name] = self._define(id, self._types[id])
        return {"$ref": self._prefix + name}

    def _define(self, id: str, type: Type) -> Json:
        match type["kind"]:
            case "string":
                schema = _string(type)
            case "integer":
                schema = _integer(type)
            case "number":
                schema = {"type": "number"} | _bounds(type)
            case "enum":
                schema = _enum(type)
            case "array":
                schema = {"type": "array", "items": self.refer(type["items"])}
                schema |= _renamed(type, min_items="minItems", max_items="maxItems")
                schema |= _unique(type)
            case "tuple":
                items = [self.refer(item) for item in type["items"]]
                schema = {"type": "array", "prefixItems": items, "items": False}
                schema |= {"minItems": len(items)} | _unique(type)
            case "map":
                values = self.refer(type["values"])
                schema = {"type": "object", "additionalProperties": values}
                schema |= _keys(type)
            case "object":
                schema = self._object(type, self._orders.get(id))
            case "union":
                schema = self._union(type)
            case "alias":
                schema = self.refer(type["of"])
            case kind:
                assert kind == "never", kind
                schema = {"not": {}}
        return _documented(schema, type.get("doc"))

    def _object(self, type: Type, order: list[str] | None) -> Json:
        fields = type["fields"]
        names = order or sorted(fields)
        schema: Json = {
            "type": "object",
            "properties": {name: self._field(fields[name]) for name in names},
        }
        required = [name for name in names if fields[name]["required"]]
        required += type.get("required_extra") or ()
        if required:
            schema["required"] = required
        extra = type["extra"]
        if extra["allow"] == "forbid":
            schema["additionalProperties"] = False
        elif extra["allow"] == "typed" and extra.get("type") is not None:
            schema["additionalProperties"] = self.refer(extra["type"])
        return schema | _keys(type)

    def _field(self, field: Type) -> Json:
        schema = self.refer(field["type"])
        if field.get("has_default"):
            schema = {**schema, "default": field["default"]}
        for ours, keyword in (
            ("read_only", "readOnly"),
            ("write_only", "writeOnly"),
            ("deprecated", "deprecated"),
        ):
            if field.get(ours):
                schema = {**schema, keyword: True}
        return _documented(schema, field.get("doc"))

    def _union(self, type: Type) -> Json:
        variants = [self.refer(variant["type"]) for variant in type["variants"]]
        if type["how"] != "tag" or type.get("property") is None:
            return {"anyOf": variants}
        mapping = {
            str(tag): schema["$ref"]
            for schema, variant in zip(variants, type["variants"], strict=True)
            for tag in variant.get("tags") or ()
            if "$ref" in schema
        }
        discriminator: Json = {"propertyName": type["property"]}
        if mapping:
            discriminator["mapping"] = mapping
        return {"oneOf": variants, "discriminator": discriminator}


def _unique_names(plan: Mapping[str, Any], others: frozenset[str]) -> dict[str, str]:
    """A component name per type id; two that would be one are numbered by id order."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    workflow = plan["workflow"]["name"]
    for id in sorted(plan["types"]):
        base = component_name(plan["types"][id]["name"])
        if base in others:
            base = f"{workflow}.{base}"
        name, number = base, 2
        while name in taken or name in others:
            name, number = f"{base}_{number}", number + 1
        taken.add(name)
        names[id] = name
    return names


def component_name(name: Type) -> str:
    """`[validate-user, output]` → `ValidateUserOutput`; a pin for all languages wins."""
    pinned = name.get("pinned") or {}
    if "*" in pinned:
        return str(pinned["*"])
    text = " ".join(name["words"])
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in text).split()
    return "".join(word[0].upper() + word[1:] for word in words) or "Type"


def _string(type: Type) -> Json:
    schema: Json = {"type": "string"}
    if type.get("format") == "byte":
        schema["contentEncoding"] = "base64"
    elif type.get("format") is not None:
        schema["format"] = type["format"]
    schema |= _renamed(type, min_length="minLength", max_length="maxLength")
    return schema | _all_of("pattern", type.get("patterns"))


def _integer(type: Type) -> Json:
    low, high = _INT32 if type.get("bits") == 32 else (-_SAFE_INTEGER, _SAFE_INTEGER)
    return {"type": "integer", "minimum": low, "maximum": high} | _bounds(type)


def _bounds(type: Type) -> Json:
    schema = {
        keyword: _number(type[ours])
        for ours, keyword in (
            ("minimum", "minimum"),
            ("maximum", "maximum"),
            ("exclusive_minimum", "exclusiveMinimum"),
            ("exclusive_maximum", "exclusiveMaximum"),
        )
        if type.get(ours) is not None
    }
    factors = [_number(text) for text in type.get("multiple_of") or ()]
    return schema | _all_of("multipleOf", factors)


def _all_of(keyword: str, values: list[Any] | None) -> Json:
    """A keyword that may be there once, as often as it is wanted."""
    if not values:
        return {}
    if len(values) == 1:
        return {keyword: values[0]}
    return {"allOf": [{keyword: value} for value in values]}


def _number(text: str) -> int | float:
    value = Decimal(text)
    return int(value) if value == value.to_integral_value() else float(value)


def _enum(type: Type) -> Json:
    if type.get("const"):
        return {"const": type["values"][0]}
    schema: Json = {"enum": type["values"]}
    if type["base"] != "mixed":
        schema = {"type": type["base"], **schema}
    return schema


def _unique(type: Type) -> Json:
    return {"uniqueItems": True} if type.get("unique") else {}


def _keys(type: Type) -> Json:
    schema = _renamed(
        type, min_properties="minProperties", max_properties="maxProperties"
    )
    names = _renamed(type, key_min_length="minLength", key_max_length="maxLength")
    names |= _all_of("pattern", type.get("key_patterns"))
    return {**schema, "propertyNames": names} if names else schema


def _renamed(type: Type, **keywords: str) -> Json:
    """The members of the type that are there, by their names in JSON Schema."""
    return {
        keyword: type[ours]
        for ours, keyword in keywords.items()
        if type.get(ours) is not None
    }


def _documented(schema: Json, doc: Type | None) -> Json:
    if not doc:
        return schema
    found = _renamed(doc, title="title", description="description", examples="examples")
    return schema | found | ({"deprecated": True} if doc.get("deprecated") else {})
