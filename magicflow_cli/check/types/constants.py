"""Constants against constraints, while compiling."""

from __future__ import annotations

from decimal import Decimal

from magicflow.regex import compile_portable

from magicflow_cli.check.types.shape import Number, NumberPart, StringPart


def number_fits(value: Number, part: NumberPart) -> bool:
    """Whether a number fits the bounds of a part, in decimal arithmetic."""
    exact = decimal_of(value)
    if (part.integer or part.bits) and exact != exact.to_integral_value():
        return False
    if part.bits and not -(2**31) <= exact < 2**31:
        return False
    return (
        (part.minimum is None or exact >= part.minimum)
        and (part.maximum is None or exact <= part.maximum)
        and (part.exclusive_minimum is None or exact > part.exclusive_minimum)
        and (part.exclusive_maximum is None or exact < part.exclusive_maximum)
        and all(is_multiple(exact, step) for step in part.multiple_of)
    )


def decimal_of(value: Number) -> Decimal:
    """The decimal number that a JSON number is: the shortest text of its double."""
    return Decimal(value) if isinstance(value, int) else Decimal(repr(value))


def is_multiple(value: Decimal, step: Decimal) -> bool:
    """Whether value is an integral multiple of step, exactly."""
    value_top, value_bottom = value.as_integer_ratio()
    step_top, step_bottom = step.as_integer_ratio()
    return (value_top * step_bottom) % (value_bottom * step_top) == 0


def string_fits(value: str, part: StringPart) -> bool:
    """Whether a string fits lengths, patterns and formats of a part (not its values)."""
    length = len(value)
    if not part.formats and not part.patterns:
        return length >= part.min_length and (
            part.max_length is None or length <= part.max_length
        )
    return (
        length >= part.min_length
        and (part.max_length is None or length <= part.max_length)
        and all(_has_format(value, name) for name in part.formats)
        and all(compile_portable(text).search(value) for text in part.patterns)
    )


def _has_format(value: str, name: str) -> bool:
    # Imported here: the runtime's types cost 40 ms, and constants with a format are rare.
    from magicflow.types.formats import FORMATS

    return FORMATS[name](value) is True
