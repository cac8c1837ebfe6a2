"""`switch`: the first case that holds, a block or a jump."""

from __future__ import annotations

from typing import Any

from magicflow.core import flow, values
from magicflow.core.errors import Error
from magicflow.core.frames import part_of, part_path
from magicflow.core.kinds import Kind
from magicflow.core.scope import Scope
from magicflow.core.state import Row
from magicflow.core.transition import Transition
from magicflow.plan.nodes import Branching, Node, Switch


def _enter(tx: Transition, frame: Row, node: Switch) -> None:
    try:
        way = _choose(Scope(tx, frame), node)
    except values.Refused as refused:
        flow.fail(tx, frame, node, refused.error, early=True)
        return
    if way is None:
        flow.complete_mapped(tx, frame, node, None)
    elif way.body is None:
        flow.complete_mapped(tx, frame, node, None, way.goto)
    else:
        path = _body_path(frame, way.body)
        frame = tx.edit_frame(frame["path"])
        frame["body"] = path
        body = tx.plan.nodes[way.body]
        tx.push(flow.enter, body, frame["path"], frame.get("scope", ""), path)


def _choose(scope: Scope, node: Switch) -> Branching | None:
    for when, way in node.cases:
        if values.holds(scope, when, "the condition of a case"):
            return way
    return node.default


def _body_path(frame: Row, body: str) -> str:
    return part_path(frame["path"], part_of(body, frame["node"]))


def _child_completed(
    tx: Transition, frame: Row, node: Switch, child: Row, _: Node, value: Any, goto: Any
) -> None:
    flow.complete_mapped(tx, frame, node, value)


def _child_failed(
    tx: Transition,
    frame: Row,
    node: Switch,
    child: Row,
    _: Node,
    error: Error,
    own: bool,
    early: bool,
) -> None:
    flow.fail(tx, frame, node, error)


def _children(tx: Transition, frame: Row, node: Switch) -> list[str]:
    path = frame.get("body")
    return [path] if path is not None and tx.frame(path) is not None else []


KIND = Kind(
    enter=_enter,
    child_completed=_child_completed,
    child_failed=_child_failed,
    children=_children,
)
