"""The keywords of arrays and objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from magicflow_cli.check.types.intersection import settle_array, settle_object
from magicflow_cli.check.types.shape import ArrayPart, Group, ObjectPart, StringPart
from magicflow_cli.check.types.values import Values
from magicflow_cli.diagnostics import codes
from magicflow_cli.load.nodes import Mapping, Node, Scalar, Sequence

Names: TypeAlias = Callable[[Node], StringPart | None]
"""What a `propertyNames` schema says of strings; None: no name fits."""


def read_array(node: Mapping, values: Values) -> ArrayPart | None:
    items = node.get("items")
    prefix: list[Node] = []
    rest = _group(items)
    if isinstance(items, Sequence):  # draft-07: a list of items is a tuple
        prefix = items.items
        behind = node.get("additionalItems")
        rest = _group(behind)
        if "prefixItems" in node:
            values.invalid("items", items, "a schema beside `prefixItems`")
    elif "prefixItems" in node:
        prefix = values.schemas(node, "prefixItems")
    return settle_array(
        ArrayPart(
            tuple(_group(item) for item in prefix),
            rest,
            values.count(node, "minItems") or 0,
            values.count(node, "maxItems"),
            values.flag(node, "uniqueItems"),
        )
    )


def _group(node: Node | None) -> Group:
    """What a schema asks of members or items; nothing where it is absent or says
    nothing at all."""
    if node is None or (isinstance(node, Mapping) and not node.entries):
        return ()
    if isinstance(node, Scalar) and node.value is True:
        return ()
    return (node,)


def read_object(node: Mapping, values: Values, names: Names) -> ObjectPart | None:
    properties = values.mapping(node, "properties")
    fields = [] if properties is None else list(properties.items())
    extra = node.get("additionalProperties")
    least = values.count(node, "minProperties") or 0
    most = values.count(node, "maxProperties")
    key = StringPart()
    name_schema = node.get("propertyNames")
    if name_schema is not None:
        found = names(name_schema)
        if found is None:
            most = 0
        else:
            key = _check_names(found, name_schema, values)
    return settle_object(
        ObjectPart(
            tuple((name, (schema,)) for name, schema in fields),
            _group(extra),
            frozenset(required_names(node, values)),
            key.patterns,
            key.min_length,
            key.max_length,
            least,
            most,
        )
    )


def _check_names(part: StringPart, node: Node, values: Values) -> StringPart:
    if part.values is not None or part.formats:
        what = "a list of names" if part.values is not None else "a format"
        values.problem(
            codes.MF2001,
            f"`propertyNames` with {what} is outside profile mf-2026.1",
            node.span(),
            "list the names under `properties` with `additionalProperties: false`, or use a `pattern`",
        )
        return StringPart()
    return part


def required_names(node: Mapping, values: Values) -> list[str]:
    """Names that `required` lists and those of properties with `required: true`."""
    found: list[str] = []
    required = node.get("required")
    if not (isinstance(required, Scalar) and isinstance(required.value, bool)):
        found = values.texts(node, "required")
    properties = node.get("properties")
    if isinstance(properties, Mapping):
        for name, schema in properties.items():
            flag = schema.get("required") if isinstance(schema, Mapping) else None
            if isinstance(flag, Scalar) and flag.value is True and name not in found:
                found.append(name)
    return found
