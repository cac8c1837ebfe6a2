"""`call`: one attempt of work outside the core.

A call in flight has `attempt` in its frame. Its task is named after the occurrence
that it works for, which is that of the `try` around it, so all attempts share the
task's id and idempotency key.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from magicflow.core import ending, flow, values
from magicflow.core.errors import (
    CANCELLED,
    TIMEOUT,
    Error,
    make_error,
    reported_error,
)
from magicflow.core.frames import (
    end_step,
    input_of,
    node_of,
    owner_path,
    remove,
    sent_input,
)
from magicflow.core.kinds import Kind
from magicflow.core.nodes import undo
from magicflow.core.pause import hold
from magicflow.core.scope import ABSENT, Scope
from magicflow.core.state import Row
from magicflow.core.transition import Transition
from magicflow.plan.nodes import Call, Request

_LIMITS = {
    "lease": "the task was not finished within {} ms of its lease",
    "queue": "no worker took the task within {} ms",
    "heartbeat": "the worker gave no sign for {} ms",
}
_SETTINGS = {
    "lease": "timeout",
    "queue": "queue_timeout",
    "heartbeat": "heartbeat_timeout",
}


def _enter(tx: Transition, frame: Row, node: Call) -> None:
    """Check what is sent, once per occurrence; then dispatch."""
    prepared = node.input_check is not None or node.request is not None
    if prepared and "try" not in frame:
        try:
            _prepare(tx, frame, node)
        except values.Refused as refused:
            flow.fail(tx, frame, node, refused.error, early=True)
            return
    if not hold(tx, frame):
        _dispatch(tx, frame, node)


def _prepare(tx: Transition, frame: Row, node: Call) -> None:
    step = partial(_step_name, tx, frame)
    if node.input_check is not None:
        values.refuse_unfit(node.input_check, input_of(tx, frame), "the input", step)
    if node.request is not None:
        request = _request(Scope(tx, frame), node.request)
        values.refuse_large(tx, request, "the request", step)
        tx.edit_step(owner_path(frame))["request"] = request


def _request(scope: Scope, request: Request) -> Row:
    """The parts of an HTTP request; an absent header or query value is left out."""
    url = values.evaluate(scope, request.url, "the url")
    made: Row = {"url": None if url is ABSENT else url}
    for name, parts in (("headers", request.headers), ("query", request.query)):
        given = {k: values.evaluate(scope, v, f"{name}: {k}") for k, v in parts.items()}
        made[name] = {
            k: v for k, v in given.items() if v is not None and v is not ABSENT
        }
    if request.body is not None:
        body = values.evaluate(scope, request.body, "the body")
        made["body"] = None if body is ABSENT else body
    made["expect"] = request.expect
    return made


def _dispatch(tx: Transition, frame: Row, node: Call) -> None:
    attempt = frame.get("try", 1)
    frame = tx.edit_frame(frame["path"])
    frame["attempt"] = attempt
    path = owner_path(frame)
    run = tx.run
    run["tasks"] += 1
    message: Row = {
        "type": "schedule_task",
        "run_id": run["id"],
        "task_id": path,
        "attempt": attempt,
        "idempotency_key": f"{run['id']}:{path}",
    }
    message.update(node.message)
    if tx.step(path) is not None:
        row = tx.edit_step(path)
        row["status"] = "running"
        row["attempts"] = attempt
        message["step"] = row["step"]
        if node.compensation is not None and "undo" not in row:
            undo.register(tx, frame, node)
        if "request" in row:
            message["request"] = row["request"]
    if node.request is None:
        message["input"], secrets = sent_input(tx, frame)
        if secrets:
            message["secrets"] = list(secrets)
    tx.record("step_scheduled", path=path, attempt=attempt)
    tx.commands.append(message)


def _activate(tx: Transition, frame: Row, node: Call) -> None:
    _dispatch(tx, frame, node)


# what is reported


def result(tx: Transition, frame: Row, node: Call, event: Mapping[str, Any]) -> None:
    """The result of the attempt in flight."""
    attempt = _land(tx, frame)
    error: Error | None
    value: Any = None
    if "error" in event:
        error = reported_error(
            event["error"],
            step=_step_name(tx, frame),
            attempt=attempt,
            declared=node.errors,
            limit=tx.plan.limits.value_bytes,
        )
        undo.note(
            tx, owner_path(frame), "unknown" if event.get("unknown") else "failed"
        )
    else:
        value, error = _mapped(tx, frame, node, event["output"], attempt)
        undo.note(tx, owner_path(frame), "completed" if error is None else "unknown")
    if tx.run["phase"] == "stopping":
        _settle(tx, frame, "completed" if error is None else "failed", value, error)
    elif error is not None:
        flow.fail(tx, frame, node, error)
    else:
        flow.complete(tx, frame, node, value)


def _mapped(
    tx: Transition, frame: Row, node: Call, raw: Any, attempt: int
) -> tuple[Any, Error | None]:
    """The call's value. The schema is checked on the raw result, then the mapping runs."""
    try:
        step = partial(_step_name, tx, frame)
        values.refuse_large(tx, raw, "the result", step)
        values.refuse_unfit(node.result_check, raw, "the result", step)
        if node.output is None:
            return raw, None
        scope = Scope(tx, frame, response=raw)
        return values.value_of(tx, scope, node.output, "the output"), None
    except values.Refused as refused:
        return None, {**refused.error, "attempt": attempt}


def timed_out(tx: Transition, frame: Row, node: Call, kind: str) -> None:
    """The dispatcher measured one of the limits of the attempt in flight."""
    attempt = _land(tx, frame)
    limit = node.message.get(_SETTINGS[kind], 0)
    error = make_error(
        TIMEOUT,
        _LIMITS[kind].format(limit),
        step=_step_name(tx, frame),
        attempt=attempt,
        details={"kind": kind},
    )
    undo.note(tx, owner_path(frame), "unknown")
    if tx.run["phase"] == "stopping":
        _settle(tx, frame, "timed_out", None, error)
    else:
        flow.fail(tx, frame, node, error, own=True)


def stopped(tx: Transition, frame: Row, node: Call) -> None:
    """The worker gave the task up because the run is stopping."""
    _land(tx, frame)
    undo.note(tx, owner_path(frame), "unknown")
    error = make_error(CANCELLED, "the task was cancelled")
    _settle(tx, frame, "cancelled", None, error)


def _land(tx: Transition, frame: Row) -> int:
    """The attempt is no longer in flight."""
    tx.run["tasks"] -= 1
    attempt: int = tx.edit_frame(frame["path"]).pop("attempt")
    return attempt


def _settle(
    tx: Transition, frame: Row, status: str, value: Any, error: Error | None
) -> None:
    """In a run that stops a result is recorded and nothing follows from it."""
    tx.run["waits"] -= 1
    path, owner = frame["path"], owner_path(frame)
    while True:
        above = tx.open_frame(path)
        remove(tx, above, node_of(tx, above))
        if path == owner:
            break
        path = above["parent"]
    if tx.step(owner) is not None:
        extra = {"output": value} if error is None else {}
        end_step(tx, owner, status, error, **extra)
    ending.settled(tx)


def _step_name(tx: Transition, frame: Row) -> str | None:
    row = tx.step(owner_path(frame))
    return None if row is None else row["step"]


# taking down


def _release(tx: Transition, frame: Row, node: Call) -> None:
    if "attempt" in frame:
        tx.run["tasks"] -= 1
        path = owner_path(frame)
        if "stopping" not in frame:
            tx.send("cancel_task", task_id=path, attempt=frame["attempt"])
        undo.note(tx, path, "unknown")


def _stop(tx: Transition, frame: Row, node: Call, patient: bool, undoing: bool) -> bool:
    if "attempt" not in frame:
        return False
    path = owner_path(frame)
    if not patient and not (undoing and undo.is_registered(tx, path)):
        return False
    tx.run["waits"] = tx.run.get("waits", 0) + 1
    tx.edit_frame(frame["path"])["stopping"] = True
    tx.send("cancel_task", task_id=path, attempt=frame["attempt"], wait=True)
    return True


KIND = Kind(enter=_enter, release=_release, activate=_activate, stop=_stop)
