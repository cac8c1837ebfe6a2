"""From the keywords of one schema object to its shape, references and unions aside."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Literal

from magicflow.regex import check_portable

from magicflow_cli.check.types import shape as shapes
from magicflow_cli.check.types.keywords import (
    ANNOTATION_FORMATS,
    FORMATS,
    KEYWORDS,
    NUMBER_FORMATS,
)
from magicflow_cli.check.types.patterns import spell_spaces
from magicflow_cli.check.types.shape import (
    ARRAY,
    BOOLEAN,
    INTEGER,
    NUMBER,
    OBJECT,
    STRING,
    ArrayPart,
    Group,
    NumberPart,
    ObjectPart,
    Shape,
    StringPart,
    distinct,
    intersect,
    settle_array,
    settle_number,
    settle_object,
    settle_string,
)
from magicflow_cli.check.types.values import Values
from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.load.nodes import Mapping, Node, Scalar, Sequence

TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")

_IN_PROPERTIES = re.compile(r"/properties/[^/]*\Z")

Names = Callable[[Node], StringPart | None]
"""What a `propertyNames` schema says of strings; None: no name fits."""


def read_base(node: Mapping, values: Values, names: Names) -> Shape:
    """The shape of a schema object's own keywords. Keywords outside the profile and
    wrong values are reported and taken as absent."""
    check_keywords(node, values)
    about = {KEYWORDS[name].json_type for name in node.entries if name in KEYWORDS}
    shape = Shape(
        True,
        BOOLEAN,
        _read_number(node, values) if about & {"number", "string"} else NUMBER,
        _read_string(node, values) if "string" in about else STRING,
        _read_array(node, values) if "array" in about else ARRAY,
        _read_object(node, values, names) if "object" in about else OBJECT,
    )
    types = _read_types(node, values)
    if types is not None:
        shape = intersect(shape, types)
    shape = _pin_int64(node, values, shape)
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


def shape_of_values(constants: list[shapes.Value]) -> Shape:
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


def _read_number(node: Mapping, values: Values) -> NumberPart | None:
    step = values.bound(node, "multipleOf")
    if step is not None and step <= 0:
        values.invalid(
            "multipleOf", node.entries["multipleOf"].value, "a number above 0"
        )
        step = None
    return settle_number(
        NumberPart(
            False,
            _read_bits(node),
            values.bound(node, "minimum"),
            values.bound(node, "maximum"),
            values.bound(node, "exclusiveMinimum"),
            values.bound(node, "exclusiveMaximum"),
            () if step is None else (step,),
        )
    )


def _read_bits(node: Mapping) -> Literal[32] | None:
    value = node.get("format")
    return 32 if isinstance(value, Scalar) and value.value == "int32" else None


def _read_string(node: Mapping, values: Values) -> StringPart | None:
    return settle_string(
        StringPart(
            _read_formats(node, values),
            values.count(node, "minLength") or 0,
            values.count(node, "maxLength"),
            _read_pattern(node, values),
        )
    )


def _read_formats(node: Mapping, values: Values) -> tuple[str, ...]:
    found: set[str] = set()
    name = values.text(node, "format")
    if name is not None:
        if name in FORMATS:
            found.add(name)
        elif name not in NUMBER_FORMATS and name not in ANNOTATION_FORMATS:
            near = suggest(name, FORMATS)
            values.problem(
                codes.MF2005,
                f"format `{name[:60]}` is outside profile mf-2026.1",
                node.entries["format"].value.span(),
                (
                    f"did you mean `{near}`?"
                    if near
                    else "leave it out, or say it with a `pattern`"
                ),
            )
    encoding = values.text(node, "contentEncoding")
    if encoding == "base64" and not names_type(node, "string"):
        values.problem(
            codes.MF2001,
            "`contentEncoding` without `type: string` is outside profile mf-2026.1",
            node.entries["contentEncoding"].key.span(),
            "add `type: string`; the profile checks the encoding then",
        )
    elif encoding == "base64":
        found.add("byte")
    elif encoding is not None:
        values.problem(
            codes.MF2001,
            f"`contentEncoding` `{encoding[:60]}` is outside profile mf-2026.1",
            node.entries["contentEncoding"].value.span(),
            "use `base64`, or leave it out",
        )
    if values.flag(node, "x-magicflow-decimal"):
        found.add("decimal")
    if name == "int64" and names_type(node, "integer", "number"):
        found.discard("int64")
    return tuple(sorted(found))


def names_type(node: Mapping, *names: str) -> bool:
    """Whether `type` has one of the names."""
    value = node.get("type")
    items = value.items if isinstance(value, Sequence) else [value]
    return any(isinstance(item, Scalar) and item.value in names for item in items)


def _pin_int64(node: Mapping, values: Values, shape: Shape) -> Shape:
    """`format: int64` on numbers: their range is beyond JSON's, so the schema must say
    that they travel as strings."""
    pin = values.text(node, "x-magicflow-int64")
    if pin is not None and pin != "string":
        values.invalid(
            "x-magicflow-int64", node.entries["x-magicflow-int64"].value, "`string`"
        )
    format = node.get("format")
    is_int64 = isinstance(format, Scalar) and format.value == "int64"
    if shape.number is None or not (is_int64 or pin == "string"):
        return shape
    if pin == "string":
        part = StringPart(formats=("int64",))
        return replace(shape, number=None, string=part)
    if is_int64 and format is not None and names_type(node, "integer", "number"):
        values.problem(
            codes.MF2140,
            "`format: int64` goes beyond the integers that JSON numbers hold exactly",
            format.span(),
            "leave the format out for integers within ±(2^53−1), or add `x-magicflow-int64: string` to send it as a string",
        )
    return shape


def _read_pattern(node: Mapping, values: Values) -> tuple[str, ...]:
    text = values.text(node, "pattern")
    if text is None:
        return ()
    error = check_portable(text)
    if error is not None:
        values.problem(
            codes.MF2012,
            f"the pattern is not portable: {error}",
            node.entries["pattern"].value.span(),
            "docs/types.md lists what a portable regular expression may contain",
        )
        return ()
    return (spell_spaces(text),)


def _read_array(node: Mapping, values: Values) -> ArrayPart | None:
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


def _read_object(node: Mapping, values: Values, names: Names) -> ObjectPart | None:
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


def decimal_text(value: Decimal) -> str:
    """A bound as the plan writes it."""
    from magicflow.canonical import format_number

    return format_number(float(value))
