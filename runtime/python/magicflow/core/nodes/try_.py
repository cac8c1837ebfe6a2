"""`try`: attempts with delays between them, then the clauses that answer a failure.

The frame has `attempt`, and while a clause's handler runs `clause`, `error` (what it
answers) and `ran` (handlers that have run).
"""

from __future__ import annotations

from typing import Any

from magicflow.core import flow, rules, values
from magicflow.core.backoff import delay_after
from magicflow.core.errors import (
    TIMEOUT,
    Error,
    allows_retry,
    make_error,
    with_cause,
)
from magicflow.core.frames import (
    drop_children,
    forget_timer,
    open_child,
    part_of,
    part_path,
    start_timer,
)
from magicflow.core.kinds import COMPOSITES, Kind
from magicflow.core.nodes import catch
from magicflow.core.scope import ABSENT
from magicflow.core.state import Row
from magicflow.core.transition import Transition
from magicflow.plan.nodes import Node, Try

RETRY_TIMER = "retry"


def _enter(tx: Transition, frame: Row, node: Try) -> None:
    frame = tx.edit_frame(frame["path"])
    frame["attempt"] = 1
    _attempt(tx, frame, node)


def _attempt(tx: Transition, frame: Row, node: Try) -> None:
    body = tx.plan.nodes[node.body]
    attempt = frame["attempt"]
    owner = frame.get("owner") or frame["path"]
    if body.kind != "call" and tx.step(owner) is not None:
        row = tx.edit_step(owner)
        row["status"] = "running"
        row["attempts"] = attempt
        if body.kind in COMPOSITES:
            tx.record("step_started", path=owner, step=row["step"], attempt=attempt)
    path = _body_path(frame, node)
    extra: Row = {}
    if body.step is None:  # a step is an occurrence of its own in every attempt
        extra["owner"] = owner
        if attempt > 1:
            extra["try"] = attempt
    tx.push(flow.enter, body, frame["path"], frame.get("scope", ""), path, extra)


def _body_path(frame: Row, node: Try) -> str:
    path = part_path(frame["path"], part_of(node.body, frame["node"]))
    attempt = frame["attempt"]
    return path if attempt == 1 else f"{path}~{attempt}"


def body_frame(tx: Transition, frame: Row, node: Try) -> Row | None:
    """The open frame of the attempt."""
    body = tx.plan.nodes[node.body]
    if body.step is None:
        return tx.frame(_body_path(frame, node))
    return tx.frame(open_child(tx, frame, body))


# what the body and the handlers come to


def _child_completed(
    tx: Transition,
    frame: Row,
    node: Try,
    child: Row,
    child_node: Node,
    value: Any,
    goto: str | None,
) -> None:
    if "clause" not in frame:
        _complete(tx, frame, node, value)
        return
    if child_node.rules and rules.after_step(tx, child, child_node):
        return
    if value is ABSENT:  # a fallback that was skipped answers nothing
        catch.answer(tx, frame, node, frame["error"], False, frame["clause"] + 1)
        return
    step = tx.plan.nodes[frame["node"]].step
    try:
        values.refuse_unfit(
            node.output_check, value, "the fallback's output", lambda: step
        )
    except values.Refused as refused:
        error = with_cause(refused.error, frame["error"])
        catch.answer(tx, frame, node, error, False, frame["clause"] + 1)
        return
    if node.step is not None:
        tx.edit_step(frame["path"])["fallback_used"] = True
    _complete(tx, frame, node, value)


def _complete(tx: Transition, frame: Row, node: Try, value: Any) -> None:
    if node.output is None:
        flow.complete(tx, frame, node, value)
    else:
        flow.complete_mapped(tx, frame, node, value, response=value)


def _child_failed(
    tx: Transition,
    frame: Row,
    node: Try,
    child: Row,
    child_node: Node,
    error: Error,
    own: bool,
    early: bool,
) -> None:
    frame = tx.open_frame(frame["path"])
    if "clause" in frame:
        error = with_cause(error, frame["error"])
        catch.answer(tx, frame, node, error, False, frame["clause"] + 1)
        return
    if not early:
        _record_failure(tx, frame, error)
        if own and _answered_at_once(node):
            catch.answer(tx, frame, node, error, True, 0)
            return
        if _retries(frame, node, error):
            _schedule_retry(tx, frame, node, error)
            return
    elif tx.step(owner := frame.get("owner") or frame["path"]) is not None:
        tx.edit_step(owner)["attempts"] = frame.get("attempt", 1) - 1
    catch.answer(tx, frame, node, error, own, 0)


def _record_failure(tx: Transition, frame: Row, error: Error) -> None:
    members = {"attempt": frame["attempt"], "error": error, **_named(tx, frame)}
    tx.record("attempt_failed", path=frame["path"], **members)


def _named(tx: Transition, frame: Row) -> Row:
    """The step that the attempts are of; compensation is no step."""
    row = tx.step(frame.get("owner") or frame["path"])
    return {} if row is None else {"step": row["step"]}


def _answered_at_once(node: Try) -> bool:
    return any(clause.before_retry for clause in node.catch)


def _retries(frame: Row, node: Try, error: Error) -> bool:
    policy = node.retry
    return (
        policy is not None
        and frame["attempt"] < policy.max_attempts
        and allows_retry(policy, error)
    )


def _schedule_retry(tx: Transition, frame: Row, node: Try, error: Error) -> None:
    assert node.retry is not None
    path = frame["path"]
    delay = delay_after(node.retry, frame["attempt"], tx.run["id"], path, error)
    frame = tx.edit_frame(path)
    frame["attempt"] += 1
    owner = frame.get("owner") or path
    if tx.step(owner) is not None:
        tx.edit_step(owner)["status"] = "retrying"
    due = tx.now + delay
    named = _named(tx, frame)
    tx.record("retry_scheduled", path=path, attempt=frame["attempt"], due=due, **named)
    start_timer(tx, path, f"{RETRY_TIMER}-{frame['attempt']}", due)


def _timer(tx: Transition, frame: Row, node: Try, purpose: str) -> None:
    """The delay is over."""
    _attempt(tx, forget_timer(tx, frame["path"], purpose), node)


def _timed_out(tx: Transition, frame: Row, node: Try, purpose: str) -> None:
    """`total_timeout` is over: whatever is in flight goes, and nothing is retried."""
    frame = forget_timer(tx, frame["path"], purpose)
    drop_children(tx, frame)
    error = make_error(
        TIMEOUT,
        f"all attempts together took more than {node.timeout} ms",
        step=node.step,
        attempt=frame["attempt"],
        details={"kind": "total"},
        retryable=False,
    )
    _record_failure(tx, frame, error)
    catch.answer(tx, frame, node, error, True, 0)


def _children(tx: Transition, frame: Row, node: Try) -> list[str]:
    if "clause" in frame:
        handler = tx.plan.nodes[node.catch[frame["clause"]].handler or ""]
        path = open_child(tx, frame, handler)
        return [] if path is None else [path]
    body = body_frame(tx, frame, node) if "attempt" in frame else None
    return [] if body is None else [body["path"]]


KIND = Kind(
    enter=_enter,
    child_completed=_child_completed,
    child_failed=_child_failed,
    children=_children,
    timer=_timer,
    timed_out=_timed_out,
)
