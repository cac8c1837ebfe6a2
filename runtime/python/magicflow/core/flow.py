"""The envelope of a node, equal for all kinds: how it begins, completes and fails.

Anything that begins a node goes through the transition's stack, so a chain of jumps
needs no call depth; what ends travels upward by calls, as deep as blocks are nested.
"""

from __future__ import annotations

from typing import Any

from magicflow.core import ending
from magicflow.core.errors import LIMIT, Error, make_error
from magicflow.core.frames import (
    ROOT,
    drop_children,
    end_step,
    node_of,
    occurrence_path,
    remove,
    root_node,
    start_timer,
)
from magicflow.core.kinds import COMPOSITES, KINDS
from magicflow.core.scope import ABSENT, Scope
from magicflow.core.state import Row
from magicflow.core.transition import Transition
from magicflow.core.values import Refused, holds, refuse_large, value_of
from magicflow.plan.nodes import Evaluate, Node

TIMEOUT_TIMER = "timeout"


# beginning


def enter(
    tx: Transition,
    node: Node,
    parent: str,
    scope: str,
    path: str,
    extra: Row | None = None,
) -> None:
    """Begin a node under an open frame.

    `scope` is the chain of loop iterations; `path` is for a node that is no step, a
    step gets its own. `extra` holds members for the frame, such as `errors`.
    """
    if tx.frame(parent) is None:
        return  # the parent ended while this waited on the stack
    step = node.step
    if step is not None:
        path = _occur(tx, scope + step, step, parent)
    elif _turns_in_circles(tx):
        return
    frame: Row = {"path": path, "node": node.id, "parent": parent}
    if scope:
        frame["scope"] = scope
    if extra:
        frame.update(extra)
    tx.frames[path] = frame
    try:
        if step is not None and (
            tx.visits or tx.run["occurrences"] > tx.plan.limits.occurrences_per_run
        ):
            _check_limits(tx, scope + step, node)
        if node.guard is not None and _is_skipped(tx, frame, node.guard):
            skip(tx, frame, node)
            return
        if node.input is not None:
            _map_input(tx, frame, node)
    except _RunLimit as limit:
        remove(tx, frame, node)
        end_step(tx, path, "failed", limit.error)
        ending.begin(tx, "failed", limit.error, failed_at=root_node(tx, frame))
        return
    except Refused as refused:
        fail_early(tx, frame, node, refused.error)
        return
    if node.timed and node.timeout is not None:
        start_timer(tx, path, TIMEOUT_TIMER, tx.now + node.timeout)
    if step is not None and node.kind not in _COUNTS_ATTEMPTS:
        row = tx.steps[path]
        row["attempts"] = 1
        row["status"] = "running"
        if node.kind in COMPOSITES:
            tx.record("step_started", path=path, step=step, attempt=1)
    KINDS[node.kind].enter(tx, frame, node)


_COUNTS_ATTEMPTS = frozenset({"call", "try"})


def _turns_in_circles(tx: Transition) -> bool:
    """Nodes that are no steps do not count as occurrences; what they may do within one
    event is bounded all the same."""
    tx.nameless += 1
    if tx.nameless <= 10 * tx.plan.limits.occurrences_per_run:
        return False
    if tx.run["phase"] in ("running", "handling"):
        error = make_error(LIMIT, "the run turns in circles without a step")
        ending.begin(tx, "failed", error)
    return True


def _occur(tx: Transition, key: str, step: str, parent: str) -> str:
    """A new occurrence of a step: its row; returns its path."""
    path = key
    if tx.visit_of(key):
        known = tx.visits.get(key) or tx.state["visits"].get(key)
        if known is None:
            first = tx.step(key) or {}
            known = {"visit": 1, "entered": 1, "block": first.get("block", ROOT)}
        visit = known["visit"] + 1
        entered = known["entered"] + 1 if known["block"] == parent else 1
        tx.visits[key] = {"visit": visit, "entered": entered, "block": parent}
        path = occurrence_path(key, visit)
    number = tx.run["occurrences"] + 1
    tx.run["occurrences"] = number
    row: Row = {
        "n": number,
        "step": step,
        "path": path,
        "status": "pending",
        "attempts": 0,
        "started_at": tx.now,
    }
    if parent != ROOT:
        row["block"] = parent
    tx.steps[path] = row
    return path


class _RunLimit(Refused):
    """The run itself has had enough: no handler may catch this, it would be one more."""


def _check_limits(tx: Transition, key: str, node: Node) -> None:
    limits = tx.plan.limits
    occurrences = limits.occurrences_per_run
    if tx.run["occurrences"] > occurrences and tx.run["phase"] != "undoing":
        message = f"the run has more than {occurrences} step occurrences"
        raise _RunLimit(make_error(LIMIT, message, step=node.step))
    visit = tx.visits.get(key)
    if visit is not None and visit["entered"] > limits.visits_per_block:
        message = f"the step was entered more than {limits.visits_per_block} times"
        raise Refused(make_error(LIMIT, message, step=node.step))


def _is_skipped(tx: Transition, frame: Row, guard: Evaluate) -> bool:
    return not holds(Scope(tx, frame), guard, "the condition")


def _map_input(tx: Transition, frame: Row, node: Node) -> None:
    assert node.input is not None
    value = value_of(tx, Scope(tx, frame), node.input, "the input")
    if node.step is None:
        frame["input"] = value
    else:
        tx.steps[frame["path"]]["input"] = value


# completing


def complete(tx: Transition, frame: Row, node: Node, value: Any) -> None:
    """The node has its value: end its step and hand the value to the parent."""
    extra = {} if value is ABSENT else {"output": value}
    _close(tx, frame, node, "completed", value, extra)


def map_output(tx: Transition, scope: Scope, node: Node, raw: Any) -> Any:
    """The node's value: its output mapping over what `scope` holds, else `raw`.
    Raises Refused."""
    if node.output is None:
        refuse_large(tx, raw, "the output", scope.step_name)
        return raw
    return value_of(tx, scope, node.output, "the output")


def complete_mapped(
    tx: Transition,
    frame: Row,
    node: Node,
    raw: Any,
    goto: str | None = None,
    **roots: Any,
) -> None:
    """Complete with the output mapping applied; when it fails, the attempt fails."""
    try:
        value = map_output(tx, Scope(tx, frame, **roots), node, raw)
    except Refused as refused:
        fail(tx, frame, node, refused.error)
        return
    extra = {} if value is ABSENT else {"output": value}
    _close(tx, frame, node, "completed", value, extra, goto)


def skip(tx: Transition, frame: Row, node: Node) -> None:
    """The guard said no."""
    _close(tx, frame, node, "skipped", ABSENT, {}, node.guard_skip)


def ignore(tx: Transition, frame: Row, node: Node, error: Error) -> None:
    """The step timed out and the flow goes on without its outputs."""
    _close(tx, frame, node, "timed_out", ABSENT, {"error": error, "ignored": True})


def _close(
    tx: Transition,
    frame: Row,
    node: Node,
    status: str,
    value: Any,
    extra: Row,
    goto: str | None = None,
) -> None:
    remove(tx, frame, node)
    if node.step is not None:
        error = extra.pop("error", None)
        end_step(tx, frame["path"], status, error, **extra)
    parent = frame["parent"]
    if not parent:
        KINDS["@run"].child_completed(tx, frame, node, frame, node, value, goto)
        return
    above = tx.open_frame(parent)
    above_node = tx.plan.nodes[above["node"]]
    kind = KINDS[above_node.kind]
    kind.child_completed(tx, above, above_node, frame, node, value, goto)


# failing


def fail(
    tx: Transition,
    frame: Row,
    node: Node,
    error: Error,
    own: bool = False,
    early: bool = False,
) -> None:
    """The node fails for good: whatever it has below goes, its step is `failed`, and
    its parent decides. `own`: by its own timeout. `early`: before any attempt."""
    drop_children(tx, tx.open_frame(frame["path"]))
    remove(tx, frame, node)
    if node.step is not None:
        if early:
            tx.edit_step(frame["path"])["attempts"] = 0
        end_step(tx, frame["path"], "timed_out" if own else "failed", error)
    parent = frame["parent"]
    if not parent:
        KINDS["@run"].child_failed(tx, frame, node, frame, node, error, own, early)
        return
    above = tx.open_frame(parent)
    above_node = node_of(tx, above)
    kind = KINDS[above_node.kind]
    kind.child_failed(tx, above, above_node, frame, node, error, own, early)


def fail_early(tx: Transition, frame: Row, node: Node, error: Error) -> None:
    """The node fails before it did anything: no attempt, no retry. A `try` answers by
    its clauses all the same."""
    if node.kind == "try":
        KINDS["try"].child_failed(tx, frame, node, frame, node, error, False, True)
    else:
        fail(tx, frame, node, error, early=True)
