"""`listen`: waits for an event, or for a person's answer.

A frame that listens has its `place` among the listeners; one with an open task `opened`.
"""

from __future__ import annotations

from typing import Any

from magicflow.core import flow, inbox, values
from magicflow.core.frames import wait_for
from magicflow.core.kinds import Kind
from magicflow.core.pause import hold
from magicflow.core.scope import ABSENT, Scope
from magicflow.core.state import Row
from magicflow.core.transition import Transition
from magicflow.plan.nodes import HumanTask, Listen


def _enter(tx: Transition, frame: Row, node: Listen) -> None:
    try:
        members = _evaluate(tx, frame, node)
    except values.Refused as refused:
        flow.fail(tx, frame, node, refused.error, early=True)
        return
    frame = tx.edit_frame(frame["path"])
    frame.update(members)
    if node.task is None:
        _listen(tx, frame, node)
    elif not hold(tx, frame):
        _open(tx, frame, node)


def _evaluate(tx: Transition, frame: Row, node: Listen) -> Row:
    """The values of the listener, once."""
    scope = Scope(tx, frame)
    if node.task is not None:
        return {"task": _task(tx, scope, node.task)}
    wanted = {
        name: values.value_of(tx, scope, value, f"correlate: {name}")
        for name, value in node.correlate
    }
    return {"correlate": wanted}


def _task(tx: Transition, scope: Scope, task: HumanTask) -> Row:
    made: Row = {}
    for name in ("assignee", "title", "description"):
        expression = getattr(task, name)
        if expression is not None:
            value = values.evaluate(scope, expression, name)
            if value is not None and value is not ABSENT:
                made[name] = value
    values.refuse_large(tx, made, "the task", scope.step_name)
    return made


def _listen(tx: Transition, frame: Row, node: Listen) -> None:
    path = frame["path"]
    correlate = frame["correlate"]
    buffered = inbox.take(tx, node, correlate)
    if buffered is not None:
        matched(tx, frame, node, buffered)
        return
    frame["place"] = inbox.listen(tx, path, node, correlate)
    wait_for(tx, frame, event=node.event)
    tx.send("listen", listen_id=path, event=node.event, correlate=correlate)


def matched(tx: Transition, frame: Row, node: Listen, event: Row) -> None:
    """The listener has its event: a CloudEvent, as far as the core knows it."""
    inbox.taken(tx, event, frame["path"])
    cloud = {"id": event["event_id"], "type": event["event"], "data": event["data"]}
    flow.complete_mapped(tx, frame, node, cloud, response=cloud)


def _open(tx: Transition, frame: Row, node: Listen) -> None:
    assert node.task is not None
    frame = tx.edit_frame(frame["path"])
    frame["opened"] = True
    due = {} if node.timeout is None else {"due": tx.now + node.timeout}
    wait_for(tx, frame, **due)
    tx.record("task_opened", path=frame["path"], **frame["task"])
    tx.send(
        "open_human_task",
        task_id=frame["path"],
        step=Scope(tx, frame).step_name(),
        form=node.task.form,
        **frame["task"],
        **due,
    )


def submitted(tx: Transition, frame: Row, node: Listen, data: Any) -> None:
    """A person has answered, and the answer fits the form."""
    frame = tx.edit_frame(frame["path"])
    del frame["opened"]
    flow.complete_mapped(tx, frame, node, data, response=data)


def _release(tx: Transition, frame: Row, node: Listen) -> None:
    if "place" in frame:
        inbox.leave(tx, frame["place"])
        tx.send("unlisten", listen_id=frame["path"])
    elif "opened" in frame:
        tx.send("close_human_task", task_id=frame["path"])


KIND = Kind(enter=_enter, release=_release, activate=_open)
