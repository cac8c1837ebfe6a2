"""A task as the dispatcher keeps it."""

from __future__ import annotations

from typing import Any, Literal

from magicflow.engine.clock import Handle
from magicflow.store.model import Effect

TaskKey = tuple[str, str]
"""(run id, task id)."""

AttemptKey = tuple[str, str, int]
"""(run id, task id, attempt)."""


class Stale(Exception):
    """A report with another token than the newest: too late, or a duplicate."""


class NotFound(Exception):
    """There is no such run, task or workflow."""


class Unreadable(NotFound):
    """What is stored of a run, or of its plan, cannot be read: the run stands still, and
    nobody else does."""


class Task:
    """One attempt. (run, task, attempt, `delivery`) is the fencing token: only who holds
    the newest may report. `effect` is its outbox row."""

    __slots__ = (
        "admitted",
        "alarms",
        "attempt_key",
        "cancelling",
        "counted",
        "delivery",
        "effect",
        "key",
        "message",
        "renewed",
        "scheduled_at",
        "state",
        "worker",
        "workflow",
    )

    def __init__(
        self,
        message: dict[str, Any],
        scheduled_at: int,
        effect: Effect,
        workflow: str = "",
        delivery: int = 0,
    ) -> None:
        self.message = message
        self.scheduled_at = scheduled_at
        self.effect = effect
        self.workflow = workflow
        self.delivery = delivery
        self.key: TaskKey = (message["run_id"], message["task_id"])
        self.attempt_key: AttemptKey = (*self.key, message["attempt"])
        self.state: Literal["queued", "leased", "running", "ended"] = "queued"
        self.worker = ""
        self.cancelling: str | None = None
        self.counted = False
        """Whether it takes one of the step's `max_concurrency`."""
        self.admitted = False
        """Whether a circuit breaker waits to hear how it ends."""
        self.alarms: list[Handle] = []
        self.renewed: list[Handle] = []
        """Alarms that a heartbeat starts again."""

    @property
    def limit_key(self) -> tuple[str, str]:
        """Whom `max_concurrency` counts together: the step, over all runs."""
        return (self.workflow, self.message["node"])

    def silence(self) -> None:
        """No alarm of this task rings any more."""
        for alarm in self.alarms:
            alarm.cancel()
        self.alarms.clear()
        self.silence_renewed()

    def silence_renewed(self) -> None:
        for alarm in self.renewed:
            alarm.cancel()
        self.renewed.clear()
