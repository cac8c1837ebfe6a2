"""Runs as the API shows them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from magicflow.engine.encoding import decode
from magicflow.engine.live import LiveRun
from magicflow.engine.requests import OWN_KEYS
from magicflow.expr.scope import format_time as format_any_time
from magicflow.server.http import Problem
from magicflow.store import RunRow

Json = dict[str, Any]


@lru_cache(maxsize=1024)
def _whole_seconds(seconds: int) -> str:
    return format_any_time(seconds * 1000)[:-5]


def format_time(milliseconds: int) -> str:
    """RFC 3339 in UTC; times of one second share the work."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{_whole_seconds(seconds)}.{rest:03d}Z"


def run_summary(row: RunRow) -> Json:
    """What a list shows of a run."""
    summary: Json = {
        "execution_id": row.id,
        "workflow": row.workflow,
        "version": row.workflow_version,
        "status": row.status,
        "created_at": format_time(row.created_at),
        "updated_at": format_time(row.updated_at),
    }
    if row.ended_at is not None:
        summary["ended_at"] = format_time(row.ended_at)
    if row.foreign_id is not None:
        summary["foreign_id"] = row.foreign_id
    if row.idempotency_key is not None and not row.idempotency_key.startswith(OWN_KEYS):
        summary["idempotency_key"] = row.idempotency_key
    if row.priority:
        summary["priority"] = row.priority
    if row.retry_of is not None:
        summary["retry_of"] = row.retry_of
    if row.parent is not None:
        summary["parent_id"] = row.parent.partition(":")[0]
    return summary


def run_view(live: LiveRun) -> Json:
    """One run, with its input and outcome."""
    view = run_summary(live.row)
    run, start = live.state["run"], live.state["start"]
    view["plan_hash"] = live.row.plan_hash
    view["input"] = start.get("input")
    view["metadata"] = start.get("metadata", {})
    view["output"] = run.get("output")
    view["error"] = run.get("error")
    if "compensation" in run:
        view["compensation"] = run["compensation"]
    if "deadline" in run:
        view["deadline"] = format_time(run["deadline"])
    if live.poisoned is not None:
        view["poisoned"] = live.poisoned
    return view


def outcome_view(live: LiveRun) -> Json:
    """What `?wait` answers: small, because it is the busiest answer of all."""
    row, run = live.row, live.state["run"]
    return {
        "execution_id": row.id,
        "workflow": row.workflow,
        "status": row.status,
        "created_at": format_time(row.created_at),
        "ended_at": None if row.ended_at is None else format_time(row.ended_at),
        "output": run.get("output"),
        "error": run.get("error"),
    }


def step_views(live: LiveRun) -> list[Json]:
    """Every occurrence of a step that was entered, in that order."""
    rows = sorted(live.state["steps"].items(), key=lambda item: item[1].get("n", 0))
    return [_step_view(path, row) for path, row in rows]


def _step_view(path: str, row: Json) -> Json:
    view: Json = {"path": path, "step": row["step"], "status": row["status"]}
    for name in ("attempts", "input", "output", "error", "fallback_used"):
        if name in row:
            view[name] = row[name]
    for name in ("started_at", "ended_at"):
        if row.get(name) is not None:
            view[name] = format_time(row[name])
    return view


def history_views(rows: Iterable[Json]) -> list[Json]:
    return [{**row, "at": format_time(row["at"])} for row in rows]


def history_of(text: str) -> list[Json]:
    rows: list[Json] = decode(text)
    return rows


def encode_cursor(*parts: str | int) -> str:
    """An opaque place in a list."""
    text = "\0".join(map(str, parts))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, parts: int) -> list[str]:
    """Raises a 400 problem for a cursor that we did not give."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        found = ""
    pieces = found.split("\0")
    if not found or len(pieces) != parts:
        raise Problem(400, "BAD_REQUEST", "the cursor is not one of this server's")
    return pieces
