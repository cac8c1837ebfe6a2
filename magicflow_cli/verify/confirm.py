"""What shows a finding in the trace of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from magicflow.simulation import Trace

Confirm = Callable[[Trace], bool]


def is_endless(trace: Trace) -> bool:
    if not trace.is_over:
        return True
    return trace.error is not None and trace.error["code"] in ("LIMIT", "TIMEOUT")


def waits_in(step: str) -> Confirm:
    def confirm(trace: Trace) -> bool:
        rows = [row for row in trace.steps.values() if row["step"] == step]
        return not trace.is_over and any(row["status"] == "waiting" for row in rows)

    return confirm


def ends_with(code: str, step: str | None) -> Confirm:
    def confirm(trace: Trace) -> bool:
        error: Any = trace.error or {}
        return bool(error.get("code") == code and error.get("step") == step)

    return confirm


def has_failed(step: str, code: str, ends: bool = False) -> Confirm:
    def confirm(trace: Trace) -> bool:
        if ends and trace.status != "failed":
            return False
        return any(
            row["type"] in ("step_failed", "step_timed_out", "attempt_failed")
            and row["error"]["code"] == code
            and (row.get("step") or row["error"].get("step")) == step
            for row in trace.history
        ) or any(
            row["type"] == "rule_error" and row["error"]["code"] == code
            for row in trace.history
        )

    return confirm


def stands(step: str) -> Confirm:
    def confirm(trace: Trace) -> bool:
        rows = [row for row in trace.steps.values() if row["step"] == step]
        return (
            trace.status == "failed"
            and trace.compensation is None
            and any(row["status"] != "compensated" for row in rows)
        )

    return confirm
