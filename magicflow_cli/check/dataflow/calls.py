"""Types of function calls, from the table of the language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from magicflow_cli.check.dataflow.members import item, values_of
from magicflow_cli.check.dataflow.typed import (
    ANY,
    BOOLEAN,
    INTEGER,
    NUMBER,
    STRING,
    Constant,
    Hole,
    JsonKind,
    ListOf,
    Named,
    Typed,
    describe,
    either,
    kinds,
)
from magicflow_cli.diagnostics.codes import MF6307, MF6308
from magicflow_cli.expr.functions import FUNCTIONS, Function, Parameter, Type
from magicflow_cli.plan import models as plan

if TYPE_CHECKING:
    from magicflow_cli.check.dataflow.evaluate import Evaluator, Place

_KINDS: dict[Type, frozenset[JsonKind]] = {
    "boolean": frozenset(("boolean",)),
    "number": frozenset(("number", "integer")),
    "integer": frozenset(("integer",)),
    "string": frozenset(("string",)),
    "list": frozenset(("array",)),
    "object": frozenset(("object",)),
}
_HINTS: dict[Type, Typed] = {
    "boolean": BOOLEAN,
    "number": NUMBER,
    "integer": INTEGER,
    "string": STRING,
    "list": Typed(ListOf(ANY)),
}
_LENIENT = ("exists", "coalesce")


def call(evaluator: Evaluator, expr: plan.CallExpr, place: Place) -> Typed:
    """The type of a call; its arguments are checked against the parameters."""
    function = FUNCTIONS.get(expr.function)
    lenient = expr.function in _LENIENT
    inner = place.but(lenient=place.lenient or lenient)
    if function is None:  # a function of the plan, which the compiler wrote
        return either([evaluator.evaluate(arg, inner) for arg in expr.args])
    args: list[Typed] = []
    for index, arg in enumerate(expr.args):
        if isinstance(arg, plan.LambdaExpr):
            args.append(_bind(evaluator, expr, arg, args, inner))
            continue
        value = evaluator.evaluate(arg, _arg_place(expr, index, inner, place))
        args.append(value)
        _check_argument(evaluator, function, index, arg, value, lenient)
    if expr.function == "coalesce":
        _hint_alternatives(evaluator, args)
    return _returned(evaluator, function, args)


def _arg_place(expr: plan.CallExpr, index: int, inner: Place, place: Place) -> Place:
    """The last argument of `coalesce` is what remains: it is not protected."""
    if expr.function == "coalesce" and index == len(expr.args) - 1 and index > 0:
        return place
    return inner


def _bind(
    evaluator: Evaluator,
    expr: plan.CallExpr,
    bound: plan.LambdaExpr,
    args: list[Typed],
    place: Place,
) -> Typed:
    element = item(args[0], evaluator.types) if args else None
    parameter = (bound.parameter, element or ANY)
    inner = place.but(parameters=(*place.parameters, parameter))
    body = evaluator.evaluate(bound.body, inner)
    if expr.function == "filter":
        evaluator.test(bound.body, body)
    return body


def _check_argument(
    evaluator: Evaluator,
    function: Function,
    index: int,
    arg: plan.Expr,
    value: Typed,
    lenient: bool,
) -> None:
    parameter = function.parameter(index)
    if "any" in parameter.types or "path" in parameter.types:
        return
    wanted = [t for t in parameter.types if t in _KINDS]
    if isinstance(value.form, Hole):
        if len(wanted) == 1 and wanted[0] in _HINTS:
            evaluator.holes.hint(value.form, _HINTS[wanted[0]])
        else:
            evaluator.holes.mark(value.form)
        return
    allowed: frozenset[JsonKind] = frozenset()
    for name in wanted:
        allowed |= _KINDS[name]
    if _integral(parameter) and isinstance(value.form, Named):
        allowed |= {"number"}
    found = kinds(value.sure, evaluator.types)
    if not found & allowed:
        _report_argument(evaluator, function, parameter, arg, value)
    elif not lenient and (value.nullable or value.absent == "optional"):
        _warn_argument(evaluator, function, arg, value)
    if found & allowed:
        _check_items(evaluator, function, parameter, arg, value)


def _integral(parameter: Parameter) -> bool:
    """A number that happens to be whole is an integer at run time."""
    return "integer" in parameter.types


def _report_argument(
    evaluator: Evaluator,
    function: Function,
    parameter: Parameter,
    arg: plan.Expr,
    value: Typed,
) -> None:
    evaluator.problem(
        MF6308,
        f"`{parameter.name}` of `{function.name}` is {describe(value, evaluator.types)}",
        evaluator.origins.span(arg),
        help=f"the function is `{function.signature}`",
    )


def _warn_argument(
    evaluator: Evaluator, function: Function, arg: plan.Expr, value: Typed
) -> None:
    if value.form == Named("any"):
        return
    what = "be null" if value.nullable else "be missing"
    evaluator.problem(
        MF6307,
        f"this may {what}, and `{function.name}` then fails with EXPRESSION",
        evaluator.origins.span(arg),
        help="give it a value to fall back on with `coalesce(…, …)`, test `exists(…)`"
        " before it, or make the field `required` in the schema",
    )


def _check_items(
    evaluator: Evaluator,
    function: Function,
    parameter: Parameter,
    arg: plan.Expr,
    value: Typed,
) -> None:
    if "any" in parameter.item or "list" not in parameter.types:
        return
    element = item(value, evaluator.types)
    if element is None:
        return
    if isinstance(element.form, Hole):
        if len(parameter.item) == 1 and parameter.item[0] in _HINTS:
            evaluator.holes.hint(element.form, _HINTS[parameter.item[0]])
        return
    allowed: frozenset[JsonKind] = frozenset()
    for name in parameter.item:
        allowed |= _KINDS.get(name, frozenset())
    if not kinds(element, evaluator.types) & allowed:
        evaluator.problem(
            MF6308,
            f"`{function.name}` takes a list of"
            f" {' or '.join(f'{name}s' for name in parameter.item)}, and the items are"
            f" {describe(element, evaluator.types)}",
            evaluator.origins.span(arg),
            help=f"the function is `{function.signature}`",
        )


def _hint_alternatives(evaluator: Evaluator, args: list[Typed]) -> None:
    """The arguments of `coalesce` are likely of one type."""
    from magicflow_cli.check.dataflow.comparisons import hint_of

    known = [hint_of(arg, evaluator.types) for arg in args]
    needed = next((hint for hint in reversed(known) if hint is not None), None)
    if needed is None:
        return
    for arg in args:
        if isinstance(arg.form, Hole):
            evaluator.holes.hint(arg.form, needed.but(nullable=True))


def _returned(evaluator: Evaluator, function: Function, args: list[Typed]) -> Typed:
    types = evaluator.types
    first = args[0] if args else ANY
    match function.returns:
        case "boolean":
            return BOOLEAN
        case "number":
            return NUMBER.but(nullable=function.nullable)
        case "integer":
            return INTEGER
        case "string" | "date-time" | "uuid":
            return STRING
        case "strings":
            return Typed(ListOf(STRING))
        case "first":
            return first.sure
        case "element":
            return (item(first, types) or ANY).but(nullable=True, absent="")
        case "extreme":
            lists = len(args) == 1 and "array" in kinds(first, types)
            values = [item(first, types) or ANY] if lists else args
            return (either(map(plain, values))).but(nullable=lists)
        case "elements":
            return Typed(ListOf((item(first, types) or ANY).sure))
        case "flat":
            inner = item(first, types) or ANY
            return Typed(ListOf(item(inner, types) or ANY))
        case "members":
            return Typed(ListOf(values_of(first, types)))
        case "bodies":
            return Typed(ListOf(args[-1].but(absent="")))
        case "coalesced":
            last = args[-1]
            found = either([*(arg.sure for arg in args[:-1]), last])
            unsure = last.nullable or bool(last.absent) or _null(last)
            return found.but(nullable=unsure, absent="")
        case _:
            return ANY


def plain(value: Typed) -> Typed:
    """A literal as a value of its type: `max($.a, 1)` is a number."""
    from magicflow_cli.check.dataflow.comparisons import of_constant

    if isinstance(value.form, Constant):
        return of_constant(value.form.value) or value
    return value


def _null(value: Typed) -> bool:
    return isinstance(value.form, Constant) and value.form.value is None
