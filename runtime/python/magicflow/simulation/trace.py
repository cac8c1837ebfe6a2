"""What came of a simulated run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
NOT_RUN = frozenset({"skipped", "pending"})
"""Statuses of occurrences that were entered and did nothing."""


@dataclass(frozen=True, slots=True)
class Trace:
    """`steps` are the rows of the occurrences by path, `history` what a person reads.
    Times are milliseconds since 1970. `is_over` is false for a run that waits for what
    never comes: `waits` are then the commands that nothing came of, and `ended` is when
    the last thing happened."""

    status: str
    output: Any
    error: Json | None
    steps: Mapping[str, Json] = field(repr=False)
    history: Sequence[Json] = field(repr=False)
    started: int
    ended: int
    is_over: bool
    compensation: str | None
    waits: tuple[Json, ...]
    emitted: Sequence[Json]
    refused: Sequence[tuple[Json, Json]]

    @property
    def duration(self) -> int:
        """Milliseconds of virtual time."""
        return self.ended - self.started

    def occurrences(self) -> list[Json]:
        """The rows of `steps` in the order in which they were entered."""
        return sorted(self.steps.values(), key=lambda row: int(row["n"]))

    def path(self) -> list[str]:
        """The occurrences that ran, in order: `charge`, `each[0]/pack`, `charge~2`."""
        return [
            row["path"] for row in self.occurrences() if row["status"] not in NOT_RUN
        ]

    def failures(self) -> Iterator[tuple[str, str]]:
        """Step and code of every attempt that failed, and of every step that failed
        without an attempt, in order."""
        reported: set[str] = set()
        for row in self.history:
            type = row["type"]
            if type == "attempt_failed":
                reported.add(row["path"])
            elif type not in ("step_failed", "step_timed_out"):
                continue
            elif row["path"] in reported:
                continue  # told by its attempts
            occurrence = self.steps.get(row["path"])
            step = occurrence["step"] if occurrence else row["path"]
            yield step, row["error"]["code"]
