"""From the keywords of one schema object to its shape, references and unions aside."""

from __future__ import annotations

import re

from magicflow_cli.check.types.intersection import intersect
from magicflow_cli.check.types.keywords import KEYWORDS
from magicflow_cli.check.types.read_collections import (
    Names,
    read_array,
    read_object,
)
from magicflow_cli.check.types.read_scalars import (
    names_type,
    pin_int64,
    read_number,
    read_string,
)
from magicflow_cli.check.types.shape import (
    ARRAY,
    BOOLEAN,
    INTEGER,
    NUMBER,
    OBJECT,
    STRING,
    NumberPart,
    Shape,
    StringPart,
    Value,
    distinct,
)
from magicflow_cli.check.types.values import Values
from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.load.nodes import Mapping, Node, Scalar, Sequence

TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
_IN_PROPERTIES = re.compile(r"/properties/[^/]*\Z")


def read_base(node: Mapping, values: Values, names: Names) -> Shape:
    """The shape of a schema object's own keywords. Keywords outside the profile and
    wrong values are reported and taken as absent."""
    check_keywords(node, values)
    about = {KEYWORDS[name].json_type for name in node.entries if name in KEYWORDS}
    shape = Shape(
        True,
        BOOLEAN,
        read_number(node, values) if about & {"number", "string"} else NUMBER,
        read_string(node, values) if "string" in about else STRING,
        read_array(node, values) if "array" in about else ARRAY,
        read_object(node, values, names) if "object" in about else OBJECT,
    )
    types = _read_types(node, values)
    if types is not None:
        shape = intersect(shape, types)
    shape = pin_int64(node, values, shape)
    for keyword in ("enum", "const"):
        constants = _read_constants(node, values, keyword)
        if constants is not None:
            shape = intersect(shape, constants)
    return shape


def check_keywords(node: Mapping, values: Values) -> None:
    """Reports every keyword that is refused or unknown."""
    required = node.get("required")
    is_flag = isinstance(required, Scalar) and isinstance(required.value, bool)
    if required is not None and is_flag and not _IN_PROPERTIES.search(node.pointer):
        values.invalid("required", required, "a list of names outside of a property")
    _check_company(node, values)
    for name in ("title", "description", "$comment", "$id"):
        values.text(node, name)
    for name in ("deprecated", "readOnly", "writeOnly"):
        values.flag(node, name)
    for name, entry in node.entries.items():
        keyword = KEYWORDS.get(name)
        if keyword is None:
            if name.startswith("x-") and not name.startswith("x-magicflow-"):
                continue
            near = suggest(name, KEYWORDS)
            values.problem(
                codes.MF2004,
                f"`{name}` is not a keyword of JSON Schema",
                entry.key.span(),
                (
                    f"did you mean `{near}`?"
                    if near
                    else "leave it out, or call it `x-…` when it is a note of your own"
                ),
            )
        elif keyword.status == "refused":
            values.problem(
                codes.MF2001,
                f"keyword `{name}` is outside profile mf-2026.1",
                entry.key.span(),
                keyword.note,
            )


def _check_company(node: Mapping, values: Values) -> None:
    """Reports keywords that mean something only beside another one."""
    if "discriminator" in node and "oneOf" not in node and "anyOf" not in node:
        values.problem(
            codes.MF2031,
            "`discriminator` has no `oneOf` or `anyOf` beside it",
            node.entries["discriminator"].key.span(),
            "list the variants under `oneOf`, or leave it out",
        )
    if "x-magicflow-enum-names" in node and "enum" not in node:
        values.problem(
            codes.MF2203,
            "`x-magicflow-enum-names` has no `enum` beside it",
            node.entries["x-magicflow-enum-names"].key.span(),
            "write the values under `enum`, or leave the names out",
        )
    if "x-magicflow-decimal" in node and not names_type(node, "string"):
        values.problem(
            codes.MF2003,
            "`x-magicflow-decimal` has no `type: string` beside it",
            node.entries["x-magicflow-decimal"].key.span(),
            "such a number travels as text: write `type: string`",
        )
    if "x-magicflow-int64" in node and not names_type(node, "integer"):
        values.problem(
            codes.MF2003,
            "`x-magicflow-int64` has no `type: integer` beside it",
            node.entries["x-magicflow-int64"].key.span(),
            "write `type: integer`, or `{type: string, format: int64}` without it",
        )


def _read_types(node: Mapping, values: Values) -> Shape | None:
    """The kinds that `type` allows; None when it is absent or wrong."""
    value = node.get("type")
    nullable = values.flag(node, "nullable")
    if value is None:
        if nullable:
            values.problem(
                codes.MF2003,
                "`nullable` has no `type` beside it to add null to",
                node.entries["nullable"].key.span(),
                "write `anyOf: [{…}, {type: 'null'}]`",
            )
        return None
    items = value.items if isinstance(value, Sequence) else [value]
    if not items:
        values.invalid("type", value, "a type or a list of types")
        return None
    found: set[str] = set()
    for item in items:
        # `type: null` in YAML is the value null, and means the type of that name.
        name = "null" if isinstance(item, Scalar) and item.value is None else None
        if isinstance(item, Scalar) and isinstance(item.value, str):
            name = item.value
        if name not in TYPES:
            near = suggest(name or "", TYPES)
            values.problem(
                codes.MF2003,
                f"`{_short(item)}` is not a JSON type",
                item.span(),
                f"did you mean `{near}`?" if near else f"one of {', '.join(TYPES)}",
            )
            return None
        if name in found:
            values.problem(
                codes.MF2003,
                f"`type` names `{name}` twice",
                item.span(),
                "leave one of them out",
            )
        found.add(name)
    if nullable:
        found.add("null")
    return Shape(
        "null" in found,
        BOOLEAN if "boolean" in found else None,
        NUMBER if "number" in found else INTEGER if "integer" in found else None,
        STRING if "string" in found else None,
        ARRAY if "array" in found else None,
        OBJECT if "object" in found else None,
    )


def _short(node: Node) -> str:
    return node.text[:40] if isinstance(node, Scalar) else "a collection"


def _read_constants(node: Mapping, values: Values, keyword: str) -> Shape | None:
    value = node.get(keyword)
    if value is None:
        return None
    items: list[Node] = [value]
    if keyword == "enum":
        if not isinstance(value, Sequence) or not value.items:
            values.invalid("enum", value, "a list of at least one value")
            return None
        items = value.items
    found = [constant for item in items for constant in values.constant(item, keyword)]
    return shape_of_values(distinct(found)) if found else None


def shape_of_values(constants: list[Value]) -> Shape:
    """The shape that accepts exactly these scalars."""
    booleans = tuple(value for value in constants if isinstance(value, bool))
    strings = tuple(value for value in constants if isinstance(value, str))
    numbers = tuple(
        value
        for value in constants
        if isinstance(value, int | float) and not isinstance(value, bool)
    )
    return Shape(
        None in constants,
        booleans or None,
        NumberPart(values=numbers) if numbers else None,
        StringPart(values=strings) if strings else None,
    )
