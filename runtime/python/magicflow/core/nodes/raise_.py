"""`raise`: fails; a handler's end rethrows, a final one ends the run."""

from __future__ import annotations

from magicflow.core import ending, flow, values
from magicflow.core.errors import WORKFLOW_ERROR, Error, make_error, with_suppressed
from magicflow.core.frames import end_step, remove, root_node
from magicflow.core.kinds import Kind
from magicflow.core.scope import Scope
from magicflow.core.state import Row
from magicflow.core.transition import Transition
from magicflow.plan.nodes import Raise


def _enter(tx: Transition, frame: Row, node: Raise) -> None:
    if node.rethrow:
        error = _caught(tx, frame)
    else:
        try:
            error = _made(tx, frame, node)
        except values.Refused as refused:
            error = refused.error
    if node.final is None:
        flow.fail(tx, frame, node, error)
        return
    failed_at = root_node(tx, frame)
    remove(tx, frame, node)
    if node.step is not None:
        end_step(tx, frame["path"], "failed", error)
    ending.begin(tx, node.final, error, undo=node.compensate, failed_at=failed_at)


def _caught(tx: Transition, frame: Row) -> Error:
    """The block's error, with those of its handlers."""
    if "errors" in frame:
        return with_suppressed(frame["errors"])
    return make_error(WORKFLOW_ERROR, "there is no error to raise again")


def _made(tx: Transition, frame: Row, node: Raise) -> Error:
    scope = Scope(tx, frame)
    message = ""
    details = None
    if node.message is not None:
        message = values.text_of(tx, scope, node.message, "the message")
    if node.details is not None:
        details = values.value_of(tx, scope, node.details, "the details")
    return make_error(node.code, message, step=scope.step_name(), details=details)


KIND = Kind(enter=_enter)
