"""`fork`: branches side by side, until all, any or the first of them ended.

The frame counts (`next` branch to start, `open` and `ended` ones); what each branch came
to is a cell: `{value}` or `{error}`.
"""

from __future__ import annotations

from typing import Any

from magicflow.core import flow
from magicflow.core.errors import Error, with_suppressed
from magicflow.core.frames import drop_children, part_of, part_path
from magicflow.core.kinds import Kind
from magicflow.core.scope import ABSENT
from magicflow.core.state import Row
from magicflow.core.transition import Transition
from magicflow.plan.nodes import Fork, Node


def _enter(tx: Transition, frame: Row, node: Fork) -> None:
    frame = tx.edit_frame(frame["path"])
    frame.update(next=0, open=0, ended=0)
    if node.branches:
        _start(tx, frame, node)
    else:
        flow.complete_mapped(tx, frame, node, {}, branches={})


def _start(tx: Transition, frame: Row, node: Fork) -> None:
    """Start as many branches as may run at once."""
    limit = node.max_concurrency or len(node.branches)
    first = frame["next"]
    count = min(limit - frame["open"], len(node.branches) - first)
    if count <= 0:
        return
    frame = tx.edit_frame(frame["path"])
    frame["next"] = first + count
    frame["open"] += count
    for number in reversed(range(first, first + count)):
        body = tx.plan.nodes[node.branches[number][1]]
        path = part_path(frame["path"], part_of(body.id, frame["node"]))
        scope = frame.get("scope", "")
        tx.push(flow.enter, body, frame["path"], scope, path, {"branch": number})


def _note(tx: Transition, frame: Row, child: Row, cell: Row) -> Row:
    """Keep what a branch came to. Returns the frame."""
    tx.cells[_key(frame, child["branch"])] = cell
    frame = tx.edit_frame(frame["path"])
    frame["open"] -= 1
    frame["ended"] += 1
    return frame


def _key(frame: Row, number: int) -> str:
    return f"{frame['path']}#branch/{number}"


def _child_completed(
    tx: Transition, frame: Row, node: Fork, child: Row, _: Node, value: Any, goto: Any
) -> None:
    value = None if value is ABSENT else value
    if node.mode != "all":
        drop_children(tx, frame)
        name = node.branches[child["branch"]][0]
        _finish(tx, frame, node, {name: value})
        return
    frame = _note(tx, frame, child, {"value": value})
    _go_on(tx, frame, node)


def _child_failed(
    tx: Transition,
    frame: Row,
    node: Fork,
    child: Row,
    _: Node,
    error: Error,
    own: bool,
    early: bool,
) -> None:
    if node.mode == "race" or (node.mode == "all" and node.fail_fast):
        flow.fail(tx, frame, node, error)
        return
    frame = _note(tx, frame, child, {"error": error})
    _go_on(tx, frame, node)


def _go_on(tx: Transition, frame: Row, node: Fork) -> None:
    if frame["ended"] < len(node.branches):
        _start(tx, frame, node)
        return
    cells = [tx.cell(_key(frame, number)) for number in range(len(node.branches))]
    errors = [cell["error"] for cell in cells if "error" in cell]
    if errors:
        flow.fail(tx, frame, node, with_suppressed(errors))
        return
    names = (name for name, _ in node.branches)
    _finish(
        tx,
        frame,
        node,
        {name: cell["value"] for name, cell in zip(names, cells, strict=True)},
    )


def _finish(tx: Transition, frame: Row, node: Fork, branches: Row) -> None:
    flow.complete_mapped(tx, frame, node, branches, branches=branches)


def _release(tx: Transition, frame: Row, node: Fork) -> None:
    for number in range(frame.get("next", 0)):
        key = _key(frame, number)
        if tx.cell(key) is not None:
            tx.cells[key] = None


def _children(tx: Transition, frame: Row, node: Fork) -> list[str]:
    paths = [
        part_path(frame["path"], part_of(body, frame["node"]))
        for _, body in node.branches[: frame.get("next", 0)]
    ]
    return [path for path in paths if tx.frame(path) is not None]


KIND = Kind(
    enter=_enter,
    child_completed=_child_completed,
    child_failed=_child_failed,
    release=_release,
    children=_children,
)
