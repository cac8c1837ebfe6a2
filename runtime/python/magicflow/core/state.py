"""The state of a run, and how deltas change it.

State is JSON in eight sections. `run` is one row that every transition changes;
`start` one row that is written once; the others are maps of rows:

    frames   path → a node that is being executed
    steps    path → an occurrence of a step
    visits   scope + step name → the latest of several occurrences
    cells    `<frame path>#<name>` → a small value of a frame that has many
    undo     dispatch number → registered compensation
    inbox    arrival number → an event that nobody has listened to yet

A store may keep each row by (run, section, key), or append deltas and fold them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

State = dict[str, Any]
Delta = dict[str, Any]
Row = dict[str, Any]

SECTIONS = ("frames", "steps", "visits", "cells", "undo", "inbox")


def new_state() -> State:
    """A run of which nothing is known yet; `run_started` makes it a run."""
    state: State = {"run": {"version": 0, "phase": "new"}, "start": {}}
    for section in SECTIONS:
        state[section] = {}
    return state


def apply(state: State, delta: Mapping[str, Any]) -> State:
    """Change `state` by `delta`, in place, and return it.

    Takes the delta's rows over without copying; neither is to be changed by others.
    A null row is removed, a null member of `run` too.
    """
    for section, changes in delta.items():
        if section == "history":
            continue
        if section == "start":
            state["start"] = changes
            continue
        rows = state[section]
        for key, row in changes.items():
            if row is None:
                rows.pop(key, None)
            else:
                rows[key] = row
    return state


def fold(deltas: Iterable[Mapping[str, Any]]) -> State:
    """The state after these deltas, from nothing."""
    state = new_state()
    for delta in deltas:
        apply(state, delta)
    return state
