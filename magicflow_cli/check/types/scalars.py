"""Whether constants, numbers and strings of one type fit another."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeAlias

from magicflow_cli.check.types.constants import number_fits, string_fits
from magicflow_cli.check.types.shape import NumberPart, StringPart, Value
from magicflow_cli.plan import models as plan

Answer: TypeAlias = Literal["yes", "no", "maybe"]


def constants_fit(values: list[Value], target: plan.TypeDef | str) -> Answer:
    found = [_fits(value, target) for value in values]
    return "yes" if all(found) else "maybe" if any(found) else "no"


def _fits(value: Value, target: plan.TypeDef | str) -> bool:
    match target:
        case plan.EnumType():
            return any(value == other for other in target.values)
        case plan.StringType():
            return isinstance(value, str) and string_fits(value, _string_part(target))
        case plan.IntegerType() | plan.NumberType():
            return isinstance(value, int | float) and number_fits(
                value, _number_part(target)
            )
        case "integer":
            return isinstance(value, int)
    return True


def numbers_fit(source: plan.TypeDef | str, target: plan.TypeDef | str) -> Answer:
    if isinstance(target, plan.EnumType):
        return "maybe" if any(_fits(value, source) for value in target.values) else "no"
    have, want = _number_part(source), _number_part(target)
    if _below(have, want) or _below(want, have):
        return "no"
    inside = (
        (have.integer or not want.integer)
        and _no_lower(have, want)
        and _no_higher(have, want)
        and set(want.multiple_of) <= set(have.multiple_of)
    )
    return "yes" if inside else "maybe"


def _number_part(type: plan.TypeDef | str) -> NumberPart:
    if isinstance(type, plan.IntegerType | plan.NumberType):
        integer = isinstance(type, plan.IntegerType)
        small = integer and getattr(type, "bits", None) == 32
        return NumberPart(
            integer,
            None,
            (
                _decimal(type.minimum)
                if not small
                else max(_decimal(type.minimum) or _LOW, _LOW)
            ),
            (
                _decimal(type.maximum)
                if not small
                else min(_decimal(type.maximum) or _HIGH, _HIGH)
            ),
            _decimal(type.exclusive_minimum),
            _decimal(type.exclusive_maximum),
            tuple(Decimal(step) for step in type.multiple_of or ()),
        )
    return NumberPart(integer=type == "integer")


_LOW, _HIGH = Decimal(-(2**31)), Decimal(2**31 - 1)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _below(a: NumberPart, b: NumberPart) -> bool:
    """Whether all of a is below all of b."""
    for high, exclusive in ((a.maximum, False), (a.exclusive_maximum, True)):
        for low, strict in ((b.minimum, False), (b.exclusive_minimum, True)):
            if high is None or low is None:
                continue
            if high < low or (high == low and (exclusive or strict)):
                return True
    return False


def _no_lower(a: NumberPart, b: NumberPart) -> bool:
    """Whether a's lower bound implies b's."""
    for low, strict in ((b.minimum, False), (b.exclusive_minimum, True)):
        if low is None:
            continue
        plain = a.minimum is not None and (
            a.minimum > low or (a.minimum == low and not strict)
        )
        exclusive = a.exclusive_minimum is not None and a.exclusive_minimum >= low
        if not plain and not exclusive:
            return False
    return True


def _no_higher(a: NumberPart, b: NumberPart) -> bool:
    for high, strict in ((b.maximum, False), (b.exclusive_maximum, True)):
        if high is None:
            continue
        plain = a.maximum is not None and (
            a.maximum < high or (a.maximum == high and not strict)
        )
        exclusive = a.exclusive_maximum is not None and a.exclusive_maximum <= high
        if not plain and not exclusive:
            return False
    return True


def strings_fit(source: plan.TypeDef | str, target: plan.TypeDef | str) -> Answer:
    if isinstance(target, plan.EnumType):
        return "maybe" if any(_fits(value, source) for value in target.values) else "no"
    have, want = _string_part(source), _string_part(target)
    if want.max_length is not None and have.min_length > want.max_length:
        return "no"
    if have.max_length is not None and have.max_length < want.min_length:
        return "no"
    inside = (
        have.min_length >= want.min_length
        and (
            want.max_length is None
            or (have.max_length is not None and have.max_length <= want.max_length)
        )
        and set(want.patterns) <= set(have.patterns)
        and set(want.formats) <= set(have.formats)
    )
    return "yes" if inside else "maybe"


def _string_part(type: plan.TypeDef | str) -> StringPart:
    if not isinstance(type, plan.StringType):
        return StringPart()
    return StringPart(
        () if type.format is None else (type.format,),
        type.min_length or 0,
        type.max_length,
        tuple(type.patterns or ()),
    )
