"""Queues in the state's cells: first in, first out, with removal from the middle.

A queue is a cell `{head, tail}` and one cell per item, so that its cost is that of the
items touched, however long it is. An empty queue has no cells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from magicflow.core.transition import Transition


def append(tx: Transition, name: str, item: str) -> int:
    """Add an item; returns its number, for `discard`."""
    ends = tx.cell(name) or {"head": 0, "tail": 0}
    number: int = ends["tail"]
    tx.cells[f"{name}#{number}"] = item
    tx.cells[name] = {"head": ends["head"], "tail": number + 1}
    return number


def first(
    tx: Transition, name: str, accepts: Callable[[str], bool]
) -> tuple[int, str] | None:
    """The first item that is accepted, with its number; it stays in the queue."""
    ends = tx.cell(name)
    if ends is None:
        return None
    for number in range(ends["head"], ends["tail"]):
        item: Any = tx.cell(f"{name}#{number}")
        if item is not None and accepts(item):
            return number, item
    return None


def discard(tx: Transition, name: str, number: int) -> None:
    """Remove an item; what is removed already is passed over."""
    ends = tx.cell(name)
    if ends is None or not ends["head"] <= number < ends["tail"]:
        return
    tx.cells[f"{name}#{number}"] = None
    head = ends["head"]
    while head < ends["tail"] and tx.cell(f"{name}#{head}") is None:
        head += 1
    if head == ends["tail"]:
        tx.cells[name] = None
    elif head != ends["head"]:
        tx.cells[name] = {"head": head, "tail": ends["tail"]}
