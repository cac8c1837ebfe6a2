"""`set`: computes a value."""

from __future__ import annotations

from magicflow.core import flow, values
from magicflow.core.kinds import Kind
from magicflow.core.scope import Scope
from magicflow.core.state import Row
from magicflow.core.transition import Transition
from magicflow.plan.nodes import Set


def _enter(tx: Transition, frame: Row, node: Set) -> None:
    assert node.value is not None
    try:
        value = values.value_of(tx, Scope(tx, frame), node.value, "the value")
    except values.Refused as refused:
        flow.fail(tx, frame, node, refused.error)
        return
    if node.output is None:
        flow.complete(tx, frame, node, value)
    else:
        flow.complete_mapped(tx, frame, node, value, response=value)


KIND = Kind(enter=_enter)
