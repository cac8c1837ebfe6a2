"""What callers ask of the engine, and how it says no."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

OWN_KEYS = "magicflow:"


class Refused(Exception):
    """The request cannot be done; nothing changed. `code` is one of the core's refusals
    (`VALIDATION`, `RUN_ENDED`, …) or `CONFLICT`."""

    def __init__(self, code: str, message: str, details: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details


class Overloaded(Exception):
    """Too much is under way; try again after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(Exception):
    """The store does not answer; whether the request took hold is unknown. Repeating it
    with the same idempotency key is safe."""


@dataclass(slots=True)
class StartRequest:
    """A run to start. Times are milliseconds. Idempotency keys of the engine's own begin
    with `magicflow:`."""

    workflow: str
    input: Any = None
    metadata: dict[str, Any] = field(default_factory=dict)
    version: str = "*"
    timeout: int | None = None
    deadline: int | None = None
    idempotency_key: str | None = None
    foreign_id: str | None = None
    priority: int = 0
    traceparent: str | None = None
    source: str | None = None
    webhook: str | None = None
    parent: str | None = None
    retry_of: str | None = None
    resume: Any = None
    plan_hash: str | None = None
    delay: int | None = None
    """Milliseconds between the acknowledgement and the start."""


@dataclass(slots=True)
class EngineSettings:
    """Limits of the engine; the defaults are right for one server.

    max_live_runs: runs kept in memory; the others are read back when something happens.
    max_waiting_writes: decided but not durable; beyond it starts get 429.
    max_open_runs: beyond it starts get 429.
    """

    max_live_runs: int = 20_000
    max_waiting_writes: int = 10_000
    max_open_runs: int = 2_000_000
    lease: int = 30_000
    max_deliveries: int = 5
    recovery_delay: float = 0.2
    event_ttl: int = 24 * 3_600_000
    sweep: int = 60_000
