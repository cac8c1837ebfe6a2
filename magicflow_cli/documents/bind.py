"""The binder: a node tree into models, by the schema, or the verdict that it does not fit.

It says only whether a document fits, in well under a millisecond; `explain` says why
not. A schema is compiled once into nested functions, each of which takes a node and
gives the model's value or raises `Misfit`. A property test holds binder and jsonschema
together: a document fits exactly when it is valid.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any, TypeAlias

from magicflow_cli.documents.bound import Bound
from magicflow_cli.documents.conditions import condition_of
from magicflow_cli.documents.variants import ref_name, variant_of
from magicflow_cli.load.nodes import Mapping, Node, Scalar, Sequence

Schema: TypeAlias = dict[str, Any]
Bind: TypeAlias = Callable[[Node], Any]

EXTENSION = "x-"
_ANNOTATIONS = frozenset(
    ["$schema", "$id", "$defs", "title", "discriminator", "patternProperties"]
)
_STRING = frozenset(["type", "pattern", "minLength", "maxLength"])
_NUMBER = frozenset(["type", "minimum", "maximum", "exclusiveMinimum"])
_ARRAY = frozenset(["type", "items", "minItems"])
_MAP = frozenset(["type", "additionalProperties"])
_RECORD = _MAP | {"properties", "required", "oneOf", "anyOf", "allOf"}


class Misfit(Exception):
    """The document does not fit the schema."""


class Binder:
    """Binds documents of one schema to the classes of `models`, which are named as the
    schema's title and `$defs`."""

    def __init__(self, shape: Schema, models: ModuleType) -> None:
        self.shape = shape
        self._models = models
        self._defs: dict[str, Schema] = shape["$defs"]
        self._compiled: dict[str, Bind] = {}
        self._parts: dict[int, Bind] = {}
        self._root = self._compile(shape, shape["title"])

    def bind(self, node: Node) -> Any | None:
        """The model, or None when the document does not fit."""
        try:
            return self._root(node)
        except Misfit:
            return None

    def fits(self, part: Schema, node: Node) -> bool:
        """Whether `node` fits `part`, a schema inside this one's."""
        bind = self._parts.get(id(part))
        if bind is None:
            bind = self._parts[id(part)] = self._compile(part)
        try:
            bind(node)
        except Misfit:
            return False
        return True

    def _reference(self, name: str) -> Bind:
        compiled = self._compiled.get(name)
        if compiled is not None:
            return compiled

        def first(node: Node) -> Any:
            # Compiled when first needed: schemas are recursive, and most documents use
            # a small part of one.
            bind = self._compiled[name] = self._compile(self._defs[name], name)
            return bind(node)

        return lambda node: (self._compiled.get(name) or first)(node)

    def _compile(self, schema: Schema, name: str = "") -> Bind:
        if "$ref" in schema:
            return self._reference(ref_name(schema))
        if "const" in schema:
            return partial(_allowed, (schema["const"],))
        if "enum" in schema:
            return partial(_allowed, tuple(schema["enum"]))
        keys = schema.keys() - _ANNOTATIONS
        kind = schema.get("type")
        if kind == "object" and "properties" in schema:
            _expect(keys, _RECORD, name)
            return self._record(schema, name)
        if kind == "object":
            _expect(keys, _MAP, name)
            return self._map(schema)
        if kind == "array":
            _expect(keys, _ARRAY, name)
            least = schema.get("minItems", 0)
            return partial(_list, self._compile(schema["items"]), least)
        if "oneOf" in schema or "anyOf" in schema:
            _expect(keys, frozenset(["oneOf", "anyOf"]), name)
            return self._choice(schema)
        if kind == "string":
            _expect(keys, _STRING, name)
            return _compile_string(schema)
        if kind in ("integer", "number"):
            _expect(keys, _NUMBER, name)
            return _compile_number(schema)
        if kind == "boolean":
            return _boolean
        _expect(keys, frozenset(), name)
        return _any

    def _record(self, schema: Schema, name: str) -> Bind:
        cls: type[Bound] = getattr(self._models, name)
        fields = {
            key: (field_name(key), self._compile(item))
            for key, item in schema["properties"].items()
        }
        required = frozenset(schema.get("required", ()))
        one_of = [item["required"][0] for item in schema.get("oneOf", ())]
        any_of = [item["required"][0] for item in schema.get("anyOf", ())]
        conditions = [condition_of(item) for item in schema.get("allOf", ())]

        def bind(node: Node) -> Bound:
            if type(node) is not Mapping:
                raise Misfit
            entries = node.entries
            values = {}
            for key, entry in entries.items():
                field = fields.get(key)
                if field is not None:
                    values[field[0]] = field[1](entry.value)
                elif not key.startswith(EXTENSION):
                    raise Misfit
            if not required <= entries.keys():
                raise Misfit
            if one_of and sum(key in entries for key in one_of) != 1:
                raise Misfit
            if any_of and not any(key in entries for key in any_of):
                raise Misfit
            for condition in conditions:
                if not condition.holds(_View(node)):
                    raise Misfit
            return cls(**values, _node=node)

        return bind

    def _map(self, schema: Schema) -> Bind:
        value = self._compile(schema.get("additionalProperties", {}))

        def bind(node: Node) -> dict[str, Any]:
            if type(node) is not Mapping:
                raise Misfit
            return {key: value(each.value) for key, each in node.entries.items()}

        return bind

    def _choice(self, schema: Schema) -> Bind:
        variants = schema.get("oneOf") or schema["anyOf"]
        binds = [self._compile(variant) for variant in variants]
        if "discriminator" in schema:
            return self._tagged(schema, binds)

        def bind(node: Node) -> Any:
            index = variant_of(schema, self._defs, _View(node))
            if index is None:
                raise Misfit
            return binds[index](node)

        return bind

    def _tagged(self, schema: Schema, binds: list[Bind]) -> Bind:
        """`variant_of` for a discriminator, as a table: steps are what there is most of."""
        name = schema["discriminator"]["propertyName"]
        variants = [self._defs[ref_name(item)] for item in schema["oneOf"]]
        by_tag = {
            variant["properties"][name]["const"]: bind
            for variant, bind in zip(variants, binds, strict=True)
        }
        untagged = next(
            (
                bind
                for variant, bind in zip(variants, binds, strict=True)
                if name not in variant.get("required", ())
            ),
            binds[0],
        )

        def bind(node: Node) -> Any:
            if type(node) is not Mapping:
                raise Misfit
            entry = node.entries.get(name)
            if entry is None:
                return untagged(node)
            tag = entry.value
            chosen = by_tag.get(tag.value) if type(tag) is Scalar else None
            if chosen is None:
                raise Misfit
            return chosen(node)

        return bind


class _View:
    """A node as `variant_of` looks at it."""

    __slots__ = ("_node",)

    def __init__(self, node: Node) -> None:
        self._node = node

    @property
    def kind(self) -> str:
        node = self._node
        if type(node) is Mapping:
            return "object"
        return "array" if type(node) is Sequence else "scalar"

    def __contains__(self, key: str) -> bool:
        return type(self._node) is Mapping and key in self._node.entries

    def text(self, key: str) -> object:
        assert type(self._node) is Mapping
        value = self._node.entries[key].value
        return value.value if type(value) is Scalar else None


def field_name(key: str) -> str:
    """The model's name of a document's key: keywords get a trailing underscore."""
    return key + "_" if keyword.iskeyword(key) else key


def pattern(text: str) -> re.Pattern[str]:
    """A schema's pattern. `$` is the end of the text, as in JSON Schema, where Python's
    also matches before a final newline."""
    anchored = text.removesuffix("$") + r"\Z" if text.endswith("$") else text
    return re.compile(anchored)


def _expect(keys: set[str], known: frozenset[str], name: str) -> None:
    if unknown := keys - known:
        raise ValueError(f"{name}: the binder does not know {sorted(unknown)}")


def _any(node: Node) -> Node:
    return node


def _allowed(values: tuple[Any, ...], node: Node) -> Any:
    if type(node) is Scalar:
        value = node.value
        for allowed in values:
            # JSON's equality: 1 is 1.0, but true is not 1.
            if value == allowed and (value is True) == (allowed is True):
                return allowed
    raise Misfit


def _boolean(node: Node) -> bool:
    if type(node) is Scalar and (node.value is True or node.value is False):
        return node.value
    raise Misfit


def _list(item: Bind, least: int, node: Node) -> list[Any]:
    if type(node) is not Sequence or len(node.items) < least:
        raise Misfit
    return [item(each) for each in node.items]


def _compile_string(schema: Schema) -> Bind:
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength")
    search = pattern(schema["pattern"]).search if "pattern" in schema else None

    def bind(node: Node) -> str:
        text = node.value if type(node) is Scalar else None
        if type(text) is not str or len(text) < shortest:
            raise Misfit
        if longest is not None and len(text) > longest:
            raise Misfit
        if search is not None and search(text) is None:
            raise Misfit
        return text

    return bind


def _compile_number(schema: Schema) -> Bind:
    integer = schema["type"] == "integer"
    least, most = schema.get("minimum"), schema.get("maximum")
    above = schema.get("exclusiveMinimum")

    def bind(node: Node) -> int | float:
        value = node.value if type(node) is Scalar else None
        if type(value) is float and integer and value.is_integer():
            value = int(value)
        if type(value) is not int and (integer or type(value) is not float):
            raise Misfit
        if (
            (least is not None and value < least)
            or (most is not None and value > most)
            or (above is not None and value <= above)
        ):
            raise Misfit
        return value

    return bind
