"""A run as it goes on: a table on a terminal, a line for each event elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

Row = Mapping[str, Any]
"""One row of a run's history: `n`, `type`, `at`, often `path`, `attempt`, `error`."""

_MARKS = {
    "running": ("●", "cyan"),
    "waiting": ("◌", "cyan"),
    "retrying": ("↻", "yellow"),
    "completed": ("✓", "green"),
    "failed": ("✗", "red"),
    "timed_out": ("✗", "red"),
    "skipped": ("–", "dim"),
    "cancelled": ("■", "yellow"),
    "compensated": ("↩", "magenta"),
}
_STATES = {
    "step_scheduled": "running",
    "step_waiting": "waiting",
    "task_opened": "waiting",
    "retry_scheduled": "retrying",
    "compensation_completed": "compensated",
}


@dataclass(slots=True)
class StepLine:
    """What is shown of one step occurrence; times are milliseconds."""

    path: str
    state: str = "running"
    attempt: int = 1
    since: float = 0.0
    until: float | None = None
    note: str = ""


@dataclass(slots=True)
class Progress:
    """The steps of a run so far, in the order in which they were entered."""

    steps: dict[str, StepLine] = field(default_factory=dict)
    began: float | None = None
    now: float = 0.0

    def take(self, row: Row) -> None:
        """Follow one row of the history."""
        self.now = milliseconds(row["at"])
        if self.began is None:
            self.began = self.now
        path, type = row.get("path"), str(row["type"])
        if not isinstance(path, str) or not path:
            return
        line = self.steps.setdefault(path, StepLine(path, since=self.now))
        line.attempt = max(line.attempt, int(row.get("attempt") or 1))
        ended = type.removeprefix("step_") if type.startswith("step_") else ""
        state = _STATES.get(type) or (ended if ended in _MARKS else "")
        if state:
            line.state = state
            line.until = (
                None if state in ("running", "waiting", "retrying") else self.now
            )
        error = row.get("error")
        if isinstance(error, Mapping):
            line.note = f"{error.get('code')}: {error.get('message')}"
        elif type in ("handler_started", "fallback_started"):
            line.note = type.replace("_", " ")


def milliseconds(at: Any) -> float:
    """A history row's time: milliseconds, or RFC 3339 from the API."""
    if isinstance(at, str):
        return datetime.fromisoformat(at).timestamp() * 1000
    return float(at)


class RunDisplay:
    """Shows rows as they come. Use it as a context manager around the run."""

    def __init__(self, stream: TextIO, *, color: bool) -> None:
        self.progress = Progress()
        self._stream = stream
        self._color = color
        self._console: Console | None = None
        self._live: Any = None

    def __enter__(self) -> Self:
        if self._stream.isatty():
            from rich.console import Console
            from rich.live import Live

            self._console = Console(file=self._stream, no_color=not self._color)
            self._live = Live(
                console=self._console, refresh_per_second=12, transient=False
            )
            self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.__exit__(kind, error, trace)

    def take(self, row: Row) -> None:
        """Show one row of the history."""
        self.progress.take(row)
        if self._live is not None:
            self._live.update(step_table(self.progress))
        else:
            self._stream.write(event_line(self.progress, row) + "\n")
            self._stream.flush()


def event_line(progress: Progress, row: Row) -> str:
    """One row of the history as a line of text."""
    seconds = (progress.now - (progress.began or progress.now)) / 1000
    parts = [f"{seconds:8.3f} s", f"{row['type']!s:<20}", shown(row.get("path") or "")]
    attempt = int(row.get("attempt") or 1)
    if attempt > 1:
        parts.append(f"attempt {attempt}")
    error = row.get("error")
    if isinstance(error, Mapping):
        parts.append(shown(f"{error.get('code')}: {error.get('message')}"))
    return "  ".join(part for part in parts if part).rstrip()


def step_table(progress: Progress) -> Table:
    """The steps so far as a table for a terminal."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, expand=False)
    for line in progress.steps.values():
        mark, style = _MARKS[line.state]
        seconds = ((line.until or progress.now) - line.since) / 1000
        table.add_row(
            Text(mark, style=style),
            Text(shown(line.path)),
            Text(line.state.replace("_", " "), style=style),
            Text(f"{seconds:.2f} s", style="dim"),
            Text(f"attempt {line.attempt}" if line.attempt > 1 else "", style="dim"),
            Text(shown(line.note), style="dim"),
        )
    return table


def shown(text: object) -> str:
    """A text that somebody else wrote, on one line and without control characters."""
    return "".join(
        char if char.isprintable() else "\ufffd" for char in " ".join(str(text).split())
    )[:200]
