"""`wait`: for a duration, or until a time."""

from __future__ import annotations

from typing import Any

from magicflow.core import flow, values
from magicflow.core.errors import EXPRESSION, make_error
from magicflow.core.frames import forget_timer, start_timer, wait_for
from magicflow.core.kinds import Kind
from magicflow.core.scope import Scope
from magicflow.core.state import Row
from magicflow.core.times import parse_date_time
from magicflow.core.transition import Transition
from magicflow.plan.nodes import Wait

TIMER = "wait"


def _enter(tx: Transition, frame: Row, node: Wait) -> None:
    try:
        due = _due(tx, frame, node)
    except values.Refused as refused:
        flow.fail(tx, frame, node, refused.error, early=True)
        return
    if due <= tx.now:
        _complete(tx, frame, node)
        return
    wait_for(tx, frame, due=due)
    start_timer(tx, frame["path"], TIMER, due)


def _due(tx: Transition, frame: Row, node: Wait) -> int:
    if node.duration is not None:
        return tx.now + node.duration
    assert node.until is not None
    scope = Scope(tx, frame)
    until = values.value_of(tx, scope, node.until, "`until`")
    due = parse_date_time(until) if isinstance(until, str) else None
    if due is None:
        message = "`until` is not a date-time with an offset"
        raise values.Refused(make_error(EXPRESSION, message, step=scope.step_name()))
    return due


def _timer(tx: Transition, frame: Row, node: Wait, purpose: str) -> None:
    _complete(tx, forget_timer(tx, frame["path"], purpose), node)


def _complete(tx: Transition, frame: Row, node: Wait) -> None:
    value: Any = None
    flow.complete_mapped(tx, frame, node, value, response=value)


KIND = Kind(enter=_enter, timer=_timer)
