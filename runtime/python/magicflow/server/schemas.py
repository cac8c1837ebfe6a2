"""Types of a plan as JSON Schema 2020-12, for the server's own description."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Json = dict[str, Any]
_BOUNDS = {
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusive_minimum": "exclusiveMinimum",
    "exclusive_maximum": "exclusiveMaximum",
}
_SIZES = {
    "min_length": "minLength",
    "max_length": "maxLength",
    "min_items": "minItems",
    "max_items": "maxItems",
    "min_properties": "minProperties",
    "max_properties": "maxProperties",
}
_FORMATS = frozenset({"byte", "decimal", "int64"})


class Schemas:
    """Schemas by component name, filled as types are referred to. `prefix` keeps the
    types of several workflows apart."""

    def __init__(self, plan: Mapping[str, Any], into: Json, prefix: str) -> None:
        self._types = plan["types"]
        self._into = into
        self._prefix = prefix
        self._names: dict[str, str] = {}

    def refer(self, reference: Mapping[str, Any]) -> Json:
        id = reference["type"]
        if id == "any":
            return {}
        schema = {"type": id} if id not in self._types else self._component(id)
        if not reference.get("nullable") or id == "null":
            return schema
        return {"anyOf": [schema, {"type": "null"}]}

    def _component(self, id: str) -> Json:
        name = self._names.get(id)
        if name is None:
            words = "".join(w.capitalize() for w in self._types[id]["name"]["words"])
            base = f"{self._prefix}{''.join(c for c in words if c.isalnum()) or 'Type'}"
            name, number = base, 2
            while name in self._into:
                name, number = f"{base}{number}", number + 1
            self._names[id] = name
            self._into[name] = {}  # a recursive type finds itself here
            self._into[name] = self._define(self._types[id])
        return {"$ref": f"#/components/schemas/{name}"}

    def _define(self, type: Mapping[str, Any]) -> Json:
        schema = _DEFINE[type["kind"]](self, type)
        for ours, theirs in _SIZES.items():
            if ours in type:
                schema[theirs] = type[ours]
        for ours, theirs in _BOUNDS.items():
            if ours in type:
                schema[theirs] = _number(type[ours])
        if type.get("unique"):
            schema["uniqueItems"] = True
        doc = type.get("doc") or {}
        for name in ("title", "description"):
            if name in doc:
                schema[name] = doc[name]
        return schema

    def _string(self, type: Mapping[str, Any]) -> Json:
        schema: Json = {"type": "string"}
        if type.get("format") and type["format"] not in _FORMATS:
            schema["format"] = type["format"]
        patterns = type.get("patterns", ())
        if patterns:
            schema["allOf"] = [{"pattern": pattern} for pattern in patterns]
        return schema

    def _integer(self, type: Mapping[str, Any]) -> Json:
        return {"type": "integer"}

    def _float(self, type: Mapping[str, Any]) -> Json:
        return {"type": "number"}

    def _enum(self, type: Mapping[str, Any]) -> Json:
        return {"enum": type["values"]}

    def _array(self, type: Mapping[str, Any]) -> Json:
        return {"type": "array", "items": self.refer(type["items"])}

    def _tuple(self, type: Mapping[str, Any]) -> Json:
        items = [self.refer(item) for item in type["items"]]
        return {
            "type": "array",
            "prefixItems": items,
            "items": False,
            "minItems": len(items),
        }

    def _map(self, type: Mapping[str, Any]) -> Json:
        return {"type": "object", "additionalProperties": self.refer(type["values"])}

    def _object(self, type: Mapping[str, Any]) -> Json:
        fields = type["fields"]
        schema: Json = {
            "type": "object",
            "properties": {n: self.refer(f["type"]) for n, f in fields.items()},
        }
        required = [n for n, f in fields.items() if f["required"]]
        required += type.get("required_extra", ())
        if required:
            schema["required"] = required
        extra = type["extra"]
        if extra["allow"] == "forbid":
            schema["additionalProperties"] = False
        elif extra["allow"] == "typed":
            schema["additionalProperties"] = self.refer(extra["type"])
        return schema

    def _union(self, type: Mapping[str, Any]) -> Json:
        return {"oneOf": [self.refer(v["type"]) for v in type["variants"]]}

    def _alias(self, type: Mapping[str, Any]) -> Json:
        return self.refer(type["of"])

    def _never(self, type: Mapping[str, Any]) -> Json:
        return {"not": {}}


def _number(text: str) -> int | float:
    value = Decimal(text)
    return int(value) if value == value.to_integral_value() else float(value)


_DEFINE = {
    "string": Schemas._string,
    "integer": Schemas._integer,
    "number": Schemas._float,
    "enum": Schemas._enum,
    "array": Schemas._array,
    "tuple": Schemas._tuple,
    "map": Schemas._map,
    "object": Schemas._object,
    "union": Schemas._union,
    "alias": Schemas._alias,
    "never": Schemas._never,
}
