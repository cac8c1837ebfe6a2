"""The words of events: members and types, one of which does not exist."""

from __future__ import annotations

NAMES = [
    "task_id",
    "attempt",
    "output",
    "error",
    "kind",
    "timer_id",
    "event_id",
    "event",
    "data",
    "child_id",
    "status",
    "reason",
    "run_id",
    "input",
    "metadata",
    "timeout",
    "deadline",
    "expires_at",
    "unknown",
    "retry_of",
    "resume",
]
KINDS = [
    "run_started",
    "task_result",
    "timed_out",
    "task_stopped",
    "timer_fired",
    "event_received",
    "human_completed",
    "child_ended",
    "cancel_requested",
    "pause",
    "resume",
    "explode",  # there is none
]
