"""Values that expressions give and executors send: evaluated, measured, checked.

What cannot be used raises Refused, which carries the error of the step or run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from magicflow.core.errors import LIMIT, VALIDATION, Error, make_error
from magicflow.core.limits import exceeds
from magicflow.core.scope import ABSENT, Scope
from magicflow.core.transition import Transition
from magicflow.expr import ExpressionError, truth
from magicflow.expr.values import print_text
from magicflow.plan.nodes import Check, Evaluate
from magicflow.types.domain import MAX_DEPTH

Name = Callable[[], "str | None"]
"""Gives a step's name, which only an error needs."""


def nameless() -> None:
    """Of what the run itself does."""


class Refused(Exception):
    """A value could not be made, or may not be used. `error` says why."""

    def __init__(self, error: Error) -> None:
        super().__init__(error["message"])
        self.error = error


def evaluate(scope: Scope, expression: Evaluate, what: str) -> Any:
    """The value of an expression, maybe ABSENT. Raises Refused with EXPRESSION."""
    try:
        return expression(scope)
    except ExpressionError as error:
        raise _refusal(scope, error, what) from None


def _refusal(scope: Scope, error: ExpressionError, what: str) -> Refused:
    return Refused(make_error(error.code, f"{what}: {error}", step=scope.step_name()))


def holds(scope: Scope, condition: Evaluate, what: str) -> bool:
    """Whether a condition is true; null and absent are false. Raises Refused, also for
    a value that is neither."""
    try:
        return truth(condition(scope))
    except ExpressionError as error:
        raise _refusal(scope, error, what) from None


def value_of(tx: Transition, scope: Scope, expression: Evaluate, what: str) -> Any:
    """The value of an expression that is kept: null when absent, and within the limit.
    Raises Refused with EXPRESSION or LIMIT."""
    try:
        value = expression(scope)
    except ExpressionError as error:
        raise _refusal(scope, error, what) from None
    if value is ABSENT:
        return None
    refuse_large(tx, value, what, scope.step_name)
    return value


def text_of(tx: Transition, scope: Scope, expression: Evaluate, what: str) -> str:
    """The value of an expression as interpolation prints it. Raises Refused."""
    value = value_of(tx, scope, expression, what)
    try:
        return print_text(value)
    except ExpressionError as error:
        raise _refusal(scope, error, what) from None


def refuse_large(tx: Transition, value: Any, what: str, step: Name) -> None:
    limit = tx.plan.limits.value_bytes
    if exceeds(value, limit):
        message = f"{what} has more than {limit} bytes, or more than {MAX_DEPTH} levels"
        raise Refused(make_error(LIMIT, message, step=step()))


def refuse_unfit(check: Check | None, value: Any, what: str, step: Name) -> None:
    """Raises Refused with VALIDATION; `details` has every problem with its path."""
    if check is None:
        return
    problems = check(value)
    if problems:
        first = problems[0]
        message = f"{what} does not fit: {first['path'] or '/'}: {first['message']}"
        error = make_error(VALIDATION, message, step=step(), details=problems)
        raise Refused(error)
