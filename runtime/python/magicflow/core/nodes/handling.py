"""What runs instead of the root block: a failure rule's steps, or the fallback of the
workflow's timeout."""

from __future__ import annotations

from typing import Any

from magicflow.core import ending, flow, outcome
from magicflow.core.errors import Error, with_cause
from magicflow.core.frames import open_child
from magicflow.core.kinds import Kind
from magicflow.core.state import Row
from magicflow.core.transition import Transition
from magicflow.plan.nodes import Node


def _enter(tx: Transition, frame: Row, node: Node) -> None:
    target = frame["run"]
    tx.push(flow.enter, tx.plan.nodes[target], frame["path"], "", target)


def _child_completed(
    tx: Transition, frame: Row, node: Node, child: Row, _: Node, value: Any, goto: Any
) -> None:
    then = frame.get("then")
    if then is None:
        outcome.complete_run(tx)
    else:
        ending.begin(tx, then["status"], then["error"], undo=False)


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
    then = frame.get("then")
    if then is None:
        ending.begin(tx, "failed", with_cause(error, frame["errors"][0]))
    else:
        told = {**then["error"], "suppressed": [error]}
        ending.begin(tx, then["status"], told, undo=False)


def _children(tx: Transition, frame: Row, node: Node) -> list[str]:
    target = tx.plan.nodes[frame["run"]]
    # a rule's steps are no step of their own: they stand where `_enter` put them
    path = target.id if target.step is None else open_child(tx, frame, target)
    return [] if path is None or tx.frame(path) is None else [path]


KIND = Kind(
    enter=_enter,
    child_completed=_child_completed,
    child_failed=_child_failed,
    children=_children,
)
