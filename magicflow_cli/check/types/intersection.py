"""The instances that fit two shapes: what `allOf` means, part by part."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from magicflow_cli.check.types.constants import number_fits, string_fits
from magicflow_cli.check.types.shape import (
    ARRAY,
    NUMBER,
    OBJECT,
    STRING,
    ArrayPart,
    Group,
    NumberPart,
    ObjectPart,
    Shape,
    StringPart,
    TaggedPart,
    is_false,
)

_T = TypeVar("_T")


def intersect(a: Shape, b: Shape) -> Shape:
    """The instances that fit both. Neither shape may have a `TaggedPart`."""
    return Shape(
        a.null and b.null,
        _booleans(a.boolean, b.boolean),
        _meet(a.number, b.number, NUMBER, _numbers),
        _meet(a.string, b.string, STRING, _strings),
        _meet(a.array, b.array, ARRAY, _arrays),
        None if a.object is None or b.object is None else _objects(a.object, b.object),
    )


def _meet(
    a: _T | None, b: _T | None, full: object, merge: Callable[[_T, _T], _T | None]
) -> _T | None:
    """What both parts accept; `full` is the part that accepts everything."""
    if a is None or b is None:
        return None
    if a is full:
        return b
    return a if b is full else merge(a, b)


def _booleans(
    a: tuple[bool, ...] | None, b: tuple[bool, ...] | None
) -> tuple[bool, ...] | None:
    if a is None or b is None:
        return None
    return tuple(value for value in a if value in b) or None


def _numbers(a: NumberPart, b: NumberPart) -> NumberPart | None:
    merged = NumberPart(
        a.integer or b.integer,
        a.bits or b.bits,
        _largest(a.minimum, b.minimum),
        _smallest(a.maximum, b.maximum),
        _largest(a.exclusive_minimum, b.exclusive_minimum),
        _smallest(a.exclusive_maximum, b.exclusive_maximum),
        tuple(sorted({*a.multiple_of, *b.multiple_of})),
        _common(a.values, b.values),
    )
    return settle_number(merged)


def settle_number(part: NumberPart) -> NumberPart | None:
    """Enumerated values that fit the constraints replace them; None when nothing fits."""
    if part.values is not None:
        values = tuple(value for value in part.values if number_fits(value, part))
        return NumberPart(values=values) if values else None
    low = _largest(part.minimum, part.exclusive_minimum)
    high = _smallest(part.maximum, part.exclusive_maximum)
    if low is not None and high is not None:
        if low > high:
            return None
        if low == high and (
            part.exclusive_minimum == low or part.exclusive_maximum == high
        ):
            return None
    return part


def _strings(a: StringPart, b: StringPart) -> StringPart | None:
    return settle_string(
        StringPart(
            tuple(sorted({*a.formats, *b.formats})),
            max(a.min_length, b.min_length),
            _least(a.max_length, b.max_length),
            tuple(sorted({*a.patterns, *b.patterns})),
            _common(a.values, b.values),
        )
    )


def settle_string(part: StringPart) -> StringPart | None:
    """Enumerated values that fit the constraints replace them; None when nothing fits."""
    if part.values is not None:
        values = tuple(value for value in part.values if string_fits(value, part))
        return StringPart(values=values) if values else None
    if part.max_length is not None and part.min_length > part.max_length:
        return None
    return part


def _arrays(a: ArrayPart, b: ArrayPart) -> ArrayPart | None:
    length = max(len(a.prefix), len(b.prefix))
    return settle_array(
        ArrayPart(
            tuple(join(_item(a, index), _item(b, index)) for index in range(length)),
            join(a.items, b.items),
            max(a.min_items, b.min_items),
            _least(a.max_items, b.max_items),
            a.unique or b.unique,
        )
    )


def _item(part: ArrayPart, index: int) -> Group:
    return part.prefix[index] if index < len(part.prefix) else part.items


def settle_array(part: ArrayPart) -> ArrayPart | None:
    """`false` items bound the length, and the length cuts what lies behind it."""
    limit = part.max_items
    for index in range(len(part.prefix)):
        if is_false(part.prefix[index]):
            limit = _least(limit, index)
            break
    else:
        if is_false(part.items):
            limit = _least(limit, len(part.prefix))
    if limit is not None and part.min_items > limit:
        return None
    if limit is None or limit > len(part.prefix):
        return part._replace(max_items=limit)
    prefix = part.prefix[:limit]
    return part._replace(
        prefix=prefix, items=() if not prefix else part.items, max_items=limit
    )


def _objects(
    a: ObjectPart | TaggedPart, b: ObjectPart | TaggedPart
) -> ObjectPart | TaggedPart | None:
    if a is OBJECT or b is OBJECT:
        return b if a is OBJECT else a
    if isinstance(a, TaggedPart) or isinstance(b, TaggedPart):
        raise TypeError("unions are distributed before shapes are merged")
    ours, theirs = dict(a.fields), dict(b.fields)
    names = dict.fromkeys([*ours, *theirs])
    return settle_object(
        ObjectPart(
            tuple(
                (name, join(ours.get(name, a.extra), theirs.get(name, b.extra)))
                for name in names
            ),
            join(a.extra, b.extra),
            a.required | b.required,
            tuple(sorted({*a.key_patterns, *b.key_patterns})),
            max(a.key_min_length, b.key_min_length),
            _least(a.key_max_length, b.key_max_length),
            max(a.min_properties, b.min_properties),
            _least(a.max_properties, b.max_properties),
        )
    )


def settle_object(part: ObjectPart) -> ObjectPart | None:
    """None when the constraints leave no object."""
    if part.max_properties is not None and (
        part.min_properties > part.max_properties
        or len(part.required) > part.max_properties
    ):
        return None
    fields = dict(part.fields)
    if any(is_false(fields.get(name, part.extra)) for name in part.required):
        return None
    return part


def join(a: Group, b: Group) -> Group:
    """Everything of both groups, once."""
    return tuple(dict.fromkeys((*a, *b)))


def _common(
    a: tuple[_T, ...] | None, b: tuple[_T, ...] | None
) -> tuple[_T, ...] | None:
    if a is None or b is None:
        return a if b is None else b
    return tuple(value for value in a if value in b)


def _largest(a: Decimal | None, b: Decimal | None) -> Decimal | None:
    present = [bound for bound in (a, b) if bound is not None]
    return max(present, default=None)


def _smallest(a: Decimal | None, b: Decimal | None) -> Decimal | None:
    present = [bound for bound in (a, b) if bound is not None]
    return min(present, default=None)


def _least(a: int | None, b: int | None) -> int | None:
    present = [bound for bound in (a, b) if bound is not None]
    return min(present, default=None)
