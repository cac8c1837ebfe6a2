"""One event's work: a layer over the state that collects what changes.

Rows of the state are never changed. `edit_…` copies a row on its first write; the
copies, the new rows and the removed ones (None) are the delta.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from magicflow.core.state import Delta, Row, State
from magicflow.plan.nodes import Plan

Command = dict[str, Any]

_UNSET: Any = object()


class Transition:
    """`ops` is a stack of (function, arguments) still to be worked off; what ends the
    run or leaves the root block clears it."""

    __slots__ = (
        "_frames",
        "_steps",
        "cells",
        "commands",
        "event_id",
        "frames",
        "history",
        "inbox",
        "nameless",
        "now",
        "ops",
        "plan",
        "run",
        "start",
        "state",
        "steps",
        "undo",
        "uuids",
        "visits",
    )

    def __init__(self, plan: Plan, state: State, event: Mapping[str, Any]) -> None:
        self.plan = plan
        self.state = state
        self._frames: dict[str | None, Row] = state["frames"]
        self._steps: dict[str, Row] = state["steps"]
        self.now: int = event["at"]
        self.event_id: str = event["id"]
        self.uuids = 0
        self.nameless = 0  # nodes entered in this event that are no steps
        self.run: Row = dict(state["run"])
        self.start: Row = state["start"]
        self.frames: dict[str, Row | None] = {}
        self.steps: dict[str, Row] = {}
        self.visits: dict[str, Row] = {}
        self.cells: dict[str, Any] = {}
        self.undo: dict[str, Row | None] = {}
        self.inbox: dict[str, Row | None] = {}
        self.commands: list[Command] = []
        self.history: list[Row] = []
        self.ops: list[tuple[Callable[..., None], tuple[Any, ...]]] = []

    # reading

    def frame(self, path: str | None) -> Row | None:
        row: Row | None = self.frames.get(path, _UNSET)  # type: ignore[arg-type]
        return self._frames.get(path) if row is _UNSET else row

    def open_frame(self, path: str) -> Row:
        """A frame that is known to be there."""
        row: Row | None = self.frames.get(path, _UNSET)
        if row is _UNSET:
            row = self._frames.get(path)
        assert row is not None, f"frame {path!r} has ended"
        return row

    def step(self, path: str) -> Row | None:
        row = self.steps.get(path)
        return self._steps.get(path) if row is None else row

    def visit_of(self, key: str) -> int:
        """The number of a step's latest visit, 0 when it was not entered."""
        visit = self.visits.get(key) or self.state["visits"].get(key)
        if visit is not None:
            number: int = visit["visit"]
            return number
        return 0 if self.step(key) is None else 1

    def latest(self, key: str) -> Row | None:
        """The latest occurrence of a step."""
        visit = self.visits.get(key) or self.state["visits"].get(key)
        return self.step(key if visit is None else f"{key}~{visit['visit']}")

    def cell(self, key: str) -> Any:
        """A cell's value, wrapped so that null is a value: None when it is not there."""
        found = self.cells.get(key, _UNSET)
        return self.state["cells"].get(key) if found is _UNSET else found

    # writing

    def edit_frame(self, path: str) -> Row:
        row = self.frames.get(path)
        if row is None:
            row = self.frames[path] = dict(self.state["frames"][path])
        return row

    def edit_step(self, path: str) -> Row:
        row = self.steps.get(path)
        if row is None:
            row = self.steps[path] = dict(self.state["steps"][path])
        return row

    def edit_undo(self, key: str) -> Row:
        row = self.undo.get(key)
        if row is None:
            row = self.undo[key] = dict(self.state["undo"][key])
        return row

    def record(self, type: str, /, **members: Any) -> None:
        """Add a row to the history."""
        n = self.run["history"] + 1
        self.run["history"] = n
        self.history.append({"n": n, "at": self.now, "type": type, **members})

    def send(self, type: str, /, **members: Any) -> None:
        self.commands.append({"type": type, **members})

    def push(self, function: Callable[..., None], *arguments: Any) -> None:
        """Work to do next; the last pushed comes first."""
        self.ops.append((function, arguments))

    def work(self) -> None:
        ops = self.ops
        while ops:
            function, arguments = ops.pop()
            function(self, *arguments)

    # the result

    def delta(self) -> Delta:
        state = self.state
        before = state["run"]
        run = {k: v for k, v in self.run.items() if k not in before or before[k] != v}
        for name in before:
            if name not in self.run:
                run[name] = None
        delta: Delta = {"run": run}
        if self.start is not state["start"]:
            delta["start"] = self.start
        if self.frames:
            _add(delta, "frames", self.frames, state)
        if self.steps:
            delta["steps"] = self.steps
        if self.visits:
            delta["visits"] = self.visits
        if self.cells:
            _add(delta, "cells", self.cells, state)
        if self.undo:
            delta["undo"] = self.undo
        if self.inbox:
            _add(delta, "inbox", self.inbox, state)
        if self.history:
            delta["history"] = self.history
        return delta


def _add(delta: Delta, section: str, layer: dict[str, Any], state: State) -> None:
    """The section's changes, without the rows that came and went in between."""
    rows = state[section]
    changed = {k: row for k, row in layer.items() if row is not None or k in rows}
    if changed:
        delta[section] = changed
