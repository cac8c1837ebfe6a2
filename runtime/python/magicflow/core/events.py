"""One function for each event."""

from __future__ import annotations

from collections.abc import Callable

from magicflow.core import ending, flow, inbox, values
from magicflow.core.errors import CANCELLED, TIMEOUT, make_error
from magicflow.core.frames import (
    RUN_GRACE,
    RUN_TIMEOUT,
    forget_timer,
    node_of,
)
from magicflow.core.kinds import KINDS
from magicflow.core.nodes import call, listen, sub, try_
from magicflow.core.pause import release_held
from magicflow.core.refusal import Refusal, refuse
from magicflow.core.scope import Scope
from magicflow.core.shapes import Event, malformed
from magicflow.core.start import start
from magicflow.core.state import Row, State
from magicflow.core.transition import Transition
from magicflow.plan.nodes import Call, Listen, Node, Sub, Try

Handler = Callable[[Transition, Event], None]


def refusal(state: State, event: Event) -> Row | None:
    """Why an event is refused whatever the plan says, or None."""
    problem = malformed(event)
    if problem is not None:
        return {"code": "MALFORMED", "message": problem}
    phase = state["run"]["phase"]
    if phase == "ended":
        status = state["run"]["status"]
        return {"code": "RUN_ENDED", "message": f"the run has ended, {status}"}
    starts = event["type"] == "run_started"
    if phase == "new" and not starts:
        return {"code": "NOT_STARTED", "message": "the run has not started"}
    if phase != "new" and starts:
        return {"code": "ALREADY_STARTED", "message": "the run has started already"}
    return None


# tasks


def _task_result(tx: Transition, event: Event) -> None:
    frame, node = _flying(tx, event)
    call.result(tx, frame, node, event)


def _timed_out(tx: Transition, event: Event) -> None:
    frame, node = _flying(tx, event)
    call.timed_out(tx, frame, node, event["kind"])


def _task_stopped(tx: Transition, event: Event) -> None:
    frame, node = _flying(tx, event)
    if "stopping" not in frame:
        raise refuse("STALE", "the task was not asked to stop")
    call.stopped(tx, frame, node)


def _flying(tx: Transition, event: Event) -> tuple[Row, Call]:
    """The call whose attempt is in flight."""
    frame = tx.frame(event["task_id"])
    while frame is not None:
        node = tx.plan.nodes[frame["node"]]
        if isinstance(node, Call):
            if frame.get("attempt") != event["attempt"]:
                raise refuse("STALE", "another attempt of the task is in flight")
            return frame, node
        if not isinstance(node, Try) or "clause" in frame:
            break
        frame = try_.body_frame(tx, frame, node)
    raise refuse("STALE", "no such task is in flight")


# timers


def _timer_fired(tx: Transition, event: Event) -> None:
    timer_id = event["timer_id"]
    if timer_id == RUN_TIMEOUT:
        _run_timeout(tx)
        return
    if timer_id == RUN_GRACE:
        if not tx.run.pop("grace", None):
            raise refuse("STALE", "nobody waits for the grace any more")
        ending.unwind(tx)
        return
    path, _, purpose = timer_id.rpartition("#")
    frame = tx.frame(path)
    if frame is None or purpose not in frame.get("timers", ()):
        raise refuse("STALE", "nobody waits for this timer any more")
    node = node_of(tx, frame)
    kind = KINDS[node.kind]
    if purpose != flow.TIMEOUT_TIMER:
        kind.timer(tx, frame, node, purpose)
    elif kind.timed_out is not None:
        kind.timed_out(tx, frame, node, purpose)
    else:
        _composite_timeout(tx, frame, node)


def _composite_timeout(tx: Transition, frame: Row, node: Node) -> None:
    frame = forget_timer(tx, frame["path"], flow.TIMEOUT_TIMER)
    message = f"the step took more than {node.timeout} ms"
    error = make_error(TIMEOUT, message, step=Scope(tx, frame).step_name())
    flow.fail(tx, frame, node, error, own=True)


def _run_timeout(tx: Transition) -> None:
    run = tx.run
    timer = run.pop("timer", None)
    if timer is None:
        raise refuse("STALE", "the run's timeout is not running")
    timeout = tx.plan.timeout
    # a parent's deadline, or a limit that only the start gave, has the default action
    inherited = timer == "inherited" or timeout is None
    action = "cancel_and_cleanup" if inherited or timeout is None else timeout.action
    tx.record("workflow_timeout", action=action)
    if action == "ignore":
        return
    run.pop("paused", None)
    error = make_error(TIMEOUT, "the workflow's timeout is over")
    if action == "fallback" and timeout is not None and timeout.handler is not None:
        ending.handle(tx, timeout.handler, [error])
    else:
        retry = action == "retry" and "retry_of" not in tx.start
        ending.begin(tx, "timed_out", error, retry=retry)


# events and people


def _event_received(tx: Transition, event: Event) -> None:
    name, data = event["event"], event["data"]
    if name not in tx.plan.correlations:
        raise refuse("UNKNOWN_EVENT", f"the workflow listens to no event `{name}`")
    if inbox.is_known(tx, event["event_id"]):
        raise refuse("STALE", "the event was received before")
    try:
        values.refuse_large(tx, data, "the event's data", values.nameless)
        values.refuse_unfit(
            tx.plan.events.get(name), data, "the event's data", values.nameless
        )
    except values.Refused as refused:
        raise _told(refused) from None
    if tx.run["phase"] not in ("running", "handling"):
        raise refuse("ENDING", "the run is ending")
    path = inbox.listener(tx, name, data)
    if path is None and inbox.is_full(tx):
        raise refuse("LIMIT", f"the run buffers {inbox.MAX_BUFFERED} events already")
    if path is None:
        inbox.keep(tx, dict(event))
        return
    frame = tx.open_frame(path)
    node = node_of(tx, frame)
    assert isinstance(node, Listen)
    listen.matched(tx, frame, node, dict(event))


def _human_completed(tx: Transition, event: Event) -> None:
    frame, node = _listening(tx, event["task_id"])
    try:
        values.refuse_large(tx, event["data"], "the form", lambda: node.step)
        values.refuse_unfit(
            node.data_check, event["data"], "the form", lambda: node.step
        )
    except values.Refused as refused:
        raise _told(refused) from None
    listen.submitted(tx, frame, node, event["data"])


def _listening(tx: Transition, task_id: str) -> tuple[Row, Listen]:
    """The listener with an open human task."""
    frame = tx.frame(task_id)
    node = None if frame is None else node_of(tx, frame)
    if frame is None or not isinstance(node, Listen) or "opened" not in frame:
        raise refuse("STALE", "no such task is open")
    return frame, node


def _told(refused: values.Refused) -> Refusal:
    error = refused.error
    return refuse(error["code"], error["message"], error.get("details"))


# children


def _child_ended(tx: Transition, event: Event) -> None:
    frame = tx.frame(event["child_id"])
    node = None if frame is None else node_of(tx, frame)
    if frame is None or not isinstance(node, Sub) or "child" not in frame:
        raise refuse("STALE", "nobody waits for this child")
    sub.ended(tx, frame, node, dict(event))


# cancel, pause


def _cancel_requested(tx: Transition, event: Event) -> None:
    _refuse_ending(tx)
    reason = event.get("reason")
    text = reason if isinstance(reason, str) and reason else "the run was cancelled"
    tx.record("cancel_requested", reason=text)
    tx.run.pop("paused", None)
    ending.begin(tx, "cancelled", make_error(CANCELLED, text), patient=True)


def _pause(tx: Transition, event: Event) -> None:
    if tx.run.get("paused"):
        raise refuse("ALREADY_PAUSED", "the run is paused already")
    _refuse_ending(tx)
    tx.run["paused"] = True
    tx.record("run_paused")


def _resume(tx: Transition, event: Event) -> None:
    if not tx.run.pop("paused", None):
        raise refuse("NOT_PAUSED", "the run is not paused")
    tx.record("run_resumed")
    release_held(tx)


def _refuse_ending(tx: Transition) -> None:
    if tx.run["phase"] not in ("running", "handling"):
        raise refuse("ENDING", "the run is ending already")


HANDLERS: dict[str, Handler] = {
    "run_started": start,
    "task_result": _task_result,
    "timed_out": _timed_out,
    "task_stopped": _task_stopped,
    "timer_fired": _timer_fired,
    "event_received": _event_received,
    "human_completed": _human_completed,
    "child_ended": _child_ended,
    "cancel_requested": _cancel_requested,
    "pause": _pause,
    "resume": _resume,
}
