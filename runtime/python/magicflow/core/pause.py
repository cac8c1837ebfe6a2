"""Pause: what would reach the world is held, everything else goes on."""

from __future__ import annotations

from magicflow.core.frames import node_of
from magicflow.core.kinds import KINDS
from magicflow.core.state import Row
from magicflow.core.transition import Transition


def hold(tx: Transition, frame: Row) -> bool:
    """Whether the run is paused; then the frame waits for `resume`, in this order."""
    run = tx.run
    if not run.get("paused"):
        return False
    number = run.get("held", 0) + 1
    run["held"] = number
    tx.edit_frame(frame["path"])["held"] = number
    return True


def release_held(tx: Transition) -> None:
    """Do what was held back, in the order in which it was."""
    rows = {**tx.state["frames"], **tx.frames}
    held = [row for row in rows.values() if row is not None and "held" in row]
    held.sort(key=lambda row: int(row["held"]))
    tx.run.pop("held", None)
    for row in reversed(held):
        tx.push(_activate, row["path"])


def _activate(tx: Transition, path: str) -> None:
    if tx.frame(path) is None:
        return  # what was released before took it down
    frame = tx.edit_frame(path)
    del frame["held"]
    node = node_of(tx, frame)
    KINDS[node.kind].activate(tx, frame, node)
