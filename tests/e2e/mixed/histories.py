"""What can be known of runs over HTTP, and what of it is the same wherever they ran."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import httpx

from tests.e2e.mixed.rule_cases import AGAIN

Json = dict[str, Any]
FINAL = ("completed", "failed", "timed_out", "cancelled")
MASKED = ("event_id", "cloud_event_id", "task_id", "child_id")
_ID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?::\S*|/\d+)?"
)


class Reader:
    """Reads everything of runs from a server."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def get(self, path: str, **query: Any) -> Json:
        answer = self._http.get(path, params=query)
        assert answer.status_code == 200, (path, answer.text)
        found: Json = answer.json()
        return found

    def all(self, path: str, key: str) -> list[Json]:
        """Every page of a list."""
        found: list[Json] = []
        query: Json = {"limit": 200}
        while True:
            page = self.get(path, **query)
            found += page[key]
            if page.get("next_cursor") is None:
                return found
            query["cursor"] = page["next_cursor"]

    def run(self, id: str) -> Json:
        """A run with its steps and its history."""
        path = f"/api/v2/executions/{id}"
        return {
            **self.get(path),
            "steps": self.get(f"{path}/steps")["steps"],
            "history": self.all(f"{path}/events", "events"),
        }

    def families(self) -> dict[str, list[Json]]:
        """The runs on the server by the one that a user started: itself, then those that
        came of it (children, runs that begin anew), in the order of their starts."""
        rows = self.all("/api/v2/executions", "executions")
        rows.sort(key=lambda row: (row["created_at"], row["execution_id"]))
        owner: dict[str, str] = {}
        found: dict[str, list[Json]] = {}
        for row in rows:
            above = row.get("parent_id") or row.get("retry_of")
            root = owner.get(above, above) if above else row["execution_id"]
            owner[row["execution_id"]] = root
            found.setdefault(root, []).append(row)
        return found


def masked(run: Mapping[str, Any], concurrent: bool, free: Iterable[str] = ()) -> Json:
    """A run without what is different in every run: ids and times. Times that were
    decided are kept as the delay after the row. The rows of one occurrence stay in
    order; those of different ones too, unless they are `concurrent`. `free` names what
    may differ besides: `due`, or a member of a step such as `output.t`."""
    free = set(free)
    rows = [_row(row, free) for row in run["history"]]
    history: Any = rows
    if concurrent:
        history = {}
        for row in rows:
            history.setdefault(row.get("path", ""), []).append(row)
    steps = {row["path"]: _step(row, free) for row in run["steps"]}
    return {
        "workflow": run["workflow"].removesuffix(AGAIN),
        "status": run["status"],
        "output": plain(run["output"]),
        "error": plain(run["error"]),
        "compensation": run.get("compensation"),
        "steps": steps if concurrent else list(steps.items()),
        "history": history,
    }


def _row(row: Json, free: set[str]) -> Json:
    found = {
        name: "…" if name in MASKED else plain(value)
        for name, value in row.items()
        if name not in ("n", "at", "due")
    }
    if "due" in row:
        found["due"] = "…" if "due" in free else row["due"] - milliseconds(row["at"])
    return found


def milliseconds(at: str | int) -> int:
    """Of a time as the API and the core have it, since 1970."""
    if isinstance(at, int):
        return at
    moment = datetime.fromisoformat(at.replace("Z", "+00:00"))
    return round(moment.timestamp() * 1000)


def _step(row: Json, free: set[str]) -> Json:
    found: Json = {}
    for name in ("step", "status", "attempts", "input", "output", "error"):
        if name in row:
            found[name] = _without(name, plain(row[name]), free)
    found["fallback_used"] = bool(row.get("fallback_used"))
    return found


def _without(place: str, value: Any, free: set[str]) -> Any:
    if place in free:
        return "…"
    if isinstance(value, dict):
        return {
            key: _without(f"{place}.{key}", each, free) for key, each in value.items()
        }
    return value


def plain(value: Any) -> Any:
    """Without the ids of runs, which stand in texts as well."""
    if isinstance(value, str):
        return _ID.sub("<id>", value).replace(f"circuits{AGAIN}", "circuits")
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return value


def unlike(left: Any, right: Any, place: str = "") -> list[str]:
    """Where two masked runs differ, one line each."""
    if isinstance(left, dict) and isinstance(right, dict):
        return [
            line
            for name in sorted({*left, *right}, key=str)
            for line in unlike(left.get(name), right.get(name), f"{place}/{name}")
        ]
    lists = isinstance(left, list | tuple) and isinstance(right, list | tuple)
    if lists and len(left) == len(right):
        return [
            line
            for n, pair in enumerate(zip(left, right, strict=True))
            for line in unlike(*pair, f"{place}/{n}")
        ]
    if left == right and isinstance(left, bool) == isinstance(right, bool):
        return []
    return [f"{place}: {left!r} / {right!r}"[:1500]]
