"""Types of operators: what may be compared, ordered and computed with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from magicflow_cli.check.dataflow.members import item
from magicflow_cli.check.dataflow.typed import (
    BOOLEAN,
    INTEGER,
    NUMBER,
    STRING,
    Constant,
    Hole,
    JsonKind,
    Named,
    Typed,
    Types,
    constants,
    describe,
    kind_of,
    kinds,
    quoted,
)
from magicflow_cli.check.fixes import for_literal
from magicflow_cli.diagnostics.codes import MF6302, MF6303, MF6306, MF6307
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.plan import models as plan

if TYPE_CHECKING:
    from magicflow_cli.check.dataflow.evaluate import Evaluator

_ORDER = ("<", "<=", ">", ">=")
_NUMBERS: frozenset[JsonKind] = frozenset(("integer", "number"))


def binary(
    evaluator: Evaluator, expr: plan.BinaryExpr, left: Typed, right: Typed
) -> Typed:
    """The type of a binary operation that is neither `and` nor `or`."""
    if expr.op in ("==", "!="):
        _check_equality(evaluator, expr, left, right)
        return BOOLEAN
    if expr.op == "in":
        _check_membership(evaluator, expr, left, right)
        return BOOLEAN
    if expr.op in _ORDER:
        _check_order(evaluator, expr, left, right)
        return BOOLEAN
    return _arithmetic(evaluator, expr, left, right)


def negated(evaluator: Evaluator, expr: plan.UnaryExpr, value: Typed) -> Typed:
    """`- x`."""
    if isinstance(value.form, Hole):
        evaluator.holes.hint(value.form, NUMBER)
        return NUMBER
    if not kinds(value, evaluator.types) & _NUMBERS:
        evaluator.problem(
            MF6306,
            f"minus needs a number, and this is {describe(value, evaluator.types)}",
            evaluator.origins.span(expr),
            help="convert a text with `to_number(…)`",
        )
    return INTEGER if kinds(value, evaluator.types) == {"integer"} else NUMBER


# -- equality


def _check_equality(
    evaluator: Evaluator, expr: plan.BinaryExpr, left: Typed, right: Typed
) -> None:
    types = evaluator.types
    for one, other in ((left, right), (right, left)):
        if isinstance(one.form, Hole):
            needed = hint_of(other, types)
            if needed is not None:
                evaluator.holes.hint(one.form, needed)
            else:
                evaluator.holes.mark(one.form)
    if _is_null(left) or _is_null(right):
        return
    one_kinds = kinds(left.sure, types) - {"null"}
    other_kinds = kinds(right.sure, types) - {"null"}
    if not _meet(one_kinds, other_kinds):
        both_null = "null" in kinds(left, types) and "null" in kinds(right, types)
        if both_null:
            return
        always = "never" if expr.op == "==" else "always"
        evaluator.problem(
            MF6302,
            f"{describe(left, types)} and {describe(right, types)} are {always}"
            f" {'equal' if expr.op == '==' else 'different'}",
            evaluator.origins.span(expr),
            help=_conversion(one_kinds, other_kinds),
        )
        return
    _check_values(evaluator, expr, left, right)


def _check_values(
    evaluator: Evaluator, expr: plan.BinaryExpr, left: Typed, right: Typed
) -> None:
    """Both sides are limited to values, and share none."""
    types = evaluator.types
    one, other = constants(left, types), constants(right, types)
    if one is None or other is None:
        return
    if isinstance(left.form, Constant) and isinstance(right.form, Constant):
        return  # two literals: somebody switches a branch by hand
    if any(equal(a, b) for a in one for b in other):
        return
    if "null" in kinds(left, types) and "null" in kinds(right, types):
        return
    literal, allowed, at = _literal_side(expr, left, right, one, other)
    if literal is None:
        evaluator.problem(
            MF6302,
            f"{describe(left, types)} and {describe(right, types)} are never equal",
            evaluator.origins.span(expr),
            help="the two have no value in common",
        )
        return
    unknown_value(evaluator, at, literal, allowed)


def _literal_side(
    expr: plan.BinaryExpr,
    left: Typed,
    right: Typed,
    one: tuple[object, ...],
    other: tuple[object, ...],
) -> tuple[object, tuple[object, ...], plan.Expr]:
    if isinstance(right.form, Constant):
        return right.form.value, one, expr.right
    if isinstance(left.form, Constant):
        return left.form.value, other, expr.left
    return None, (), expr


def unknown_value(
    evaluator: Evaluator, at: plan.Expr, value: object, allowed: tuple[object, ...]
) -> None:
    """A literal that the other side never is."""
    near = suggest(str(value), [str(a) for a in allowed if isinstance(a, str)])
    shown = ", ".join(quoted(a) for a in allowed[:8])
    evaluator.problem(
        MF6303,
        f"{quoted(value)} is none of the possible values",
        evaluator.origins.span(at),
        help=f"did you mean '{near}'?" if near else f"the values are {shown}",
        fix=for_literal(evaluator.origins.written(at), near),
    )


def equal(one: object, other: object) -> bool:
    """JSON equality of scalars: `1 == 1.0`, `true != 1`."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return one == other


def hint_of(other: Typed, types: Types) -> Typed | None:
    """What comparing with `other` tells about an undeclared value."""
    if isinstance(other.form, Constant):
        return of_constant(other.form.value)
    if isinstance(other.form, Hole) or kinds(other.sure, types) >= {"string", "object"}:
        return None
    return other.sure


def of_constant(value: object) -> Typed | None:
    """The plain type of a literal; None for null."""
    kind = kind_of(value)
    if kind == "boolean":
        return BOOLEAN
    if kind in _NUMBERS:
        return NUMBER
    return STRING if kind == "string" else None


def _is_null(value: Typed) -> bool:
    return isinstance(value.form, Constant) and value.form.value is None


def _meet(one: frozenset[JsonKind], other: frozenset[JsonKind]) -> bool:
    if one & other:
        return True
    return bool(one & _NUMBERS and other & _NUMBERS)


def _conversion(one: frozenset[JsonKind], other: frozenset[JsonKind]) -> str:
    both = one | other
    if "string" in both and both & _NUMBERS:
        return "convert one side: `to_number(…)` or `to_string(…)`"
    if "string" in both and "boolean" in both:
        return "write `true` or `false` without quotes"
    return "compare values of one type"


# -- membership


def _check_membership(
    evaluator: Evaluator, expr: plan.BinaryExpr, left: Typed, right: Typed
) -> None:
    types = evaluator.types
    if isinstance(right.form, Hole):
        evaluator.holes.mark(right.form)
        return
    if not kinds(right, types) & {"array"}:
        evaluator.problem(
            MF6306,
            f"`in` needs a list on the right, and this is {describe(right, types)}",
            evaluator.origins.span(expr.right),
            help="a piece of a text is found with `contains(text, piece)`",
        )
        return
    element = item(right, types)
    if isinstance(left.form, Hole):
        needed = hint_of(element, types) if element is not None else None
        if isinstance(expr.right, plan.ArrayExpr):
            needed = _common_hint(expr.right)
        if needed is not None:
            evaluator.holes.hint(left.form, needed)
        else:
            evaluator.holes.mark(left.form)
        return
    if element is None or not _is_list_of_literals(expr.right):
        if element is not None and not isinstance(element.form, Hole):
            _check_item_kinds(evaluator, expr, left, element)
        return
    allowed = constants(left, types)
    assert isinstance(expr.right, plan.ArrayExpr)
    if allowed is None or isinstance(left.form, Constant):
        _check_item_kinds(evaluator, expr, left, element)
        return
    for entry in expr.right.items:
        literal = entry.value if isinstance(entry, plan.LitExpr) else None
        if literal is not None and not any(equal(literal, a) for a in allowed):
            unknown_value(evaluator, entry, literal, allowed)


def _check_item_kinds(
    evaluator: Evaluator, expr: plan.BinaryExpr, left: Typed, element: Typed
) -> None:
    types = evaluator.types
    if _meet(kinds(left, types), kinds(element, types)):
        return
    evaluator.problem(
        MF6302,
        f"{describe(left, types)} is never in a list of items that are"
        f" {describe(element, types)}",
        evaluator.origins.span(expr),
        help="compare values of one type",
    )


def _is_list_of_literals(expr: plan.Expr) -> bool:
    return isinstance(expr, plan.ArrayExpr) and all(
        isinstance(entry, plan.LitExpr) for entry in expr.items
    )


def _common_hint(array: plan.ArrayExpr) -> Typed | None:
    hints = {
        of_constant(entry.value) if isinstance(entry, plan.LitExpr) else None
        for entry in array.items
    }
    return hints.pop() if len(hints) == 1 else None


# -- order and arithmetic


def _check_order(
    evaluator: Evaluator, expr: plan.BinaryExpr, left: Typed, right: Typed
) -> None:
    types = evaluator.types
    for one, other in ((left, right), (right, left)):
        if isinstance(one.form, Hole):
            needed = hint_of(other, types)
            if needed is None or kinds(needed, types) & {"boolean"}:
                evaluator.holes.mark(one.form)
            else:
                evaluator.holes.hint(one.form, needed)
    one_kinds, other_kinds = kinds(left, types), kinds(right, types)
    numbers = one_kinds & _NUMBERS and other_kinds & _NUMBERS
    texts = "string" in one_kinds and "string" in other_kinds
    if not numbers and not texts:
        evaluator.problem(
            MF6306,
            f"`{expr.op}` cannot order {describe(left, types)} and"
            f" {describe(right, types)}",
            evaluator.origins.span(expr),
            help=(
                _conversion(one_kinds, other_kinds)
                if one_kinds & {"string"} or other_kinds & {"string"}
                else "numbers are ordered with numbers, texts with texts"
            ),
        )
        return
    warn_missing(evaluator, expr, expr.left, left)
    warn_missing(evaluator, expr, expr.right, right)


def warn_missing(
    evaluator: Evaluator, expr: plan.BinaryExpr, at: plan.Expr, value: Typed
) -> None:
    """An operand that a schema lets be null or absent fails the step (EXPRESSION)."""
    if isinstance(value.form, Hole):
        return
    unsure = value.nullable or value.absent == "optional"
    if not unsure or _is_any(value):
        return
    what = "be null" if value.nullable else "be missing"
    evaluator.problem(
        MF6307,
        f"this may {what}, and `{expr.op}` then fails with EXPRESSION",
        evaluator.origins.span(at),
        help="give it a value to fall back on: `coalesce(…, 0)`; or test `exists(…)`"
        " before it; or make the field `required` in the schema",
    )


def _is_any(value: Typed) -> bool:
    return value.form == Named("any")


def _arithmetic(
    evaluator: Evaluator, expr: plan.BinaryExpr, left: Typed, right: Typed
) -> Typed:
    types = evaluator.types
    for at, value in ((expr.left, left), (expr.right, right)):
        if isinstance(value.form, Hole):
            evaluator.holes.hint(value.form, NUMBER)
            continue
        if not kinds(value, types) & _NUMBERS:
            evaluator.problem(
                MF6306,
                f"`{expr.op}` needs numbers, and this is {describe(value, types)}",
                evaluator.origins.span(at),
                help=(
                    'texts are put together with `"${…}${…}"` or `join`'
                    if expr.op == "+"
                    else "convert a text with `to_number(…)`"
                ),
            )
            return NUMBER
        warn_missing(evaluator, expr, at, value)
    both = kinds(left.sure, types) | kinds(right.sure, types)
    whole = both == {"integer"} and expr.op != "/"
    return INTEGER if whole else NUMBER
