"""What an expression can see."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID, uuid5

from magicflow.expr.values import MISSING, Value

WORK = 250_000
"""How many elements one evaluation may visit: calls of lambdas, tests of filters,
values that a segment of a path of many gives, and what the lambdas of `map` make: every
item and member in it, and every 64 code points of a text."""


class Scope:
    """The roots of the plan's paths. A root that is not there is MISSING.

    The core makes one per decision and sets what the expression's place can see.
    `step` may be overridden; `now` and `uuid` sample and remember what they gave.
    """

    __slots__ = (
        "branches",
        "error",
        "event",
        "event_id",
        "execution",
        "index",
        "indexes",
        "input",
        "iterations",
        "locals",
        "metadata",
        "response",
        "samples",
        "steps",
        "time",
        "undo",
        "uuids",
        "work",
    )

    def __init__(
        self,
        *,
        input: Value = MISSING,
        steps: Mapping[str, Mapping[str, Value]] | None = None,
        locals: Mapping[str, Value] | None = None,
        index: Value = MISSING,
        indexes: Mapping[str, int] | None = None,
        branches: Value = MISSING,
        iterations: Value = MISSING,
        response: Value = MISSING,
        error: Value = MISSING,
        execution: Value = MISSING,
        metadata: Value = MISSING,
        event: Value = MISSING,
        undo: Value = MISSING,
        time: int | str = 0,
        event_id: str = "",
    ) -> None:
        """`steps`: by name, what of output, status, error, attempts there is. `locals`:
        items by loop variable. `index` of the innermost loop, `indexes` by variable.
        `undo`: `{input, output}`. `time`: of the event, in ms since 1970 or RFC 3339.
        `event_id`: of the event, a UUID, for `uuid()`."""
        self.input = input
        self.steps: Mapping[str, Mapping[str, Value]] = steps or {}
        self.locals: Mapping[str, Value] = locals or {}
        self.index = index
        self.indexes: Mapping[str, int] = indexes or {}
        self.branches = branches
        self.iterations = iterations
        self.response = response
        self.error = error
        self.execution = execution
        self.metadata = metadata
        self.event = event
        self.undo = undo
        self.time = time
        self.event_id = event_id
        self.uuids = 0
        self.samples: list[tuple[str, str]] = []
        self.work = WORK

    def step(self, name: str) -> Mapping[str, Value] | None:
        """The latest occurrence of the step that this place sees, or None."""
        return self.steps.get(name)

    def now(self) -> str:
        """The event's time as RFC 3339 in UTC with milliseconds."""
        text = self.time if isinstance(self.time, str) else format_time(self.time)
        self.samples.append(("now", text))
        return text

    def uuid(self) -> str:
        """The k-th UUID of the event: UUIDv5 of the event's id and k, from 1."""
        self.uuids += 1
        text = str(uuid5(UUID(self.event_id), str(self.uuids)))
        self.samples.append(("uuid", text))
        return text


def format_time(milliseconds: int) -> str:
    """RFC 3339 in UTC with milliseconds, as `2026-01-31T12:00:00.000Z`."""
    seconds, rest = divmod(milliseconds, 1000)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"
