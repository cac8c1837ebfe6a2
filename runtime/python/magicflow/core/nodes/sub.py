"""`sub`: another workflow as a child run. A frame with a child has `child`."""

from __future__ import annotations

from typing import Any

from magicflow.core import ending, flow, values
from magicflow.core.errors import CANCELLED, TIMEOUT, Error, make_error, reported_error
from magicflow.core.frames import end_step, input_of, remove, wait_for
from magicflow.core.kinds import Kind
from magicflow.core.pause import hold
from magicflow.core.scope import Scope
from magicflow.core.state import Row
from magicflow.core.transition import Transition
from magicflow.plan.nodes import Sub


def _enter(tx: Transition, frame: Row, node: Sub) -> None:
    if not hold(tx, frame):
        _start(tx, frame, node)


def _start(tx: Transition, frame: Row, node: Sub) -> None:
    path = frame["path"]
    frame = tx.edit_frame(path)
    frame["child"] = True
    wait_for(tx, frame)
    limits = [tx.run.get("deadline")]
    limits.append(None if node.timeout is None else tx.now + node.timeout)
    known = [limit for limit in limits if limit is not None]
    deadline = {"deadline": min(known)} if known else {}
    tx.record("child_started", path=path, workflow=node.workflow)
    tx.send(
        "start_child",
        child_id=path,
        workflow=node.workflow,
        version=node.version,
        input=input_of(tx, frame),
        idempotency_key=f"{tx.run['id']}:{path}",
        **deadline,
    )


def ended(tx: Transition, frame: Row, node: Sub, event: Row) -> None:
    """The child has ended, or could not be started."""
    path = frame["path"]
    frame = tx.edit_frame(path)
    del frame["child"]
    status = event["status"]
    tx.record("child_ended", path=path, status=status)
    value, error = _result(tx, frame, node, event)
    if tx.run["phase"] == "stopping":
        _settle(tx, frame, node, value, error)
    elif error is not None:
        flow.fail(tx, frame, node, error)
    else:
        flow.complete(tx, frame, node, value)


def _result(
    tx: Transition, frame: Row, node: Sub, event: Row
) -> tuple[Any, Error | None]:
    scope = Scope(tx, frame)
    step = scope.step_name
    if event["status"] != "completed":
        return None, _failure(tx, event, step())
    raw = event.get("output")
    try:
        values.refuse_large(tx, raw, "the child's output", step)
        values.refuse_unfit(node.result_check, raw, "the child's output", step)
        return flow.map_output(tx, Scope(tx, frame, response=raw), node, raw), None
    except values.Refused as refused:
        return None, refused.error


_CODES = {"timed_out": TIMEOUT, "cancelled": CANCELLED}


def _failure(tx: Transition, event: Row, step: str | None) -> Error:
    """The child's own error; its end without one still has a code."""
    given = event.get("error")
    if given is None:
        code = _CODES.get(event["status"], "INTERNAL")
        return make_error(code, f"the child run ended {event['status']}", step=step)
    error = reported_error(
        given, step=step, attempt=1, declared={}, limit=tx.plan.limits.value_bytes
    )
    if event["status"] in _CODES:
        error["code"] = _CODES[event["status"]]
    return error


def _settle(
    tx: Transition, frame: Row, node: Sub, value: Any, error: Error | None
) -> None:
    """In a run that stops a child's end is recorded and nothing follows from it."""
    tx.run["waits"] -= 1
    if error is None and node.step is not None:
        remove(tx, frame, node)
        end_step(tx, frame["path"], "completed", output=value)
    ending.settled(tx)


def _release(tx: Transition, frame: Row, node: Sub) -> None:
    if "child" in frame and "stopping" not in frame:
        tx.send("cancel_child", child_id=frame["path"])


def _stop(tx: Transition, frame: Row, node: Sub, patient: bool, undo: bool) -> bool:
    if "child" not in frame or not patient:
        return False
    tx.run["waits"] = tx.run.get("waits", 0) + 1
    tx.edit_frame(frame["path"])["stopping"] = True
    tx.send("cancel_child", child_id=frame["path"], wait=True)
    return True


KIND = Kind(enter=_enter, release=_release, activate=_start, stop=_stop)
