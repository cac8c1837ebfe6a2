"""The rows that a store keeps and the writes that it takes.

JSON travels as text: the engine encodes once, a store never looks inside. Times are
integer milliseconds since 1970 UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

EffectKind = Literal[
    "task",
    "timer",
    "listen",
    "human",
    "event",
    "child",
    "stop",
    "retry",
    "webhook",
    "start",
]
"""What an outbox row asks for. A row stands until what it asks for has happened."""


class StoreError(Exception):
    """The write or read did not work; whether a write took hold is unknown."""


class StoreInUse(StoreError):
    """Another server owns this store."""


class Conflict(Exception):
    """The write met another state than it was made for; nothing of its batch was kept.

    `reason` is `version` (compare-and-set failed) or `key` (the idempotency key or the
    run's id is taken).
    """

    def __init__(self, reason: Literal["version", "key"], run_id: str) -> None:
        super().__init__(f"{reason} conflict on run {run_id}")
        self.reason = reason
        self.run_id = run_id


@dataclass(slots=True)
class RunRow:
    """What a list of runs shows. `version` counts the events that were applied."""

    id: str
    workflow: str
    workflow_version: str
    plan_hash: str
    status: str
    version: int
    created_at: int
    updated_at: int
    ended_at: int | None = None
    idempotency_key: str | None = None
    foreign_id: str | None = None
    priority: int = 0
    parent: str | None = None
    """`<run id>:<child id>` of the run that started this one."""
    retry_of: str | None = None
    info: str = "{}"
    """JSON of what only people and the engine read: source, traceparent, webhook."""


@dataclass(slots=True)
class Effect:
    """One outbox row: something that the run asked the world for.

    (`run_id`, `kind`, `key`) is its identity and is never used for something else. `name` is the executor of a task, the event of a listener, the assignee of a human
    task. `delivery` counts how often a task was handed to a worker of another process.
    """

    run_id: str
    kind: EffectKind
    key: str
    name: str = ""
    due: int | None = None
    delivery: int = 0
    payload: str = "{}"


@dataclass(slots=True)
class Transition:
    """One decided event: everything that it changed, committed together or not at all.

    `version` is the run's version afterwards. `begins` is the run's row, given with its
    first transition: version 1, or 0 for a run that is accepted and has not started; `status` and `ended_at` are the run's afterwards.
    """

    run_id: str
    version: int
    at: int
    status: str
    event: str
    changes: str
    history: str = "[]"
    history_end: int = 0
    ended_at: int | None = None
    begins: RunRow | None = None
    opened: list[Effect] = field(default_factory=list)
    closed: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(slots=True)
class OutboxChange:
    """A change of the outbox that belongs to no transition: a lease, a claim, something
    that was delivered. `changed` gives rows another `delivery` and `payload`; a row that
    is gone stays gone."""

    changed: list[Effect] = field(default_factory=list)
    closed: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(slots=True)
class PlanRow:
    hash: str
    workflow: str
    version: str
    plan: str
    created_at: int


@dataclass(slots=True)
class Setting:
    """A small named value of the server; None removes it."""

    name: str
    value: str | None


@dataclass(slots=True)
class Erasure:
    """Removes everything that the store has of a run."""

    run_id: str


Write = Transition | OutboxChange | PlanRow | Setting | Erasure


@dataclass(slots=True)
class LogRow:
    """One transition as it was committed."""

    version: int
    at: int
    event: str
    changes: str
    history: str
    history_end: int


@dataclass(slots=True, frozen=True)
class RunFilter:
    """Which runs to list; absent members do not restrict."""

    workflow: str | None = None
    status: frozenset[str] | None = None
    foreign_id: str | None = None
    parent: str | None = None
    created_from: int | None = None
    created_to: int | None = None
    open_only: bool = False
