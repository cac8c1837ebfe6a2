"""What may become of something that a run waits for: an attempt, a person's task, an
event, a child run. Times are milliseconds from the moment at which it was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

Json = dict[str, Any]
Limit: TypeAlias = Literal["lease", "queue", "heartbeat"]

LIMITS: dict[Limit, str] = {
    "lease": "timeout",
    "queue": "queue_timeout",
    "heartbeat": "heartbeat_timeout",
}
"""The member of a task that holds each limit."""

OWN_CODES = ("UNAVAILABLE", "INTERNAL", "CIRCUIT_OPEN")
"""Codes with which the dispatcher itself may end an attempt. (TIMEOUT is no code that
an attempt reports: it is `TimesOut`.)"""


@dataclass(frozen=True, slots=True)
class Returns:
    """A function's result, a person's answer, an event's data, a child's output."""

    value: Any = None
    after: int = 0


@dataclass(frozen=True, slots=True)
class Fails:
    """The attempt ends with an error. `retryable` None: as the context declares the
    code. `unknown`: the dispatcher gave up, and the work may have been done."""

    code: str
    message: str = "simulated"
    after: int = 0
    retryable: bool | None = None
    details: Any = None
    retry_after: int | None = None
    unknown: bool = False

    def error(self) -> Json:
        """As an executor reports it."""
        error: Json = {"code": self.code, "message": self.message}
        if self.retryable is not None:
            error["retryable"] = self.retryable
        if self.details is not None:
            error["details"] = self.details
        if self.retry_after is not None:
            error["retry_after"] = self.retry_after
        return error


@dataclass(frozen=True, slots=True)
class TimesOut:
    """The dispatcher's limit of that kind is over; of a child, its own timeout, at
    `after`."""

    limit: Limit = "lease"
    after: int = 0


@dataclass(frozen=True, slots=True)
class NeverAnswers:
    """Nothing comes. An attempt with a timeout times out all the same, because the
    dispatcher measures it."""


Outcome: TypeAlias = Returns | Fails | TimesOut | NeverAnswers


What: TypeAlias = Literal["task", "person", "event", "child"]


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that a run waits for. `step` is the step's name, `path` its occurrence
    (for inline compensation both are those of the node: `charge/compensate`), `node`
    the plan's node that asks, `command` what the core sent."""

    what: What
    step: str
    path: str
    attempt: int
    node: str
    command: Json


class Source(Protocol):
    """Who knows what becomes of things."""

    def outcome_of(self, asked: Asked) -> Outcome | None:
        """None leaves it open, for `Simulation.settle`."""


def type_of(plan: Json, node: str) -> Json | None:
    """The TypeRef of what may be returned for a node, of a plan as JSON; None when
    anything may."""
    found = plan["nodes"][node]
    type: Json | None = found.get(
        "type" if found["kind"] == "listen" else "result_type"
    )
    return type


def limits_of(task: Json) -> tuple[Limit, ...]:
    """The limits that a `schedule_task` command has."""
    return tuple(limit for limit, member in LIMITS.items() if member in task)
