"""`decide`: an event and a state → what changes and what is to be done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from magicflow.core import events
from magicflow.core.refusal import Refusal
from magicflow.core.state import Delta, Row, State, apply, new_state
from magicflow.core.transition import Command, Transition
from magicflow.plan.nodes import Plan


@dataclass(slots=True)
class Decision:
    """`refused` is None, or `{code, message, details?}` with everything else empty."""

    delta: Delta
    commands: list[Command]
    refused: Row | None = None


def decide(plan: Plan, state: State, event: Mapping[str, Any]) -> Decision:
    """Decide one event. Never changes `state`; raises nothing for what an event says,
    and ValueError when the run is on another plan.

    The delta's rows belong to the decision: apply them with `apply`, store them, and
    change neither.
    """
    known = state["start"].get("plan_hash", plan.hash)
    if known != plan.hash:
        raise ValueError(f"the run is on plan {known} and not on {plan.hash}")
    refused = events.refusal(state, event)
    if refused is not None:
        return Decision({}, [], refused)
    tx = Transition(plan, state, event)
    try:
        events.HANDLERS[event["type"]](tx, event)
    except Refusal as refusal:
        return Decision({}, [], refusal.reason)
    tx.work()
    run = tx.run
    run["version"] += 1
    run["status"] = _status(run)
    return Decision(tx.delta(), tx.commands)


def _status(run: Row) -> str:
    """The state of the run as people see it."""
    if run["phase"] == "ended":
        status: str = run["status"]
        return status
    if run.get("paused"):
        return "paused"
    if run["tasks"] or run["phase"] in ("stopping", "undoing"):
        return "running"
    return "waiting"


def replay(plan: Plan, events: Iterable[Mapping[str, Any]]) -> State:
    """The state after these events, from nothing."""
    state = new_state()
    for event in events:
        apply(state, decide(plan, state, event).delta)
    return state
