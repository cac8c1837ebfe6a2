"""`seq`: a block, as a list with jumps or as a DAG."""

from __future__ import annotations

from typing import Any

from magicflow.core import flow, outcome, rules
from magicflow.core.errors import Error, with_suppressed
from magicflow.core.frames import ROOT, open_child, part_of, part_path
from magicflow.core.kinds import Kind
from magicflow.core.rules import Verdict
from magicflow.core.scope import ABSENT
from magicflow.core.state import Row
from magicflow.core.transition import Transition
from magicflow.plan.nodes import Node, Seq


def _enter(tx: Transition, frame: Row, node: Seq) -> None:
    if node.deps is not None:
        frame["open"] = len(node.deps)
        if not node.deps:
            _finish(tx, frame, node)
        for name in reversed(node.roots):
            begin(tx, frame, name)
    elif node.start is None:
        _finish(tx, frame, node)
    else:
        begin(tx, frame, node.start)


def begin_after(tx: Transition, frame: Row, node: Seq, done: list[str]) -> None:
    """Begin a DAG of which some nodes have ended in an earlier run."""
    assert node.deps is not None
    ended = set(done)
    frame["open"] = len(node.deps) - len(ended)
    if frame["open"] == 0:
        _finish(tx, frame, node)
    ready: list[str] = []
    for name in node.nodes:
        if name in node.deps and name not in ended:
            left = len([need for need in node.deps[name] if need not in ended])
            if left == 0:
                ready.append(name)
            elif left < len(node.deps[name]):
                tx.cells[_waiting_key(frame, name)] = left
    for name in reversed(ready):
        begin(tx, frame, name)


def begin(tx: Transition, frame: Row, target: str, extra: Row | None = None) -> None:
    """Enter a node of the block next."""
    node = tx.plan.nodes[target]
    path = ""
    if node.step is None:
        path = part_path(frame["path"], part_of(target, frame["node"]))
    tx.push(flow.enter, node, frame["path"], frame.get("scope", ""), path, extra)


def handle(
    tx: Transition, frame: Row, target: str, errors: list[Error], failed: str
) -> None:
    """Jump to a handler, which answers the last of `errors`; `failed` is the node whose
    failure was the first of them."""
    begin(tx, frame, target, {"errors": errors, "failed": failed})


def _child_completed(
    tx: Transition,
    frame: Row,
    node: Seq,
    child: Row,
    child_node: Node,
    value: Any,
    goto: str | None,
) -> None:
    if child_node.rules and rules.after_step(tx, child, child_node):
        return
    _advance(tx, frame, node, child, child_node, value, goto)


def _advance(
    tx: Transition,
    frame: Row,
    node: Seq,
    child: Row,
    child_node: Node,
    value: Any,
    goto: str | None,
) -> None:
    """What follows a node that ended well, or as if it had."""
    if node.keeps_value and value is not ABSENT and _is_main(child_node):
        frame = tx.edit_frame(frame["path"])
        frame["last"] = child["path"]
    if node.deps is not None and child_node.id in node.deps:
        _release_dependents(tx, frame, node, child_node)
        return
    target = goto or child_node.next
    if target == "@run":
        outcome.complete_run(tx)
    elif target is None or target == "@block":
        _finish(tx, frame, node)
    else:
        begin(tx, frame, target, _inherited(tx, child, child_node, target))


def _is_main(node: Node) -> bool:
    return node.step is not None and not node.handler


def _inherited(tx: Transition, child: Row, child_node: Node, target: str) -> Row | None:
    """A handler's errors go with it until it rejoins the main line."""
    if child_node.handler and "errors" in child and not _is_main(tx.plan.nodes[target]):
        return {"errors": child["errors"], "failed": child["failed"]}
    return None


def _release_dependents(tx: Transition, frame: Row, node: Seq, ended: Node) -> None:
    """In a DAG: start what waited for nothing else."""
    frame = tx.edit_frame(frame["path"])
    frame["open"] -= 1
    if frame["open"] == 0:
        _finish(tx, frame, node)
        return
    assert node.deps is not None
    ready: list[str] = []
    for name in node.dependents.get(ended.id, ()):
        key = _waiting_key(frame, name)
        left = (tx.cell(key) or len(node.deps[name])) - 1
        tx.cells[key] = left or None
        if left == 0:
            ready.append(name)
    for name in reversed(ready):
        begin(tx, frame, name)


def _waiting_key(frame: Row, name: str) -> str:
    return f"{frame['path']}#waits/{name}"


def _finish(tx: Transition, frame: Row, node: Seq) -> None:
    value = None
    if "last" in frame:
        row = tx.step(frame["last"])
        value = None if row is None else row.get("output")
    flow.complete_mapped(tx, frame, node, value)


def _child_failed(
    tx: Transition,
    frame: Row,
    node: Seq,
    child: Row,
    child_node: Node,
    error: Error,
    own: bool,
    early: bool,
) -> None:
    if child_node.handler and "failed" in child:
        error = with_suppressed([*child["errors"], error])
    elif child_node.step is not None:
        verdict = rules.after_failure(tx, child, error)
        if verdict is Verdict.ACTED:
            return
        if verdict is Verdict.CONTINUE:
            _advance(tx, frame, node, child, child_node, ABSENT, None)
            return
    if frame["path"] == ROOT:
        handles = child_node.handler or child_node.rethrow
        tx.run["failed_at"] = (
            child.get("failed", child_node.id) if handles else child_node.id
        )
    flow.fail(tx, frame, node, error)


def _release(tx: Transition, frame: Row, node: Seq) -> None:
    for name in node.deps or ():
        key = _waiting_key(frame, name)
        if tx.cell(key) is not None:
            tx.cells[key] = None


def _children(tx: Transition, frame: Row, node: Seq) -> list[str]:
    paths = (open_child(tx, frame, tx.plan.nodes[name]) for name in node.nodes)
    return [path for path in paths if path is not None]


KIND = Kind(
    enter=_enter,
    child_completed=_child_completed,
    child_failed=_child_failed,
    release=_release,
    children=_children,
)
