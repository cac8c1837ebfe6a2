"""What an expression names by itself: functions, arguments, lambda parameters, patterns.

Names behind `$` are the check layer's; those here need no workflow to be judged.
"""

from __future__ import annotations

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.expr.ast import (
    Call,
    Expr,
    Filter,
    Lambda,
    Literal,
    Path,
    children,
)
from magicflow_cli.expr.functions import FUNCTIONS, Function
from magicflow_cli.expr.problems import Problem, quoted

_NO_NAMES: frozenset[str] = frozenset()
_FOREIGN = {"True": "true", "False": "false", "None": "null", "nil": "null"} | {
    "undefined": "null",
    "NULL": "null",
    "TRUE": "true",
    "FALSE": "false",
}


def judge(expr: Expr) -> list[Problem]:
    """What is wrong with the names in the expression."""
    problems: list[Problem] = []
    _visit(expr, _NO_NAMES, False, problems)
    return problems


def _visit(
    expr: Expr, bound: frozenset[str], element: bool, problems: list[Problem]
) -> None:
    """`bound` are the lambda parameters in reach; `element`: inside a filter."""
    if isinstance(expr, Path):
        _visit_path(expr, bound, element, problems)
    elif isinstance(expr, Call):
        _visit_call(expr, bound, element, problems)
    else:
        for child in children(expr):
            _visit(child, bound, element, problems)


def _visit_path(
    path: Path, bound: frozenset[str], element: bool, problems: list[Problem]
) -> None:
    if path.root == "@" and not element:
        problems.append(
            Problem(
                codes.MF6007,
                "`@` stands outside a filter",
                path.start,
                path.start + 1,
                "`@` is the element inside `[?…]`; elsewhere a path begins with `$.`",
            )
        )
    elif path.root not in ("$", "@") and path.root not in bound:
        problems.append(_unknown_name(path))
    for segment in path.segments:
        for selector in segment.selectors:
            if isinstance(selector, Filter):
                _visit(selector.condition, bound, True, problems)


def _unknown_name(path: Path) -> Problem:
    name = path.root
    mend = _FOREIGN.get(name)
    if mend is not None:
        help = f"write `{mend}`"
    elif name in ("secrets", "env"):
        help = (
            f"an expression never sees a secret; write `${{{name}.NAME}}` as the value"
        )
    elif name in FUNCTIONS:
        help = f"call it: `{FUNCTIONS[name].signature}`"
    else:
        help = f"write `$.{name}` for a path, or `'{name}'` for a text"
    return Problem(
        codes.MF6007,
        f"the name {quoted(name)} is unknown",
        path.start,
        path.start + len(name),
        help,
        mend,
    )


def _visit_call(
    call: Call, bound: frozenset[str], element: bool, problems: list[Problem]
) -> None:
    function = FUNCTIONS.get(call.function)
    if function is None:
        problems.append(_unknown_function(call))
    else:
        problem = _check_arguments(call, function)
        if problem is not None:
            problems.append(problem)
    for index, arg in enumerate(call.args):
        if isinstance(arg, Lambda):
            if function is not None and not (function.binds and index == 1):
                problems.append(_misplaced_lambda(arg))
            _visit(arg.body, bound | {arg.parameter}, element, problems)
        else:
            _visit(arg, bound, element, problems)


def _unknown_function(call: Call) -> Problem:
    suggestion = suggest(call.function, FUNCTIONS)
    help = (
        f"did you mean `{suggestion}`?"
        if suggestion
        else "the functions are " + ", ".join(f"`{name}`" for name in FUNCTIONS)
    )
    return Problem(
        codes.MF6004,
        f"the function {quoted(call.function)} does not exist",
        call.start,
        call.start + len(call.function),
        help,
        suggestion,
    )


def _check_arguments(call: Call, function: Function) -> Problem | None:
    given, least, most = len(call.args), function.least, function.most
    if given < least or (most is not None and given > most):
        if most is None:
            wanted = f"at least {least}"
        elif least == most:
            wanted = str(least)
        else:
            wanted = f"{least} to {most}"
        plural = "" if wanted.endswith("1") else "s"
        return Problem(
            codes.MF6005,
            f"`{function.name}` takes {wanted} argument{plural} and gets {given}",
            call.start,
            call.end,
            f"write `{function.signature}`",
        )
    if function.binds and not isinstance(call.args[1], Lambda):
        return Problem(
            codes.MF6011,
            f"the second argument of `{function.name}` is no lambda",
            call.args[1].start,
            call.args[1].end,
            f"name the item and say what to do with it: `{function.name}(list, x -> x.name)`",
        )
    for index, arg in enumerate(call.args):
        parameter = function.parameter(index)
        if parameter.types == ("path",) and not isinstance(arg, Path):
            return Problem(
                codes.MF6005,
                f"`{function.name}` takes a path",
                arg.start,
                arg.end,
                "write a path such as `exists($.input.email)`",
            )
        if parameter.pattern and isinstance(arg, Literal):
            problem = _check_pattern(arg)
            if problem is not None:
                return problem
    return None


def _check_pattern(arg: Literal) -> Problem | None:
    if not isinstance(arg.value, str):
        return None
    from magicflow.regex import check_portable  # only where there is a pattern

    error = check_portable(arg.value)
    if error is None:
        return None
    return Problem(
        codes.MF6006,
        f"the regular expression is not portable: {error}",
        arg.start,
        arg.end,
        "use what RE2 and every target language read alike: no look-around, no"
        " back-references, no possessive quantifiers",
    )


def _misplaced_lambda(arg: Lambda) -> Problem:
    return Problem(
        codes.MF6011,
        "a lambda stands where none can be",
        arg.start,
        arg.end,
        "only `map(list, x -> …)` and `filter(list, x -> …)` take one, as second argument",
    )
