"""Whether two scalar types exclude each other: no value fits both."""

from __future__ import annotations

from decimal import Decimal

from magicflow_cli.check.types.constants import number_fits, string_fits
from magicflow_cli.check.types.shape import NumberPart, StringPart, Value
from magicflow_cli.plan import models as plan


def are_disjoint(one: plan.TypeDef | str, other: plan.TypeDef | str) -> bool:
    """Whether no value fits both definitions (or ids of built-in types), null aside.
    True is never wrong; False says nothing: patterns, formats and multiples are not
    compared, nor is anything that is no scalar."""
    if isinstance(one, plan.EnumType):
        return not any(_fits(value, other) for value in one.values)
    if isinstance(other, plan.EnumType):
        return are_disjoint(other, one)
    numbers = plan.IntegerType | plan.NumberType
    if isinstance(one, numbers) and isinstance(other, numbers):
        have, want = _number_part(one), _number_part(other)
        return _below(have, want) or _below(want, have)
    if isinstance(one, plan.StringType) and isinstance(other, plan.StringType):
        return _shorter(one, other) or _shorter(other, one)
    return False


def _shorter(one: plan.StringType, other: plan.StringType) -> bool:
    """Whether all of one is shorter than all of the other."""
    return one.max_length is not None and one.max_length < (other.min_length or 0)


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
        case "string":
            return isinstance(value, str)
    return True


def _number_part(type: plan.IntegerType | plan.NumberType) -> NumberPart:
    integer = isinstance(type, plan.IntegerType)
    low, high = _decimal(type.minimum), _decimal(type.maximum)
    if isinstance(type, plan.IntegerType) and type.bits == 32:
        low = _LOW if low is None else max(low, _LOW)
        high = _HIGH if high is None else min(high, _HIGH)
    return NumberPart(
        integer,
        None,
        low,
        high,
        _decimal(type.exclusive_minimum),
        _decimal(type.exclusive_maximum),
        tuple(Decimal(step) for step in type.multiple_of or ()),
    )


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


def _string_part(type: plan.StringType) -> StringPart:
    return StringPart(
        () if type.format is None else (type.format,),
        type.min_length or 0,
        type.max_length,
        tuple(type.patterns or ()),
    )
