"""The clauses of a `try`: which one answers a failure, and what it does."""

from __future__ import annotations

from magicflow.core import ending, flow
from magicflow.core.errors import CIRCUIT_OPEN, Error, extended, with_cause
from magicflow.core.frames import (
    drop,
    drop_children,
    end_step,
    node_of,
    part_of,
    part_path,
    remove,
    root_node,
    stop_timers,
)
from magicflow.core.nodes import seq
from magicflow.core.state import Row
from magicflow.core.transition import Transition
from magicflow.plan.nodes import Catch, Seq, Try


def answer(
    tx: Transition, frame: Row, node: Try, error: Error, own: bool, start: int
) -> None:
    """Let the first clause from `start` on answer that takes this failure; with none
    the node fails. A handler that ran in this occurrence does not run again."""
    ran = frame.get("ran", ())
    for index in range(start, len(node.catch)):
        clause = node.catch[index]
        if clause.target is not None and _find_block(tx, frame, clause.target) is None:
            continue
        if _takes(clause, error, own) and clause.handler not in ran:
            _ACTIONS[clause.action](tx, frame, node, error, index)
            return
    flow.fail(tx, frame, node, error, own)


def _takes(clause: Catch, error: Error, own: bool) -> bool:
    if clause.before_retry and not own:
        return False
    return (
        clause.any
        or (clause.timeout and own)
        or (clause.circuit_open and error["code"] == CIRCUIT_OPEN)
    )


def _run(tx: Transition, frame: Row, node: Try, error: Error, index: int) -> None:
    """A fallback: its value becomes the step's."""
    handler = tx.plan.nodes[node.catch[index].handler or ""]
    frame = tx.edit_frame(frame["path"])
    stop_timers(tx, frame)  # the limit was on the attempts
    frame.pop("timers", None)
    frame["clause"] = index
    frame["error"] = error
    frame["ran"] = [*frame.get("ran", ()), handler.id]
    tx.record("fallback_started", path=frame["path"], handler=handler.id, error=error)
    path = part_path(frame["path"], part_of(handler.id, frame["node"]))
    extra: Row = {"errors": [error]}
    tx.push(flow.enter, handler, frame["path"], frame.get("scope", ""), path, extra)


def _goto(tx: Transition, frame: Row, node: Try, error: Error, index: int) -> None:
    """A handler of a block around: the step has failed, and the block goes on there.
    From a fallback the jump leaves the step that it stood in for, and what is around
    that, up to the handler's block."""
    target = node.catch[index].target
    assert target is not None
    before = frame.get("errors", []) if node.handler else []
    block, top = _block_of(tx, frame, target)
    failed = (
        top["failed"] if "failed" in top and node_of(tx, top).handler else top["node"]
    )
    current: Row | None = frame
    while current is not None and isinstance(node_of(tx, current), Try):
        above = tx.frame(current["parent"])
        _leave(tx, current, error)
        current = above
    drop(tx, top["path"])
    tx.record("handler_started", path=frame["path"], handler=target, error=error)
    seq.handle(tx, block, target, extended(before, error), failed)


def _leave(tx: Transition, frame: Row, error: Error) -> None:
    """The step failed; or the step that it stood in for did."""
    node = node_of(tx, frame)
    drop_children(tx, frame)
    remove(tx, frame, node)
    if node.step is not None:
        told = with_cause(error, frame["error"]) if "error" in frame else error
        end_step(tx, frame["path"], "failed", told)


def _block_of(tx: Transition, frame: Row, target: str) -> tuple[Row, Row]:
    """The block that has the handler, and the frame in it that this stands in."""
    found = _find_block(tx, frame, target)
    assert found is not None, f"no block around has {target!r}"
    return found


def _find_block(tx: Transition, frame: Row, target: str) -> tuple[Row, Row] | None:
    below, above = frame, tx.frame(frame["parent"])
    while above is not None:
        node = node_of(tx, above)
        if isinstance(node, Seq) and target in node.nodes:
            return above, below
        below, above = above, tx.frame(above["parent"])
    return None


def _ignore(tx: Transition, frame: Row, node: Try, error: Error, index: int) -> None:
    flow.ignore(tx, frame, node, error)


def _end_run(tx: Transition, frame: Row, node: Try, error: Error, index: int) -> None:
    failed_at = root_node(tx, frame)
    remove(tx, frame, node)
    if node.step is not None:
        end_step(tx, frame["path"], "timed_out", error)
    ending.begin(tx, "timed_out", error, failed_at=failed_at)


_ACTIONS = {"run": _run, "goto": _goto, "ignore": _ignore, "end_run": _end_run}
