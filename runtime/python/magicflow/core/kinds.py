"""What a node kind does, as a record of functions, and the table of all kinds.

`magicflow.core.nodes` fills the table. Dispatch through it is what lets a kind call
the flow and the flow call the kinds without importing each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from magicflow.core.errors import Error
from magicflow.core.state import Row
from magicflow.core.transition import Transition
from magicflow.plan.nodes import Node

Enter = Callable[[Transition, Row, Any], None]
Completed = Callable[[Transition, Row, Any, Row, Node, Any, "str | None"], None]
Failed = Callable[[Transition, Row, Any, Row, Node, Error, bool, bool], None]
Children = Callable[[Transition, Row, Any], list[str]]
Stop = Callable[[Transition, Row, Any, bool, bool], bool]
Timer = Callable[[Transition, Row, Any, str], None]


def _childless(tx: Transition, frame: Row, node: Any) -> list[str]:
    return []


def _nothing(tx: Transition, frame: Row, node: Any) -> None:
    return None


def never(*_: Any) -> Any:
    """For what nodes of a kind cannot come to."""
    raise AssertionError("a node of this kind never does this")


@dataclass(slots=True, frozen=True)
class Kind:
    """enter(tx, frame, node): the envelope is done; complete, fail, or stay.

    child_completed(tx, frame, node, child, child_node, value, goto): the child's frame
    is gone; `value` may be ABSENT, `goto` is a switch's jump.
    child_failed(tx, frame, node, child, child_node, error, own, early): `own` when the
    child ended by its own timeout, `early` when it failed before any attempt.
    release(tx, frame, node): the frame goes: take back what it started, remove its cells.
    children(tx, frame, node): paths of the open children, in a fixed order.
    activate(tx, frame, node): do what a pause held back.
    timer(tx, frame, node, purpose): a timer other than the envelope's timeout fired.
    timed_out(tx, frame, node, purpose): that one fired; None: the node fails.
    stop(tx, frame, node, patient, undo): the run ends; ask the leaf to stop and say
    whether to wait for it. None: nothing to wait for.
    """

    enter: Enter
    child_completed: Completed = never
    child_failed: Failed = never
    release: Enter = _nothing
    children: Children = _childless
    activate: Enter = _nothing
    timer: Timer = never
    timed_out: Timer | None = None
    stop: Stop | None = None


KINDS: dict[str, Kind] = {}

COMPOSITES = frozenset({"seq", "switch", "fork", "for"})
"""Kinds whose start is worth a row of history: what they start comes after it."""
