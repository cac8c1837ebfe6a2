"""Errors as values: `{code, message, step, attempt, retryable, details?, retry_after?,
cause?, suppressed?}`. `step` and `attempt` are null where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

from magicflow.canonical import canonical
from magicflow.core.limits import exceeds
from magicflow.plan.nodes import Retry

Error = dict[str, Any]

VALIDATION = "VALIDATION"
EXPRESSION = "EXPRESSION"
TIMEOUT = "TIMEOUT"
CANCELLED = "CANCELLED"
CIRCUIT_OPEN = "CIRCUIT_OPEN"
UNAVAILABLE = "UNAVAILABLE"
LIMIT = "LIMIT"
INTERNAL = "INTERNAL"
WORKFLOW_ERROR = "WORKFLOW_ERROR"

NEVER_RETRYABLE = frozenset({VALIDATION, EXPRESSION, CANCELLED, LIMIT})
MAX_TEXT = 4_096
"""Code points of an error's message when the whole error is too large to keep."""
MAX_SUPPRESSED = 16
"""A chain of failing handlers keeps its first error and the newest of the others."""


def make_error(
    code: str,
    message: str,
    *,
    step: str | None = None,
    attempt: int | None = None,
    details: Any = None,
    cause: Error | None = None,
    retryable: bool = True,
) -> Error:
    error: Error = {
        "code": code,
        "message": message,
        "step": step,
        "attempt": attempt,
        "retryable": retryable and code not in NEVER_RETRYABLE,
    }
    if details is not None:
        error["details"] = details
    if cause is not None:
        error["cause"] = cause
    return error


def reported_error(
    raw: Any,
    *,
    step: str | None,
    attempt: int,
    declared: Mapping[str, bool],
    limit: int,
) -> Error:
    """The error that an executor reported, brought into our form.

    Whatever it sent, the result is an error: a missing code is INTERNAL, members that
    are not ours are dropped, and what is larger than `limit` bytes is cut.
    """
    fields = raw if isinstance(raw, Mapping) else {"message": raw}
    code = fields.get("code")
    code = code if isinstance(code, str) and code else INTERNAL
    message = fields.get("message")
    if not isinstance(message, str):
        message = _said(message)
    retryable = fields.get("retryable")
    error = make_error(
        code,
        message,
        step=step,
        attempt=attempt,
        details=fields.get("details"),
        retryable=(
            retryable if isinstance(retryable, bool) else declared.get(code, True)
        ),
    )
    retry_after = fields.get("retry_after")
    if _is_integral(retry_after):
        error["retry_after"] = max(int(retry_after), 0)
    if isinstance(fields.get("cause"), Mapping):
        error["cause"] = dict(fields["cause"])
    if exceeds(error, limit):
        error.pop("details", None)
        error.pop("cause", None)
        error["code"] = code[:MAX_TEXT]
        error["message"] = message[:MAX_TEXT]
    return error


def _is_integral(value: Any) -> TypeGuard[int | float]:
    """Whether a value is an integer in JSON, where 5.0 is 5."""
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


def _said(message: Any) -> str:
    """A message that is no text, as one."""
    if message is None:
        return "the executor gave no message"
    try:
        return canonical(message)
    except ValueError:
        return "the executor's message is no JSON"


def allows_retry(policy: Retry, error: Error) -> bool:
    """Whether the policy retries this error: `non_retryable` wins over `retry_on`,
    which, when it is given, is the whole list; without it the error's flag decides."""
    code = error["code"]
    if code in NEVER_RETRYABLE or code in policy.non_retryable:
        return False
    if policy.retry_on is not None:
        return code in policy.retry_on
    return bool(error["retryable"])


def with_cause(error: Error, cause: Error) -> Error:
    """The error of a failed answer to `cause`. A cause that an executor gave it moves
    to `suppressed`, so that nothing is lost."""
    own = error.get("cause")
    if own is None:
        return {**error, "cause": cause}
    return {**error, "cause": cause, "suppressed": [*error.get("suppressed", ()), own]}


def with_suppressed(errors: list[Error]) -> Error:
    """The first error, with those of its handlers under `suppressed`."""
    first, rest = errors[0], errors[1:]
    if not rest:
        return first
    return {**first, "suppressed": [*first.get("suppressed", ()), *rest]}


def extended(errors: list[Error], error: Error) -> list[Error]:
    """A chain of handlers' errors with one more, bounded."""
    if len(errors) < MAX_SUPPRESSED:
        return [*errors, error]
    return [errors[0], *errors[2:], error]
