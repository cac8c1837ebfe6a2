"""Compensation: what calls registered at their first dispatch, newest first, one at a
time, each once."""

from __future__ import annotations

from typing import Any

from magicflow.core import ending, flow
from magicflow.core.errors import Error
from magicflow.core.frames import mapped_input, owner_path, part_of
from magicflow.core.kinds import Kind, never
from magicflow.core.scope import Scope
from magicflow.core.state import Row
from magicflow.core.transition import Transition
from magicflow.plan.nodes import Call, Node

COMPLETED = "completed"
UNKNOWN = "unknown"
OPEN = "open"
FAILED = "failed"


def register(tx: Transition, frame: Row, node: Call) -> None:
    """At a call's first dispatch: remember what undoes it, and what that will read when
    the frames are gone."""
    assert node.compensation is not None
    path = owner_path(frame)
    number = tx.run.get("undo", 0) + 1
    tx.run["undo"] = number
    row: Row = {
        "n": number,
        "path": path,
        "node": node.compensation.node,
        "on": node.compensation.on,
        "outcome": OPEN,
    }
    if frame.get("scope"):
        row["scope"] = frame["scope"]
        row.update(Scope(tx, frame).loop_values())
    step = tx.step(path)
    given, is_mapped = mapped_input(tx, frame)
    if is_mapped and not (step is not None and "input" in step):
        row["input"] = given
    tx.undo[str(number)] = row
    tx.edit_step(path)["undo"] = number


def note(tx: Transition, path: str, outcome: str) -> None:
    """How an attempt of the call went. An attempt of unknown outcome stays unknown when
    later attempts fail, and so does one that was done although its result is refused.
    """
    step = tx.step(path)
    if step is None or "undo" not in step:
        return
    row = tx.edit_undo(str(step["undo"]))
    if outcome != FAILED or row["outcome"] != UNKNOWN:
        row["outcome"] = outcome


def is_registered(tx: Transition, path: str) -> bool:
    step = tx.step(path)
    return step is not None and "undo" in step


def _is_due(row: Row) -> bool:
    if row["outcome"] == COMPLETED:
        return True
    return row["outcome"] in (UNKNOWN, OPEN) and row["on"] == UNKNOWN


def _enter(tx: Transition, frame: Row, node: Node) -> None:
    """Begin the next compensation that is due, or end the run."""
    number = frame["at"] - 1
    while number > 0:
        key = str(number)
        row = tx.undo.get(key) or tx.state["undo"][key]
        if _is_due(row):
            tx.edit_frame(frame["path"])["at"] = number
            _begin(tx, frame["path"], key, row)
            return
        number -= 1
    tx.frames[frame["path"]] = None
    ending.finish(tx)


def _begin(tx: Transition, parent: str, key: str, row: Row) -> None:
    node = tx.plan.nodes[row["node"]]
    step = tx.step(row["path"]) or {}
    path = f"{row['path']}/{part_of(node.id, step.get('step', ''))}"
    tx.run.setdefault("compensation", "complete")
    tx.record("compensation_started", path=row["path"], step=step.get("step"))
    tx.push(flow.enter, node, parent, row.get("scope", ""), path, {"undo": key})


def _child_completed(
    tx: Transition, frame: Row, node: Node, child: Row, _: Node, value: Any, goto: Any
) -> None:
    row = tx.edit_undo(child["undo"])
    row["state"] = "done"
    step = tx.edit_step(row["path"])
    step["status"] = "compensated"
    tx.record("compensation_completed", path=row["path"], step=step["step"])
    _enter(tx, tx.open_frame(frame["path"]), node)


def _child_failed(
    tx: Transition,
    frame: Row,
    node: Node,
    child: Row,
    _: Node,
    error: Error,
    own: bool,
    early: bool,
) -> None:
    row = tx.edit_undo(child["undo"])
    row["state"] = "failed"
    row["error"] = error
    tx.run["compensation"] = "incomplete"
    step = tx.step(row["path"]) or {}
    tx.record(
        "compensation_failed", path=row["path"], step=step.get("step"), error=error
    )
    _enter(tx, tx.open_frame(frame["path"]), node)


KIND = Kind(
    enter=_enter,
    child_completed=_child_completed,
    child_failed=_child_failed,
    children=never,
)
