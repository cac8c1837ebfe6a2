"""How a run ends: stop what is in flight, compensate, say so once.

    begin ──▶ stopping ──▶ undoing ──▶ ended
              (waits for    (newest
              tasks, at     first, one
              most the      at a time)
              grace)

A phase that has nothing to do is passed over within the same event.
"""

from __future__ import annotations

from typing import Any

from magicflow.core.errors import Error
from magicflow.core.frames import (
    RUN_GRACE,
    RUN_TIMEOUT,
    drop,
    node_of,
    stop_timers,
)
from magicflow.core.kinds import KINDS
from magicflow.core.state import Row
from magicflow.core.transition import Transition

HANDLING = "@handling"
UNDO = "@undo"
_TOPS = ("/", HANDLING)
NOTIFICATION = "io.magicflow.notification"


def begin(
    tx: Transition,
    status: str,
    error: Error | None = None,
    *,
    output: Any = None,
    undo: bool = True,
    failed_at: str | None = None,
    patient: bool = False,
    retry: bool = False,
) -> None:
    """Let the run end with this outcome.

    `undo`: registered compensation runs first. `patient`: every task and child in
    flight may still report, for the grace; otherwise only tasks whose effects are to
    be undone are waited for, because undoing what is still being done would lose it.
    `failed_at`: the root block's node at which a retried run begins. `retry`: a new run
    follows.
    """
    run = tx.run
    tx.ops.clear()
    ending: Row = {"status": status, "undo": undo}
    if error is not None:
        ending["error"] = error
    if output is not None:
        ending["output"] = output
    if retry:
        ending["retry"] = True
    run["ending"] = ending
    run["phase"] = "stopping"
    if failed_at is not None:
        run["failed_at"] = failed_at
    _cancel_deadline(tx)
    waits = [
        _stop(tx, top, patient, undo) for top in _TOPS if tx.frame(top) is not None
    ]
    if any(waits):
        run["grace"] = True
        tx.send(
            "start_timer", timer_id=RUN_GRACE, due=tx.now + tx.plan.limits.cancel_grace
        )
    else:
        unwind(tx)


def _cancel_deadline(tx: Transition) -> None:
    if tx.run.pop("timer", None):
        tx.send("cancel_timer", timer_id=RUN_TIMEOUT)


def _stop(tx: Transition, path: str, patient: bool, undo: bool) -> bool:
    """Take down what need not be waited for. True when something below is still open:
    its frames stay, because its result needs them."""
    frame = tx.open_frame(path)
    node = node_of(tx, frame)
    kind = KINDS[node.kind]
    if kind.stop is not None and kind.stop(tx, frame, node, patient, undo):
        return True
    open_below = [_stop(tx, c, patient, undo) for c in kind.children(tx, frame, node)]
    if not any(open_below):
        drop(tx, path)
        return False
    if "timers" in frame:
        stop_timers(tx, frame)
        del tx.edit_frame(path)["timers"]
    return True


def settled(tx: Transition) -> None:
    """A task or child that was waited for has ended; go on when it was the last."""
    if tx.run.get("waits", 0) == 0:
        unwind(tx)


def unwind(tx: Transition) -> None:
    """Nothing is waited for any more: drop the rest, then compensate or end."""
    run = tx.run
    run.pop("waits", None)
    if run.pop("grace", None):
        tx.send("cancel_timer", timer_id=RUN_GRACE)
    for top in _TOPS:
        drop(tx, top)
    if run["ending"]["undo"] and run.get("undo"):
        run["phase"] = "undoing"
        frame: Row = {"path": UNDO, "node": UNDO, "parent": "", "at": run["undo"] + 1}
        tx.frames[UNDO] = frame
        KINDS[UNDO].enter(tx, frame, tx.plan.nodes[UNDO])
    else:
        finish(tx)


def finish(tx: Transition) -> None:
    """The one place where a run ends."""
    run = tx.run
    outcome = run.pop("ending")
    run.pop("paused", None)
    run.pop("held", None)
    status = outcome["status"]
    run["phase"] = "ended"
    run["status"] = status
    run["ended_at"] = tx.now
    error = outcome.get("error")
    output = outcome.get("output")
    if error is not None:
        run["error"] = error
    if output is not None:
        run["output"] = output
    for key in tx.state["inbox"]:
        tx.inbox[key] = None
    members = {} if error is None else {"error": error}
    tx.record(f"run_{status}", **members)
    if status != "completed":
        _notify(tx, status, error)
    if outcome.get("retry"):
        tx.send(
            "start_retry",
            retry_of=run["id"],
            input=tx.start["input"],
            metadata=tx.start["metadata"],
        )
    tx.send("run_ended", status=status, output=output, error=error)


def _notify(tx: Transition, status: str, error: Error | None) -> None:
    run_id = tx.run["id"]
    for number, entry in enumerate(tx.plan.notifications, 1):
        data: Row = {
            "run_id": run_id,
            "workflow": tx.plan.name,
            "version": tx.plan.version,
            "status": status,
            "error": error,
            "notification": entry,
        }
        event_id = f"{run_id}:@notification/{number}"
        tx.send("emit_event", event_id=event_id, event=NOTIFICATION, data=data)


def handle(
    tx: Transition, node_id: str, errors: list[Error], then: Row | None = None
) -> None:
    """Stop everything and run a node instead: a rule's steps (`then` is the outcome of
    the run behind them), or the run timeout's fallback (its result is the run's)."""
    tx.ops.clear()
    _cancel_deadline(tx)
    for top in _TOPS:
        drop(tx, top)
    tx.run["phase"] = "handling"
    frame: Row = {"path": HANDLING, "node": HANDLING, "parent": "", "run": node_id}
    if errors:
        frame["errors"] = errors
    if then is not None:
        frame["then"] = then
    tx.frames[HANDLING] = frame
    KINDS[HANDLING].enter(tx, frame, tx.plan.nodes[HANDLING])
