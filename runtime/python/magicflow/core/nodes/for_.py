"""`for`: the body once per item, or while a condition holds, or both.

The frame counts (`next` iteration to start, `open` ones, `total` items); the items and
the collected values are cells, so the frame stays small.
"""

from __future__ import annotations

from typing import Any

from magicflow.core import flow, values
from magicflow.core.errors import EXPRESSION, LIMIT, Error, make_error
from magicflow.core.kinds import Kind
from magicflow.core.scope import ABSENT, Scope
from magicflow.core.state import Row
from magicflow.core.transition import Transition
from magicflow.plan.nodes import For, Node


def _enter(tx: Transition, frame: Row, node: For) -> None:
    frame = tx.edit_frame(frame["path"])
    frame.update(next=0, open=0)
    if node.items is not None:
        try:
            items = _source(tx, frame, node)
        except values.Refused as refused:
            flow.fail(tx, frame, node, refused.error, early=True)
            return
        frame["total"] = len(items)
        tx.cells[_items_key(frame)] = [items]
    _go_on(tx, frame, node)


def _source(tx: Transition, frame: Row, node: For) -> list[Any]:
    """The items. Raises Refused when they are no list, or more than the bound."""
    assert node.items is not None
    items = values.value_of(tx, Scope(tx, frame), node.items, "`iterate_over`")
    if not isinstance(items, list):
        message = "`iterate_over` is not a list"
        step = Scope(tx, frame).step_name()
        raise values.Refused(make_error(EXPRESSION, message, step=step))
    if len(items) > node.max_iterations and node.condition is None:
        raise values.Refused(_beyond_bound(tx, frame, node))
    return items


def _beyond_bound(tx: Transition, frame: Row, node: For) -> Error:
    message = f"the loop has more than {node.max_iterations} iterations"
    return make_error(LIMIT, message, step=Scope(tx, frame).step_name())


def _go_on(tx: Transition, frame: Row, node: For) -> None:
    """Start what may run now; when nothing is left, the loop is done."""
    frame = tx.edit_frame(frame["path"])
    window = (node.batch_size or node.max_iterations + 1) if node.parallel else 1
    first = frame["next"]
    try:
        while frame["open"] < window and _has_next(tx, frame, node):
            frame["open"] += 1
            frame["next"] += 1
    except values.Refused as refused:
        flow.fail(tx, frame, node, refused.error)
        return
    for index in reversed(range(first, frame["next"])):
        _iterate(tx, frame, node, index)
    if frame["open"] == 0:
        _finish(tx, frame, node)


def _has_next(tx: Transition, frame: Row, node: For) -> bool:
    """Whether another iteration is due. Raises Refused for one beyond the bound."""
    index = frame["next"]
    if frame.get("done") or index >= frame.get("total", index + 1):
        return False
    if node.condition is not None:
        scope = _round_scope(tx, frame, node, index)
        if not values.holds(scope, node.condition, "`while`"):
            frame["done"] = True
            return False
    if index >= node.max_iterations:
        raise values.Refused(_beyond_bound(tx, frame, node))
    return True


def _round_scope(tx: Transition, frame: Row, node: For, index: int) -> Scope:
    """What `while` sees: item and index of the round to come, the steps of the one
    before it."""
    coming: Row = {"node": node.body, "parent": frame["path"], "index": index}
    return Scope(tx, coming, prefix=_scope(frame, max(index - 1, 0)))


def _iterate(tx: Transition, frame: Row, node: For, index: int) -> None:
    body = tx.plan.nodes[node.body]
    path = f"{_base(frame)}[{index}]"
    extra: Row = {"index": index}
    tx.push(flow.enter, body, frame["path"], _scope(frame, index), path, extra)


def _base(frame: Row) -> str:
    """What an iteration's path begins with: the step, or a later attempt of it."""
    base: str = frame["path"] if "try" in frame else frame.get("owner") or frame["path"]
    return base


def _scope(frame: Row, index: int) -> str:
    return f"{_base(frame)}[{index}]/"


def _items_key(frame: Row) -> str:
    return f"{frame['path']}#items"


def _key(frame: Row, index: int) -> str:
    return f"{frame['path']}#{index}"


def _child_completed(
    tx: Transition, frame: Row, node: For, child: Row, _: Node, value: Any, goto: Any
) -> None:
    try:
        if node.collect is not None:
            value = values.value_of(tx, Scope(tx, child), node.collect, "`collect`")
    except values.Refused as refused:
        flow.fail(tx, frame, node, refused.error)
        return
    tx.cells[_key(frame, child["index"])] = [None if value is ABSENT else value]
    tx.edit_frame(frame["path"])["open"] -= 1
    _go_on(tx, frame, node)


def _child_failed(
    tx: Transition,
    frame: Row,
    node: For,
    child: Row,
    _: Node,
    error: Error,
    own: bool,
    early: bool,
) -> None:
    flow.fail(tx, frame, node, error)


def _finish(tx: Transition, frame: Row, node: For) -> None:
    collected = [tx.cell(_key(frame, index))[0] for index in range(frame["next"])]
    flow.complete_mapped(tx, frame, node, {"items": collected}, iterations=collected)


def _release(tx: Transition, frame: Row, node: For) -> None:
    keys = [_items_key(frame)]
    keys += [_key(frame, index) for index in range(frame.get("next", 0))]
    for key in keys:
        if tx.cell(key) is not None:
            tx.cells[key] = None


def _children(tx: Transition, frame: Row, node: For) -> list[str]:
    base = _base(frame)
    paths = (f"{base}[{index}]" for index in range(frame.get("next", 0)))
    return [path for path in paths if tx.frame(path) is not None]


KIND = Kind(
    enter=_enter,
    child_completed=_child_completed,
    child_failed=_child_failed,
    release=_release,
    children=_children,
)
