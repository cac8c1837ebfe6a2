"""The keywords of numbers and strings."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from magicflow.canonical import format_number
from magicflow.regex import check_portable

from magicflow_cli.check.types.intersection import settle_number, settle_string
from magicflow_cli.check.types.keywords import (
    ANNOTATION_FORMATS,
    FORMATS,
    NUMBER_FORMATS,
)
from magicflow_cli.check.types.patterns import spell_spaces
from magicflow_cli.check.types.shape import NumberPart, Shape, StringPart
from magicflow_cli.check.types.values import Values
from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.load.nodes import Mapping, Scalar, Sequence


def read_number(node: Mapping, values: Values) -> NumberPart | None:
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


def read_string(node: Mapping, values: Values) -> StringPart | None:
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


def pin_int64(node: Mapping, values: Values, shape: Shape) -> Shape:
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
        return Shape(shape.null, shape.boolean, None, part, shape.array, shape.object)
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


def decimal_text(value: Decimal) -> str:
    """A bound as the plan writes it."""
    return format_number(float(value))
