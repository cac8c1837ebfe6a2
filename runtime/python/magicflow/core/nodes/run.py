"""What stands above the root block: its end is the run's."""

from __future__ import annotations

from typing import Any

from magicflow.core import ending, outcome
from magicflow.core.errors import Error
from magicflow.core.kinds import Kind, never
from magicflow.core.state import Row
from magicflow.core.transition import Transition
from magicflow.plan.nodes import Node


def _child_completed(
    tx: Transition, frame: Row, node: Node, child: Row, _: Node, value: Any, goto: Any
) -> None:
    outcome.complete_run(tx)


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
    ending.begin(tx, "failed", error)


KIND = Kind(enter=never, child_completed=_child_completed, child_failed=_child_failed)
