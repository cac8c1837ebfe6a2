"""What an event must look like before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from magicflow.core.backoff import MAX_MILLIS

Event = Mapping[str, Any]

_MEMBERS: dict[str, tuple[tuple[str, type | None], ...]] = {
    "run_started": (("run_id", str), ("input", None)),
    "task_result": (("task_id", str), ("attempt", int)),
    "timed_out": (("task_id", str), ("attempt", int), ("kind", str)),
    "task_stopped": (("task_id", str), ("attempt", int)),
    "timer_fired": (("timer_id", str),),
    "event_received": (("event_id", str), ("event", str), ("data", None)),
    "human_completed": (("task_id", str), ("data", None)),
    "child_ended": (("child_id", str), ("status", str)),
    "cancel_requested": (),
    "pause": (),
    "resume": (),
}
"""What each event must have, and as what (None: any value)."""

_OPTIONAL: dict[str, tuple[tuple[str, type], ...]] = {
    "run_started": (
        ("metadata", dict),
        ("timeout", int),
        ("deadline", int),
        ("retry_of", str),
        ("resume", dict),
    ),
    "event_received": (("expires_at", int),),
}
"""What an event may have, and then as what."""

_CHILD_ENDS = frozenset({"completed", "failed", "timed_out", "cancelled"})
_LIMIT_KINDS = frozenset({"lease", "queue", "heartbeat"})


def malformed(event: Event) -> str | None:
    """What is wrong with an event, or None. Reads nothing but the event."""
    kind = event.get("type")
    if kind.__class__ is not str:
        return "an event has a `type`, a text"
    members = _MEMBERS.get(kind)
    if members is None or kind is None:
        return f"there is no event of type `{kind}`"
    if not is_count(event.get("at")) or event.get("id").__class__ is not str:
        return "an event has `at`, integer milliseconds, and `id`, a text"
    for name, type in members:
        if name not in event or (type and event[name].__class__ is not type):
            return f"the event `{kind}` has no valid `{name}`"
    if kind in _OPTIONAL:
        for name, type in _OPTIONAL[kind]:
            if name in event and not _is_valid(event[name], type):
                return f"the event `{kind}` has no valid `{name}`"
    if kind == "task_result" and ("error" in event) == ("output" in event):
        return "a task's result has either `output` or `error`"
    if kind == "timed_out" and event["kind"] not in _LIMIT_KINDS:
        return f"there is no limit of kind `{event['kind']}`"
    if kind == "child_ended" and event["status"] not in _CHILD_ENDS:
        return f"a child does not end `{event['status']}`"
    return None


def _is_valid(value: Any, type: type) -> bool:
    return is_count(value) if type is int else value.__class__ is type


def is_count(value: Any) -> bool:
    """An integer that JSON can carry; `true` is none."""
    return value.__class__ is int and 0 <= value <= MAX_MILLIS
