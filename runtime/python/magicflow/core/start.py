"""How a run begins: anew, or after a failed one, whose results it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from magicflow.core import values
from magicflow.core.backoff import MAX_MILLIS
from magicflow.core.frames import ROOT, RUN_TIMEOUT
from magicflow.core.kinds import KINDS
from magicflow.core.nodes import seq
from magicflow.core.refusal import refuse
from magicflow.core.shapes import is_count
from magicflow.core.state import Row
from magicflow.core.transition import Transition
from magicflow.plan.nodes import Plan, Seq


def start(tx: Transition, event: Mapping[str, Any]) -> None:
    """The first event. Input that does not fit is refused."""
    plan = tx.plan
    given = event["input"]
    metadata = event.get("metadata") or {}
    try:
        values.refuse_large(tx, given, "the input", values.nameless)
        values.refuse_large(tx, metadata, "the metadata", values.nameless)
        values.refuse_unfit(plan.input_check, given, "the input", values.nameless)
        filled = plan.input_defaults(given)
        if filled is not given:
            given = filled
            what = "the input with its defaults"
            values.refuse_large(tx, given, what, values.nameless)
    except values.Refused as refused:
        error = refused.error
        raise refuse(error["code"], error["message"], error.get("details")) from None
    _refuse_resume(plan, event.get("resume"))
    tx.start = {"input": given, "metadata": metadata, "plan_hash": plan.hash}
    if "retry_of" in event:
        tx.start["retry_of"] = event["retry_of"]
    run = tx.run
    run.update(
        id=event["run_id"],
        phase="running",
        started_at=tx.now,
        history=0,
        occurrences=0,
        tasks=0,
    )
    tx.record("run_started")
    _start_deadline(tx, event)
    _enter_root(tx, event.get("resume"))


def _refuse_resume(plan: Plan, resume: Mapping[str, Any] | None) -> None:
    """Raises Refusal for a `resume` that `resume_point` cannot have given."""
    if resume is None:
        return
    block = plan.nodes[plan.root]
    valid = isinstance(block, Seq) and all(
        isinstance(rows, dict) and all(fits(key, row) for key, row in rows.items())
        for rows, fits in (
            (resume.get("steps"), _is_step),
            (resume.get("visits", {}), _is_visit),
        )
    )
    if valid and isinstance(block, Seq):
        if block.deps is None:
            valid = "done" not in resume and resume.get("start") in block.nodes
        else:
            done = resume.get("done")
            valid = isinstance(done, list) and all(
                isinstance(name, str) and name in block.deps for name in done
            )
    if not valid:
        raise refuse("MALFORMED", "the event `run_started` has no valid `resume`")


def _is_step(path: str, row: Any) -> bool:
    return (
        isinstance(row, dict)
        and is_count(row.get("n"))
        and row.get("path") == path
        and isinstance(row.get("step"), str)
        and isinstance(row.get("status"), str)
    )


def _is_visit(key: str, row: Any) -> bool:
    return (
        isinstance(row, dict)
        and is_count(row.get("visit"))
        and is_count(row.get("entered"))
        and isinstance(row.get("block"), str)
    )


def _start_deadline(tx: Transition, event: Mapping[str, Any]) -> None:
    """The run's own timeout, or a parent's when that is earlier."""
    timeout = event.get("timeout")
    if timeout is None and tx.plan.timeout is not None:
        timeout = tx.plan.timeout.after
    own = None if timeout is None else min(tx.now + timeout, MAX_MILLIS)
    due: int | None = event.get("deadline")
    if due is not None and (own is None or due < own):
        tx.run["timer"] = "inherited"
    elif own is not None:
        tx.run["timer"] = "own"
        due = own
    else:
        return
    if tx.plan.timeout is None or tx.plan.timeout.action != "ignore":
        tx.run["deadline"] = due
    tx.send("start_timer", timer_id=RUN_TIMEOUT, due=due)


def _enter_root(tx: Transition, resume: Mapping[str, Any] | None) -> None:
    node = tx.plan.nodes[tx.plan.root]
    frame: Row = {"path": ROOT, "node": node.id, "parent": ""}
    tx.frames[ROOT] = frame
    if resume is None:
        KINDS[node.kind].enter(tx, frame, node)
        return
    assert isinstance(node, Seq)
    for path in sorted(resume["steps"]):
        row = tx.steps[path] = dict(resume["steps"][path])
        tx.run["occurrences"] = max(tx.run["occurrences"], row["n"])
    for key in sorted(resume.get("visits", ())):
        tx.visits[key] = dict(resume["visits"][key])
    _resume_root(tx, frame, node, resume)


def _resume_root(
    tx: Transition, frame: Row, node: Seq, resume: Mapping[str, Any]
) -> None:
    if node.deps is None:
        seq.begin(tx, frame, resume["start"])
    else:
        seq.begin_after(tx, frame, node, resume["done"])
