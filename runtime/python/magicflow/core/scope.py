"""What an expression sees: the run's values from where a frame stands.

This is `magicflow.expr.Scope` over a transition: the same names, looked up when they
are read. A step's name is looked up in the frame's own loop iteration, then in the
iterations around it, then outside all loops.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from magicflow.core.state import Row
from magicflow.core.transition import Transition
from magicflow.expr import MISSING
from magicflow.expr.scope import WORK, format_time
from magicflow.plan.nodes import For

ABSENT = MISSING
"""No value at all, as opposed to null."""

_UUID = re.compile(
    "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII
)
_NONE: Mapping[str, Any] = {}
_LAST_MILLI = 253_402_300_799_999  # of the year 9999, the last that a date-time can say


class Scope:
    """`frame` is None for what the run itself evaluates. The keywords are the roots
    that only some expressions have; `prefix` the loop iterations to look from."""

    __slots__ = (
        "_error",
        "_frame",
        "_locals",
        "_prefix",
        "_tx",
        "branches",
        "iterations",
        "response",
        "work",
    )

    event = ABSENT

    def __init__(
        self,
        tx: Transition,
        frame: Row | None,
        *,
        response: Any = ABSENT,
        branches: Any = ABSENT,
        iterations: Any = ABSENT,
        error: Any = ABSENT,
        prefix: str | None = None,
    ) -> None:
        self._tx = tx
        self._frame = frame
        self._error = error
        self._locals: Mapping[str, Any] | None = None
        self.response = response
        self.branches = branches
        self.iterations = iterations
        self.work = WORK
        if prefix is None:
            prefix = frame.get("scope", "") if frame is not None else ""
        self._prefix: str = prefix

    @property
    def input(self) -> Any:
        return self._tx.start["input"]

    @property
    def metadata(self) -> Any:
        return self._tx.start.get("metadata", {})

    @property
    def execution(self) -> Any:
        run = self._tx.run
        return {
            "id": run["id"],
            "workflow": self._tx.plan.name,
            "version": self._tx.plan.version,
            "started_at": date_time(run["started_at"]),
            "duration": max(self._tx.now - run["started_at"], 0),
        }

    @property
    def error(self) -> Any:
        """The error that a handler or a rule answers."""
        if self._error is not ABSENT:
            return self._error
        for frame in self._frames():
            if "errors" in frame:
                return frame["errors"][-1]
        return ABSENT

    def step(self, name: str) -> Mapping[str, Any] | None:
        """The latest occurrence of a step that is seen from here."""
        return find_step(self._tx, self._prefix, name)

    @property
    def locals(self) -> Mapping[str, Any]:
        """The items of the loops around the frame, by variable."""
        if self._locals is None:
            self._locals = (
                self._items() if self._prefix else self._undo().get("locals", _NONE)
            )
        return self._locals

    @locals.setter
    def locals(self, names: Mapping[str, Any]) -> None:
        self._locals = names  # lambdas bind their parameter over ours

    @property
    def indexes(self) -> Mapping[str, int]:
        """The indexes of the loops around the frame, by variable."""
        found: dict[str, int] = {}
        for _, loop, index in self._loops():
            found.setdefault(loop.variable, index)
        return found or self._undo().get("indexes", _NONE)

    @property
    def index(self) -> Any:
        """The index of the innermost loop."""
        for _, _, index in self._loops():
            return index
        return self._undo().get("index", ABSENT)

    @property
    def undo(self) -> Any:
        """`{input, output}` of the step that is being undone."""
        row = self._undo()
        if not row:
            return ABSENT
        done = self._tx.step(row["path"]) or {}
        given = row if "input" in row else done if "input" in done else self._tx.start
        seen = {"input": given["input"]}
        if "output" in done and row["outcome"] == "completed":
            # of an unknown outcome the step may have a fallback's output
            seen["output"] = done["output"]
        return seen

    def now(self) -> str:
        """The time of the event being decided, as a date-time with milliseconds."""
        return date_time(self._tx.now)

    def uuid(self) -> str:
        """The next UUID of the event being decided: UUIDv5(event id, k), k from 1."""
        self._tx.uuids += 1
        return str(uuid5(_namespace(self._tx.event_id), str(self._tx.uuids)))

    def step_name(self) -> str | None:
        """The step that the expression belongs to, for errors."""
        for frame in self._frames():
            step = self._tx.plan.nodes[frame["node"]].step
            if step is not None:
                return step
        return None

    def _frames(self) -> Iterator[Row]:
        """The frame and those above it."""
        frame = self._frame
        while frame is not None:
            yield frame
            frame = self._tx.frame(frame["parent"])

    def _loops(self) -> Iterator[tuple[Row, For, int]]:
        """The loops around the frame with the current index, innermost first."""
        for frame in self._frames():
            if "index" in frame:
                above = self._tx.frame(frame["parent"])
                loop = above and self._tx.plan.nodes[above["node"]]
                if above is not None and isinstance(loop, For):
                    yield above, loop, frame["index"]

    def _items(self) -> Mapping[str, Any]:
        found: dict[str, Any] = {}
        for frame, loop, index in self._loops():
            items = self._tx.cell(f"{frame['path']}#items")
            if items is not None:
                found.setdefault(loop.variable, items[0][index])
        return found or self._undo().get("locals", _NONE)

    def loop_values(self) -> Row:
        """What compensation needs of the loops around a call when they are gone."""
        return {
            "locals": dict(self.locals),
            "indexes": dict(self.indexes),
            "index": self.index,
        }

    def _undo(self) -> Mapping[str, Any]:
        """The row of the compensation that the frame belongs to, empty when none."""
        for frame in self._frames():
            if "undo" in frame:
                key = frame["undo"]
                row = self._tx.undo.get(key)
                return self._tx.state["undo"][key] if row is None else row
        return _NONE


def find_step(tx: Transition, prefix: str, name: str) -> Row | None:
    """The latest occurrence of a step, seen from inside the iterations of `prefix`."""
    row = tx.latest(prefix + name)
    while row is None and prefix:
        prefix = prefix[: prefix.rfind("]/", 0, -2) + 2] if "]/" in prefix[:-2] else ""
        row = tx.latest(prefix + name)
    return row


def date_time(millis: int) -> str:
    """RFC 3339 in UTC with milliseconds. Times beyond the year 9999 stay at its end."""
    return format_time(min(millis, _LAST_MILLI))


def _namespace(event_id: str) -> UUID:
    """The event's id as a namespace; an id that is no UUID is hashed into one."""
    if _UUID.fullmatch(event_id):
        return UUID(event_id)
    return uuid5(NAMESPACE_OID, event_id)
