"""`emit`: an event leaves through the outbox."""

from __future__ import annotations

from magicflow.core import flow, values
from magicflow.core.kinds import Kind
from magicflow.core.pause import hold
from magicflow.core.scope import Scope
from magicflow.core.state import Row
from magicflow.core.transition import Transition
from magicflow.plan.nodes import Emit


def _enter(tx: Transition, frame: Row, node: Emit) -> None:
    assert node.data is not None
    scope = Scope(tx, frame)
    try:
        data = values.value_of(tx, scope, node.data, "the event's data")
        values.refuse_unfit(node.data_check, data, "the event's data", scope.step_name)
    except values.Refused as refused:
        flow.fail(tx, frame, node, refused.error, early=True)
        return
    if hold(tx, frame):
        tx.edit_frame(frame["path"])["data"] = [data]
    else:
        _send(tx, frame, node, data)


def _activate(tx: Transition, frame: Row, node: Emit) -> None:
    _send(tx, frame, node, frame["data"][0])


def _send(tx: Transition, frame: Row, node: Emit, data: object) -> None:
    path = frame["path"]
    event_id = f"{tx.run['id']}:{path}"
    tx.record("event_emitted", path=path, event=node.event, event_id=event_id)
    tx.send("emit_event", event_id=event_id, event=node.event, data=data)
    flow.complete_mapped(tx, frame, node, None, response=data)


KIND = Kind(enter=_enter, activate=_activate)
