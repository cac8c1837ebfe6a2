"""Events for a run: each matched once, to the listener that waits longest; until
somebody listens they are buffered in the order of their arrival, or until they expire.

Listeners and buffered events stand in queues by what they are matched on, so that
neither thousands of listeners nor thousands of events cost a search. A row of `inbox`
stays when its event was taken: the same event a second time changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from magicflow.canonical import canonical
from magicflow.core import queues
from magicflow.core.state import Row
from magicflow.core.transition import Transition
from magicflow.plan.nodes import Listen

MAX_BUFFERED = 1_000
"""How many events one run buffers."""


def is_known(tx: Transition, event_id: str) -> bool:
    """Whether the event was buffered or taken before."""
    return tx.state["inbox"].get(event_id) is not None


def is_full(tx: Transition) -> bool:
    """Whether the run buffers no more; what has expired makes room."""
    if tx.run.get("buffered", 0) < MAX_BUFFERED:
        return False
    for event_id in sorted(tx.state["inbox"]):
        row = tx.state["inbox"][event_id]
        if "data" in row and _has_expired(tx, row):
            _expire(tx, row)
    return int(tx.run["buffered"]) >= MAX_BUFFERED


def keep(tx: Transition, event: Row) -> None:
    """Buffer an event that nobody listens to yet."""
    event_id = event["event_id"]
    tx.run["buffered"] = tx.run.get("buffered", 0) + 1
    members = ("event_id", "event", "data", "expires_at")
    tx.inbox[event_id] = {k: event[k] for k in members if k in event}
    for names in _name_sets(tx, event["event"]):
        name = _name(event["event"], names, event["data"])
        if name is not None:
            queues.append(tx, f"@event/{name}", event_id)
    tx.record("event_buffered", event=event["event"], event_id=event_id)


def take(tx: Transition, node: Listen, correlate: Mapping[str, Any]) -> Row | None:
    """The oldest buffered event that a new listener takes."""
    queue = f"@event/{node.event}/{canonical(correlate)}"

    def accepts(event_id: str) -> bool:
        row = _row(tx, event_id)
        return row is not None and "data" in row and _fits(node, row["data"])

    while (found := queues.first(tx, queue, accepts)) is not None:
        number, event_id = found
        queues.discard(tx, queue, number)
        row = _row(tx, event_id)
        assert row is not None
        if not _has_expired(tx, row):
            tx.run["buffered"] -= 1
            return row
        _expire(tx, row)
    return None


def _has_expired(tx: Transition, row: Row) -> bool:
    return "expires_at" in row and bool(row["expires_at"] <= tx.now)


def _expire(tx: Transition, row: Row) -> None:
    event_id = row["event_id"]
    tx.inbox[event_id] = None
    tx.run["buffered"] -= 1
    tx.record("event_expired", event=row["event"], event_id=event_id)


def listen(
    tx: Transition, path: str, node: Listen, correlate: Mapping[str, Any]
) -> Row:
    """Wait in the queue of listeners. Returns the place, for `leave`."""
    queue = f"@listen/{node.event}/{canonical(correlate)}"
    return {"queue": queue, "number": queues.append(tx, queue, path)}


def leave(tx: Transition, place: Row) -> None:
    queues.discard(tx, place["queue"], place["number"])


def listener(tx: Transition, event: str, data: Any) -> str | None:
    """The path of the listener that takes an event: of those that it fits, the one
    that asks for most, and of these the one that waits longest."""

    def accepts(path: str) -> bool:
        frame = tx.open_frame(path)
        node = tx.plan.nodes[frame["node"]]
        return isinstance(node, Listen) and _fits(node, data)

    for names in _name_sets(tx, event):
        name = _name(event, names, data)
        if name is not None:
            found = queues.first(tx, f"@listen/{name}", accepts)
            if found is not None:
                return found[1]
    return None


def taken(tx: Transition, event: Row, path: str) -> None:
    """The event is somebody's now."""
    event_id = event["event_id"]
    tx.inbox[event_id] = {"event_id": event_id, "taken": path}
    tx.record("event_matched", path=path, event=event["event"], event_id=event_id)


def _row(tx: Transition, event_id: str) -> Row | None:
    row: Row | None = tx.state["inbox"].get(event_id)
    return tx.inbox.get(event_id, row)


def _fits(node: Listen, data: Any) -> bool:
    return node.data_check is None or not node.data_check(data)


def _name_sets(tx: Transition, event: str) -> tuple[tuple[str, ...], ...]:
    """What the plan's listeners to this event are matched on, the longest first."""
    return tx.plan.correlations.get(event, ())


def _name(event: str, names: tuple[str, ...], data: Any) -> str | None:
    """The queue of what asks for these members of the data, equal to the data's."""
    if names and not (isinstance(data, dict) and all(name in data for name in names)):
        return None
    try:
        return f"{event}/{canonical({name: data[name] for name in names})}"
    except ValueError:
        return None  # no JSON text says this, so no listener asks for it
