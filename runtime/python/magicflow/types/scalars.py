"""Compiles the types of strings, numbers and constants."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from magicflow.regex import compile_portable
from magicflow.types.domain import (
    INTEGER_RANGE,
    LEAP_SECOND,
    MESSAGES,
    NOT_FINITE,
    SAFE_INTEGER,
)
from magicflow.types.formats import FORMATS
from magicflow.types.formats import LEAP_SECOND as LEAP
from magicflow.types.inline import Constants, Inline
from magicflow.types.problems import Accepts, Check, Problem, frozen, json_type

Definition = dict[str, Any]


def wrong_type(expected: str) -> Callable[[Any, str, list[Problem]], None]:
    """Explains that a value is of another type."""

    def explain(value: Any, path: str, problems: list[Problem]) -> None:
        problems.append(
            Problem(path, "type", f"the value is {json_type(value)}, not {expected}")
        )

    return explain


def _is_integer(value: Any) -> bool:
    kind = type(value)
    if kind is int:
        return bool(-SAFE_INTEGER <= value <= SAFE_INTEGER)
    return (
        kind is float and value.is_integer() and -SAFE_INTEGER <= value <= SAFE_INTEGER
    )


def _is_number(value: Any) -> bool:
    kind = type(value)
    if kind is int:
        return bool(-SAFE_INTEGER <= value <= SAFE_INTEGER)
    return bool(kind is float and value - value == 0.0)


def _explain_integer(value: Any, path: str, problems: list[Problem]) -> None:
    kind = type(value)
    if kind is int or (kind is float and value.is_integer()):
        problems.append(Problem(path, INTEGER_RANGE, MESSAGES[INTEGER_RANGE]))
    else:
        wrong_type("an integer")(value, path, problems)


def _explain_number(value: Any, path: str, problems: list[Problem]) -> None:
    if type(value) is int:
        problems.append(Problem(path, INTEGER_RANGE, MESSAGES[INTEGER_RANGE]))
    elif type(value) is float:
        problems.append(Problem(path, NOT_FINITE, MESSAGES[NOT_FINITE]))
    else:
        wrong_type("a number")(value, path, problems)


def _is_null(value: Any) -> bool:
    return value is None


def _is_any(value: Any) -> bool:
    return True


_INTEGER = (
    "(type({0}) is int and LOWEST <= {0} <= HIGHEST or type({0}) is float and"
    " {0}.is_integer() and LOWEST <= {0} <= HIGHEST)"
)
_NUMBER = (
    "(type({0}) is float and {0} - {0} == 0.0 or type({0}) is int and"
    " LOWEST <= {0} <= HIGHEST)"
)


def _source(text: str) -> Inline:
    return lambda variable, constants: text.format(variable)


BUILT_IN: Final[dict[str, Check]] = {
    "any": Check(_is_any, lambda value, path, problems: None, _source("True")),
    "null": Check(_is_null, wrong_type("null"), _source("{0} is None")),
    "boolean": Check(
        lambda value: type(value) is bool,
        wrong_type("a boolean"),
        _source("type({0}) is bool"),
    ),
    "integer": Check(_is_integer, _explain_integer, _source(_INTEGER)),
    "number": Check(_is_number, _explain_number, _source(_NUMBER)),
    "string": Check(
        lambda value: type(value) is str,
        wrong_type("a string"),
        _source("type({0}) is str"),
    ),
    "object": Check(
        lambda value: type(value) is dict,
        wrong_type("an object"),
        _source("type({0}) is dict"),
    ),
    "array": Check(
        lambda value: type(value) is list,
        wrong_type("a list"),
        _source("type({0}) is list"),
    ),
}


def compile_string(definition: Definition) -> Check:
    """Lengths in code points, patterns searched, format asserted."""
    low = definition.get("min_length", 0)
    high = definition.get("max_length")
    format = definition.get("format")
    patterns = [compile_portable(text) for text in definition.get("patterns", ())]
    searches = [pattern.search for pattern in patterns]
    fits_format = FORMATS[format] if format is not None else None

    def accepts(value: Any) -> bool:
        if type(value) is not str:
            return False
        if low and len(value) < low:
            return False
        if high is not None and len(value) > high:
            return False
        if fits_format is not None and fits_format(value) is not True:
            return False
        return all(search(value) for search in searches) if searches else True

    def explain(value: Any, path: str, problems: list[Problem]) -> None:
        if type(value) is not str:
            wrong_type("a string")(value, path, problems)
            return
        length = len(value)
        if length < low:
            text = f"the string has {length} characters, fewer than {low}"
            problems.append(Problem(path, "minLength", text))
        if high is not None and length > high:
            text = f"the string has {length} characters, more than {high}"
            problems.append(Problem(path, "maxLength", text))
        found = True if fits_format is None else fits_format(value)
        if found == LEAP:
            problems.append(Problem(path, LEAP_SECOND, MESSAGES[LEAP_SECOND]))
        elif found is not True:
            problems.append(Problem(path, "format", f"the string is no `{format}`"))
        for pattern in patterns:
            if not pattern.search(value):
                text = f"the string does not match `{pattern.pattern}`"
                problems.append(Problem(path, "pattern", text))

    def inline(variable: str, constants: Constants) -> str:
        tests = [f"type({variable}) is str"]
        if low:
            tests.append(f"len({variable}) >= {low:d}")
        if high is not None:
            tests.append(f"len({variable}) <= {high:d}")
        if fits_format is not None:
            tests.append(f"{constants.add(fits_format)}({variable}) is True")
        tests += [f"{constants.add(search)}({variable})" for search in searches]
        return " and ".join(tests)

    return Check(accepts, explain, inline)


def compile_number(definition: Definition) -> Check:
    """Bounds compare doubles; multiples are decided in decimal arithmetic."""
    is_integer = definition["kind"] == "integer"
    base = BUILT_IN["integer" if is_integer else "number"]
    tests: list[tuple[str, Accepts, str]] = []
    if definition.get("bits") == 32:
        tests.append(
            ("format", lambda value: -(2**31) <= value < 2**31, "within 32 bits")
        )
    for key, keyword, words, make in _BOUNDS:
        if (bound := definition.get(key)) is not None:
            tests.append((keyword, make(_number(bound)), f"{words} {bound}"))
    for step in definition.get("multiple_of", ()):
        tests.append(("multipleOf", _multiple(step), f"a multiple of {step}"))
    fits = base.accepts
    checks = [test for _, test, _ in tests]

    def accepts(value: Any) -> bool:
        if not fits(value):
            return False
        for check in checks:  # noqa: SIM110 (three times as fast as all())
            if not check(value):
                return False
        return True

    def explain(value: Any, path: str, problems: list[Problem]) -> None:
        if not fits(value):
            base.explain(value, path, problems)
            return
        for keyword, check, words in tests:
            if not check(value):
                problems.append(Problem(path, keyword, f"the number is not {words}"))

    bounds = [
        (sign, _number(definition[key])) for key, sign in _SIGNS if key in definition
    ]

    def inline(variable: str, constants: Constants) -> str:
        conditions = [(_INTEGER if is_integer else _NUMBER).format(variable)]
        conditions += [
            f"{variable} {sign} {constants.add(bound)}" for sign, bound in bounds
        ]
        return " and ".join(conditions)

    # Bounds are written in place, whatever else there is needs its call.
    return Check(accepts, explain, inline if len(bounds) == len(tests) else None)


_SIGNS: Final = (
    ("minimum", ">="),
    ("maximum", "<="),
    ("exclusive_minimum", ">"),
    ("exclusive_maximum", "<"),
)


def _number(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() and abs(value) <= SAFE_INTEGER else value


_BOUNDS: Final[list[tuple[str, str, str, Callable[[Any], Accepts]]]] = [
    (
        "minimum",
        "minimum",
        "at least",
        lambda bound: lambda value: bool(value >= bound),
    ),
    ("maximum", "maximum", "at most", lambda bound: lambda value: bool(value <= bound)),
    (
        "exclusive_minimum",
        "exclusiveMinimum",
        "above",
        lambda bound: lambda value: bool(value > bound),
    ),
    (
        "exclusive_maximum",
        "exclusiveMaximum",
        "below",
        lambda bound: lambda value: bool(value < bound),
    ),
]


def _multiple(text: str) -> Accepts:
    """Decimal arithmetic on the shortest text of a double, as people read it: 16.99 is
    a multiple of 0.01, although the binary fraction is not."""
    top, bottom = Decimal(text).as_integer_ratio()
    exponent = Decimal(text).normalize().as_tuple().exponent
    places = max(0, -int(exponent))
    scaled = int(Decimal(text).scaleb(places)) if places < 400 else 0

    def accepts(value: Any) -> bool:
        if type(value) is int:
            return (value * bottom) % top == 0
        shown = repr(value)
        if "e" in shown:
            value_top, value_bottom = Decimal(shown).as_integer_ratio()
            return (value_top * bottom) % (value_bottom * top) == 0
        whole, _, fraction = shown.partition(".")
        if fraction == "0":
            fraction = ""
        if len(fraction) > places:
            return False
        return int(whole + fraction.ljust(places, "0")) % scaled == 0

    return accepts


def compile_enum(definition: Definition) -> Check:
    """A closed set of scalars, by JSON equality."""
    values = definition["values"]
    allowed = frozenset(frozen(value) for value in values)
    inline: Inline | None = None
    if all(type(value) is str for value in values):

        def accepts(value: Any) -> bool:
            return type(value) is str and value in allowed

        def inline(variable: str, constants: Constants) -> str:
            return f"type({variable}) is str and {variable} in {constants.add(allowed)}"

    else:

        def accepts(value: Any) -> bool:
            kind = type(value)
            if kind is bool:
                return ("boolean", value) in allowed
            return (kind is str or kind is int or kind is float) and value in allowed

    shown = ", ".join(_show(value) for value in values[:12])
    more = ", …" if len(values) > 12 else ""

    def explain(value: Any, path: str, problems: list[Problem]) -> None:
        if len(values) == 1:
            problems.append(Problem(path, "const", f"the value is not {shown}"))
        else:
            text = f"the value is none of {shown}{more}"
            problems.append(Problem(path, "enum", text))

    return Check(accepts, explain, inline)


def _show(value: Any) -> str:
    from magicflow.canonical import canonical

    text = canonical(value)
    return text if len(text) <= 40 else text[:40] + "…"
