"""Frames and step rows: ending a row, taking a subtree down, timers, inherited values."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from magicflow.core.backoff import MAX_MILLIS
from magicflow.core.errors import CANCELLED, Error, make_error
from magicflow.core.kinds import KINDS
from magicflow.core.state import Row
from magicflow.core.transition import Transition
from magicflow.plan.nodes import Node

ROOT = "/"
RUN_TIMEOUT = "@run#timeout"
RUN_GRACE = "@run#grace"

_EVENTS = {
    "completed": "step_completed",
    "failed": "step_failed",
    "timed_out": "step_timed_out",
    "cancelled": "step_cancelled",
    "skipped": "step_skipped",
}


def node_of(tx: Transition, frame: Row) -> Node:
    return tx.plan.nodes[frame["node"]]


def start_timer(tx: Transition, path: str, purpose: str, due: int) -> None:
    """A timer of a frame; it goes with the frame."""
    frame = tx.edit_frame(path)
    frame["timers"] = [*frame.get("timers", ()), purpose]
    tx.send("start_timer", timer_id=f"{path}#{purpose}", due=min(due, MAX_MILLIS))


def stop_timers(tx: Transition, frame: Row) -> None:
    """Take back the timers of a frame that stays or goes."""
    for purpose in frame.get("timers", ()):
        tx.send("cancel_timer", timer_id=f"{frame['path']}#{purpose}")


def forget_timer(tx: Transition, path: str, purpose: str) -> Row:
    """A timer has fired. Returns the frame."""
    frame = tx.edit_frame(path)
    left = [name for name in frame["timers"] if name != purpose]
    if left:
        frame["timers"] = left
    else:
        del frame["timers"]
    return frame


def wait_for(tx: Transition, frame: Row, **members: Any) -> None:
    """The step waits: for a time, an event, a person or a child run."""
    path = owner_path(frame)
    if tx.step(path) is not None:
        tx.edit_step(path)["status"] = "waiting"
    tx.record("step_waiting", path=path, **members)


def end_step(
    tx: Transition, path: str, status: str, error: Error | None = None, **extra: Any
) -> None:
    """Write the final state of a step's occurrence and its history row."""
    row = tx.edit_step(path)
    row["status"] = status
    row["ended_at"] = tx.now
    row.update(extra)
    if error is not None:
        row["error"] = error
        tx.record(_EVENTS[status], path=path, step=row["step"], error=error)
    else:
        tx.record(_EVENTS[status], path=path, step=row["step"])


def remove(tx: Transition, frame: Row, node: Node) -> None:
    """The frame goes, with its timers, its cells and what it still has in flight."""
    path = frame["path"]
    frame = tx.open_frame(path)  # the kind may have changed it meanwhile
    if "timers" in frame:
        stop_timers(tx, frame)
    KINDS[node.kind].release(tx, frame, node)
    tx.frames[path] = None


def drop(tx: Transition, path: str) -> None:
    """Take a frame and everything under it down: their steps are `cancelled`."""
    frame = tx.frame(path)
    if frame is None:
        return
    drop_children(tx, frame)
    node = node_of(tx, frame)
    remove(tx, frame, node)
    if node.step is not None:
        end_step(tx, path, "cancelled", make_error(CANCELLED, "the step was cancelled"))


def drop_children(tx: Transition, frame: Row) -> None:
    node = node_of(tx, frame)
    for child in KINDS[node.kind].children(tx, frame, node):
        drop(tx, child)


def root_node(tx: Transition, frame: Row) -> str | None:
    """The id of the root block's node that a frame stands in."""
    while frame["parent"] != ROOT:
        above = tx.frame(frame["parent"])
        if above is None:
            return None
        frame = above
    node_id: str = frame["node"]
    return node_id


def owner_path(frame: Row) -> str:
    """The path of the occurrence that a call works for: of the try around it."""
    path: str = frame.get("owner") or frame["path"]
    return path


def input_of(tx: Transition, frame: Row) -> Any:
    """What a node receives: its own mapped input, else the nearest above, else the
    run's."""
    holder, _ = _input_holder(tx, frame)
    return holder["input"]


def mapped_input(tx: Transition, frame: Row) -> tuple[Any, bool]:
    """What a node receives, and whether a mapping made it: else it is the run's own."""
    holder, node_id = _input_holder(tx, frame)
    return holder["input"], node_id is not None


def sent_input(tx: Transition, frame: Row) -> tuple[Any, tuple[str, ...]]:
    """What a node receives, and where the mapping that made it put secrets: JSON
    pointers. A placeholder anywhere else is somebody's data, never to be resolved."""
    holder, node_id = _input_holder(tx, frame)
    secrets = () if node_id is None else tx.plan.nodes[node_id].secrets
    return holder["input"], secrets


def _input_holder(tx: Transition, frame: Row) -> tuple[Row, str | None]:
    """The row that holds a node's input, and the node whose mapping made it (None for
    the run's own input)."""
    current: Row | None = frame
    while current is not None:
        if "input" in current:
            return current, current["node"]
        row = tx.steps.get(current["path"]) or tx.state["steps"].get(current["path"])
        if row is not None and "input" in row:
            return row, current["node"]
        current = tx.frame(current["parent"])
    return tx.start, None


def open_child(tx: Transition, frame: Row, node: Node) -> str | None:
    """The open frame of a node directly under a block's frame, if there is one."""
    if node.step is None:
        path = part_path(frame["path"], part_of(node.id, frame["node"]))
        return path if tx.frame(path) is not None else None
    key = frame.get("scope", "") + node.step
    for visit in range(tx.visit_of(key), 0, -1):
        # nearly always the latest; a fallback with blocks that two steps share can be
        # open twice
        path = occurrence_path(key, visit)
        child = tx.frame(path)
        if child is not None and child["parent"] == frame["path"]:
            return path
    return None


def occurrence_path(key: str, visit: int) -> str:
    return key if visit == 1 else f"{key}~{visit}"


@lru_cache(maxsize=65_536)
def part_of(node_id: str, parent_id: str) -> str:
    """The last part of a node's path: its id without the parent's, or without that of
    the step that both are parts of."""
    for prefix in (f"{parent_id}/", f"{parent_id.rpartition('/')[0]}/"):
        if node_id.startswith(prefix):
            return node_id[len(prefix) :]
    return node_id


def part_path(parent: str, part: str) -> str:
    return part if parent == ROOT else f"{parent}/{part}"
