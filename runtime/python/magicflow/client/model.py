"""What a client gives back, and the requests that both clients share."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from magicflow.client.errors import RunFailed

Json = dict[str, Any]
FINAL = frozenset({"completed", "failed", "timed_out", "cancelled"})


@dataclass(frozen=True, slots=True)
class Execution:
    """A run as the server told of it. `raw` has every member of the answer."""

    id: str
    workflow: str
    status: str
    output: Any = None
    error: Json | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def ended(self) -> bool:
        return self.status in FINAL

    def result(self) -> Any:
        """The output of a completed run. Raises RunFailed for one that ended otherwise."""
        if self.status != "completed":
            raise RunFailed(self.id, self.status, self.error)
        return self.output


def execution(body: Mapping[str, Any]) -> Execution:
    return Execution(
        str(body["execution_id"]),
        str(body.get("workflow", "")),
        str(body["status"]),
        body.get("output"),
        body.get("error"),
        body,
    )


@dataclass(frozen=True, slots=True)
class Event:
    """One row of a run's history; `n` counts from 1."""

    n: int
    type: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `safe` says that sending it twice does no harm."""

    method: str
    path: str
    body: Json | None = None
    safe: bool = False
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Retries:
    """Backoff: `first` seconds, doubled each time up to `longest`, half of it random;
    `attempts` counts all of them."""

    attempts: int = 5
    first: float = 0.1
    longest: float = 5.0

    def delay(self, attempt: int, retry_after: float | None) -> float:
        """Seconds after a failed attempt, numbered from 1."""
        delay: float = min(self.first * 2.0 ** (attempt - 1), self.longest)
        return max(delay / 2 + random.random() * delay / 2, retry_after or 0.0)


RETRIED = frozenset({429, 502, 503, 504})


def start_call(
    workflow: str,
    input: Any,
    *,
    wait: float | None,
    idempotency_key: str | None,
    metadata: Mapping[str, Any] | None,
    priority: int,
    foreign_id: str | None,
    timeout_override: str | None,
    webhook: str | None,
) -> Call:
    """A start is safe to repeat, because it always carries an idempotency key."""
    body: Json = {
        "input": input,
        "idempotency_key": idempotency_key or str(uuid.uuid4()),
    }
    if metadata:
        body["metadata"] = dict(metadata)
    if priority:
        body["priority"] = priority
    for name, value in (
        ("foreign_id", foreign_id),
        ("timeout_override", timeout_override),
        ("webhook", webhook),
    ):
        if value is not None:
            body[name] = value
    path = f"/api/v2/workflows/{quote(workflow, safe='')}/execute"
    if wait:
        path += f"?wait={int(wait * 1000)}ms"
    return Call("POST", path, body, safe=True, timeout=wait)


def run_path(run_id: str, part: str = "") -> str:
    return f"/api/v2/executions/{quote(run_id, safe='')}{part}"


def wait_call(run_id: str, seconds: float) -> Call:
    path = run_path(run_id, f"?wait={int(seconds * 1000)}ms")
    return Call("GET", path, safe=True, timeout=seconds)


def signal_call(run_id: str, event: str, data: Any, event_id: str | None) -> Call:
    body = {"event": event, "data": data, "event_id": event_id or str(uuid.uuid4())}
    return Call("POST", run_path(run_id, "/events"), body, safe=True)


def init_event_call(event: Mapping[str, Any]) -> Call:
    """A WorkflowInitEvent: {workflow_name, initial_data, priority?, metadata?, source,
    timestamp}."""
    body = {
        **event,
        "idempotency_key": event.get("idempotency_key") or str(uuid.uuid4()),
    }
    return Call("POST", "/api/v2/workflow-events", body, safe=True)


def list_call(
    limit: int, cursor: str | None, filters: Mapping[str, str | None]
) -> Call:
    query = {"limit": str(limit), "cursor": cursor, **filters}
    text = "&".join(
        f"{name}={quote(value, safe='')}" for name, value in query.items() if value
    )
    return Call("GET", f"/api/v2/executions?{text}", safe=True)


class EventParser:
    """Lines of a server-sent event stream → events."""

    def __init__(self) -> None:
        self._data: list[str] = []

    def feed(self, line: str) -> str | None:
        """The data of an event that this line completes."""
        if line.startswith("data:"):
            self._data.append(line[5:].removeprefix(" "))
        elif not line and self._data:
            data, self._data = "\n".join(self._data), []
            return data
        return None
