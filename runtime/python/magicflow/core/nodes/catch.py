"""The clauses of a `try`: which one answers a failure, and what it does."""

from __future__ import annotations

from magicflow.core import ending, flow
from magicflow.core.errors import CIRCUIT_OPEN, Error, extended, with_cause
from magicflow.core.frames import (
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
        if clause.target is not None and not _can_jump(tx, frame, clause.target):
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
    """A handler of the block: the step has failed, and the block goes on there. From a
    fallback the jump leaves the step that it stood in for, too."""
    target = node.catch[index].target
    assert target is not None
    before = frame.get("errors", []) if node.handler else []
    leaving, block = frame, _parent(tx, frame)
    while True:
        left = node_of(tx, leaving)
        drop_children(tx, leaving)
        remove(tx, leaving, left)
        told = with_cause(error, leaving["error"]) if "error" in leaving else error
        if left.step is not None:
            end_step(tx, leaving["path"], "failed", told)
        if isinstance(node_of(tx, block), Seq):
            break
        leaving, block = block, _parent(tx, block)
    failed = leaving["failed"] if "failed" in leaving and left.handler else left.id
    tx.record("handler_started", path=frame["path"], handler=target, error=error)
    seq.handle(tx, block, target, extended(before, error), failed)


def _parent(tx: Transition, frame: Row) -> Row:
    return tx.open_frame(frame["parent"])


def _can_jump(tx: Transition, frame: Row, target: str) -> bool:
    """Whether the handler's block is around: compensation and the fallback of the
    run's timeout stand in no block."""
    above = tx.frame(frame["parent"])
    while above is not None:
        node = node_of(tx, above)
        if isinstance(node, Seq):
            return target in node.nodes
        if not isinstance(node, Try):
            return False
        above = tx.frame(above["parent"])
    return False


def _ignore(tx: Transition, frame: Row, node: Try, error: Error, index: int) -> None:
    flow.ignore(tx, frame, node, error)


def _end_run(tx: Transition, frame: Row, node: Try, error: Error, index: int) -> None:
    failed_at = root_node(tx, frame)
    remove(tx, frame, node)
    if node.step is not None:
        end_step(tx, frame["path"], "timed_out", error)
    ending.begin(tx, "timed_out", error, failed_at=failed_at)


_ACTIONS = {"run": _run, "goto": _goto, "ignore": _ignore, "end_run": _end_run}
