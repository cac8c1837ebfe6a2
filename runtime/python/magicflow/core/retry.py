"""Where a new run begins that retries a failed one, and what it keeps."""

from __future__ import annotations

from typing import Any

from magicflow.core.state import Row, State
from magicflow.plan.nodes import Plan, Seq

_KEPT = frozenset({"completed", "skipped"})


def resume_point(plan: Plan, state: State) -> dict[str, Any] | None:
    """The member `resume` of the `run_started` that retries this run; None when the run
    has not failed, or not at a step.

    The results of completed steps are kept, and the run begins at the failed step of
    the root block. What compensation has undone does not stand any more: with it, the
    run begins at the first step that was undone.
    """
    run = state["run"]
    failed_at = run.get("failed_at")
    root = plan.nodes[plan.root]
    if run.get("status") != "failed" or failed_at is None or not isinstance(root, Seq):
        return None
    if root.deps is not None:
        return _resume_dag(root, state)
    undone = [r for r in state["steps"].values() if r["status"] == "compensated"]
    tops = [_top(state, row) for row in undone]
    failed = [r for r in state["steps"].values() if r["step"] == failed_at]
    first = min(tops + failed, key=lambda row: int(row["n"]), default=None)
    if first is None or not failed:
        return None
    if not undone:
        first = max(failed, key=lambda row: int(row["n"]))
    kept = [
        row
        for row in state["steps"].values()
        if _stands(row) and _top(state, row)["n"] < first["n"]
    ]
    return {"start": first["step"], **_rows(kept)}


def _resume_dag(root: Seq, state: State) -> dict[str, Any]:
    """A node of a DAG stands when it ended well, nothing in it was undone, and all that
    it waited for stands."""
    undone = {
        _top(state, row)["step"]
        for row in state["steps"].values()
        if row["status"] == "compensated"
    }
    ended = {
        row["step"]
        for row in state["steps"].values()
        if "block" not in row and _stands(row) and row["step"] not in undone
    }
    deps = root.deps or {}
    stands: dict[str, bool] = {}

    def check(name: str) -> bool:
        if name not in stands:
            stands[name] = name in ended and all(map(check, deps[name]))
        return stands[name]

    done = [name for name in root.nodes if name in deps and check(name)]
    kept = [
        row
        for row in state["steps"].values()
        if _stands(row) and _top(state, row)["step"] in done
    ]
    return {"done": done, **_rows(kept)}


def _stands(row: Row) -> bool:
    return row["status"] in _KEPT or bool(row.get("ignored"))


def _top(state: State, row: Row) -> Row:
    """The occurrence in the root block that a step's occurrence stands in."""
    while "block" in row:
        path = row["block"].split("/", 1)[0].split("[", 1)[0]
        above = state["steps"].get(path)
        if above is None:
            return row
        row = above
    return row


def _rows(kept: list[Row]) -> dict[str, Any]:
    """The kept occurrences and the latest visits among them."""
    visits: dict[str, Row] = {}
    for row in sorted(kept, key=lambda row: int(row["n"])):
        key, _, visit = row["path"].rpartition("~")
        if key and visit.isdigit():
            block = row.get("block", "/")
            visits[key] = {"visit": int(visit), "entered": int(visit), "block": block}
    steps = {row["path"]: _without_undo(row) for row in kept}
    return {"steps": steps, "visits": visits}


def _without_undo(row: Row) -> Row:
    return {name: member for name, member in row.items() if name != "undo"}
