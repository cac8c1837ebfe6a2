"""A task as the dispatcher keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field
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


@dataclass(slots=True, eq=False)
class Task:
    """One attempt. (run, task, attempt, `delivery`) is the fencing token: only who holds
    the newest may report. `effect` is its outbox row."""

    message: dict[str, Any]
    scheduled_at: int
    effect: Effect
    workflow: str = ""
    delivery: int = 0
    state: Literal["queued", "leased", "running", "ended"] = "queued"
    worker: str = ""
    started_at: int = 0
    cancelling: str | None = None
    counted: bool = False
    """Whether it takes one of the step's `max_concurrency`."""
    admitted: bool = False
    """Whether a circuit breaker waits to hear how it ends."""
    alarms: list[Handle] = field(default_factory=list)
    renewed: list[Handle] = field(default_factory=list)
    """Alarms that a heartbeat starts again."""

    @property
    def key(self) -> TaskKey:
        return (self.message["run_id"], self.message["task_id"])

    @property
    def attempt_key(self) -> AttemptKey:
        message = self.message
        return (message["run_id"], message["task_id"], message["attempt"])

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
