"""Failure rules: which one acts, and what it does."""

from __future__ import annotations

from enum import Enum

from magicflow.core import ending
from magicflow.core.errors import WORKFLOW_ERROR, Error, make_error
from magicflow.core.flow import enter
from magicflow.core.frames import ROOT, drop_children, part_of, part_path, root_node
from magicflow.core.scope import Scope, find_step
from magicflow.core.state import Row
from magicflow.core.transition import Transition
from magicflow.core.values import Refused, holds, text_of, value_of
from magicflow.plan.nodes import Node, Rule

ENDED = frozenset(
    {"completed", "failed", "timed_out", "skipped", "cancelled", "compensated"}
)


class Verdict(Enum):
    """What became of a failure: a rule took the run over, let the flow go on without
    outputs, or the block fails."""

    ACTED = 1
    CONTINUE = 2
    FAILS = 3


def after_step(tx: Transition, frame: Row, node: Node) -> bool:
    """A step ended completed, skipped or ignored: try the outcome rules that read it
    and of whose steps all have ended. True when one took the run over."""
    if not node.rules or tx.run["phase"] != "running":
        return False
    prefix = frame.get("scope", "")
    for rule in node.rules:
        if all(_has_ended(tx, prefix, name) for name in rule.reads):
            message = _match(tx, rule, Scope(tx, frame))
            if message is not None:
                return _act(tx, rule, message, frame, None) is Verdict.ACTED
    return False


def after_failure(tx: Transition, frame: Row, error: Error) -> Verdict:
    """A step failed and nothing of its own answered: try every rule, in order. An
    outermost rule waits until the failure has come up to the root block."""
    if tx.run["phase"] != "running":
        return Verdict.FAILS
    for rule in tx.plan.rules:
        if rule.outermost and frame["parent"] != ROOT:
            continue
        message = _match(tx, rule, Scope(tx, frame, error=error))
        if message is not None:
            return _act(tx, rule, message, frame, error)
    return Verdict.FAILS


def _has_ended(tx: Transition, prefix: str, name: str) -> bool:
    row = find_step(tx, prefix, name)
    return row is not None and row["status"] in ENDED


def _match(tx: Transition, rule: Rule, scope: Scope) -> Row | None:
    """The message and details of a rule that matches. A rule whose expressions fail
    does not match; the error is recorded."""
    action = rule.action
    message: Row = {}
    try:
        if not holds(scope, rule.when, "the rule's condition"):
            return None
        if action.message is not None:
            message["message"] = text_of(
                tx, scope, action.message, "the rule's message"
            )
        if action.details is not None:
            message["details"] = value_of(
                tx, scope, action.details, "the rule's details"
            )
    except Refused as refused:
        tx.record("rule_error", rule=rule.id, error=refused.error)
        return None
    return message


def _act(
    tx: Transition, rule: Rule, message: Row, frame: Row, error: Error | None
) -> Verdict:
    action = rule.action
    tx.record("rule_matched", rule=rule.id, action=action.type, path=frame["path"])
    if action.type == "continue":
        return Verdict.CONTINUE
    if action.type == "block_fails":
        return Verdict.FAILS
    if action.type == "goto":
        _jump(tx, rule, frame, error)
        return Verdict.ACTED
    outcome = _outcome(rule, message, error)
    tx.run["failed_at"] = root_node(tx, frame)
    if action.type == "fail":
        ending.begin(tx, "failed", outcome, undo=False)
    elif action.body is None:
        ending.begin(tx, "failed", outcome)
    else:
        errors = [error] if error is not None else []
        ending.handle(tx, action.body, errors, {"status": "failed", "error": outcome})
    return Verdict.ACTED


def _outcome(rule: Rule, message: Row, error: Error | None) -> Error:
    """The error with which a rule ends the run."""
    if rule.action.keep_error and error is not None:
        return error
    text = message.get("message")
    if text is None:
        text = (
            error["message"]
            if error is not None
            else f"the failure rule {rule.id} ended the run"
        )
    return make_error(
        rule.action.code, text, details=message.get("details"), cause=error
    )


def _jump(tx: Transition, rule: Rule, frame: Row, error: Error | None) -> None:
    """Everything in the root block is left for one of its nodes, which sees the error:
    that of the failure, or for an outcome one that says which rule it was."""
    target = rule.action.target
    assert target is not None
    failed = root_node(tx, frame)
    if error is None:
        text = f"the failure rule {rule.id} matched"
        step = tx.plan.nodes[frame["node"]].step
        error = make_error(WORKFLOW_ERROR, text, step=step)
    tx.ops.clear()
    drop_children(tx, tx.open_frame(ROOT))
    extra: Row = {"errors": [error], "failed": failed}
    path = part_path(ROOT, part_of(target, ROOT))
    tx.push(enter, tx.plan.nodes[target], ROOT, "", path, extra)
