"""Retry policies, circuit breakers and catch clauses, with their defaults."""

from __future__ import annotations

from typing import Any

from magicflow_cli.check.model import StepInfo, StepModel
from magicflow_cli.compile.builder import millis
from magicflow_cli.documents.models import workflow as models
from magicflow_cli.plan import models as plan

_RETRY_DEFAULTS: dict[str, Any] = {
    "max_attempts": 3,
    "backoff": "exponential",
    "initial_delay": "1s",
    "max_delay": "60s",
    "jitter": False,
    "retry_on": None,
    "non_retryable": None,
}


def merge_retry(*policies: models.RetryPolicy | None) -> plan.RetryPolicy | None:
    """The first policy that writes a key decides it. None when there is no policy, or
    when one attempt is all that it allows."""
    written = [policy for policy in policies if policy is not None]
    if not written:
        return None
    merged = dict(_RETRY_DEFAULTS)
    for policy in reversed(written):
        for key in merged:
            value = getattr(policy, key)
            if value is not None:
                merged[key] = value
    if merged["max_attempts"] <= 1:
        return None
    return plan.RetryPolicy(
        max_attempts=merged["max_attempts"],
        backoff=merged["backoff"],
        initial_delay=millis(merged["initial_delay"]) or 0,
        max_delay=millis(merged["max_delay"]) or 0,
        jitter=merged["jitter"],
        retry_on=merged["retry_on"],
        non_retryable=merged["non_retryable"],
    )


def retry_policy(
    step: StepInfo, default: models.RetryPolicy | None
) -> plan.RetryPolicy | None:
    """A step's policy; `spec.retry_policy` is for function and http steps only."""
    own = getattr(step.model, "retry", None)
    return merge_retry(own, default if step.type in ("function", "http") else None)


def circuit_breaker(
    written: models.CircuitBreaker | None,
) -> plan.CircuitBreaker | None:
    if written is None:
        return None
    threshold = written.failure_threshold or 5
    return plan.CircuitBreaker(
        failure_threshold=threshold,
        failure_rate_threshold=written.failure_rate_threshold,
        minimum_calls=written.minimum_calls or threshold,
        window=millis(written.window or "60s") or 0,
        recovery_timeout=millis(written.recovery_timeout or "60s") or 0,
        half_open_max_calls=written.half_open_max_calls or 3,
    )


def catch_clauses(step: StepInfo) -> list[plan.CatchClause]:
    """What answers a failure of the step, in the order in which it is tried:
    a written timeout action at once; then, after retries, the fallback, then
    `on_failure`."""
    clauses: list[plan.CatchClause] = []
    action = _written_timeout_action(step.model)
    fallback = step.fallback.name if step.fallback is not None else None
    if action == "fallback" and fallback is not None:
        clauses.append(_clause(["timeout"], True, "run", handler=fallback))
    elif action == "ignore":
        clauses.append(_clause(["timeout"], True, "ignore"))
    elif action == "cancel_and_cleanup":
        clauses.append(_clause(["timeout"], True, "end_run"))
    if fallback is not None:
        match = ["timeout", "circuit_open"] if step.on_failure is not None else ["any"]
        clauses.append(_clause(match, False, "run", handler=fallback))
    if step.on_failure is not None:
        clauses.append(_clause(["any"], False, "goto", target=step.on_failure.name))
    return clauses


def _written_timeout_action(model: StepModel | None) -> str | None:
    action: str | None = getattr(model, "timeout_action", None)
    return action


def _clause(
    match: Any,
    before_retry: bool,
    action: Any,
    handler: str | None = None,
    target: str | None = None,
) -> plan.CatchClause:
    return plan.CatchClause(
        match=match,
        before_retry=before_retry,
        action=action,
        handler=handler,
        target=target,
    )
