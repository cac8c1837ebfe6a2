"""Runs in memory, and the way from a decision to the rows of its transition."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from magicflow.core import fold
from magicflow.engine.catalog import Catalog, Deployed
from magicflow.engine.encoding import decode, encode
from magicflow.engine.tasks import Unreadable
from magicflow.store import Effect, RunRow, Store, StoreError, Transition

Json = dict[str, Any]
EffectKey = tuple[str, str]
"""(kind, key)."""

HistoryListener = Callable[[list[Json]], None]


class LiveRun:
    """A run's state, decided up to `row.version`, of which `in_flight` transitions are
    not durable yet."""

    __slots__ = (
        "deployed",
        "in_flight",
        "info",
        "listeners",
        "open",
        "poisoned",
        "queued",
        "row",
        "state",
        "waiters",
    )

    def __init__(self, row: RunRow, deployed: Deployed, state: Json) -> None:
        self.row = row
        self.deployed = deployed
        self.state = state
        self.info: Json = {}
        self.open: dict[EffectKey, None] = {}
        self.waiters: list[asyncio.Future[None]] = []
        self.listeners: list[HistoryListener] = []
        self.in_flight = 0
        self.poisoned: str | None = None
        self.queued: Json | None = None
        """The start of a run that may not run yet."""

    @property
    def id(self) -> str:
        return self.row.id

    @property
    def ended(self) -> bool:
        """Whether the end is decided and durable."""
        return self.row.ended_at is not None and self.in_flight == 0

    def wake(self) -> None:
        """Everybody who waits looks again."""
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(None)
        self.waiters = []

    @property
    def idle(self) -> bool:
        """Whether nobody needs it in memory."""
        return not (self.in_flight or self.waiters or self.listeners)


class LiveRuns:
    """The runs in memory, least recently used first; others are read from the store."""

    def __init__(self, store: Store, catalog: Catalog, limit: int) -> None:
        self._store = store
        self._catalog = catalog
        self._limit = limit
        self._runs: OrderedDict[str, LiveRun] = OrderedDict()

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Any:
        return iter(list(self._runs.values()))

    def add(self, live: LiveRun) -> None:
        self._runs[live.row.id] = live
        if len(self._runs) > self._limit:
            self._evict(live)

    def _evict(self, added: LiveRun) -> None:
        # those in use are passed over, as is the one that is about to be: decided on a
        # second copy, its next event would meet a version that is taken. A tenth at a
        # time keeps the cost per run constant
        wanted = len(self._runs) - self._limit + self._limit // 10
        for run_id, live in list(self._runs.items()):
            if wanted <= 0:
                return
            if live.idle and live is not added:
                del self._runs[run_id]
                wanted -= 1

    def in_memory(self, run_id: str) -> LiveRun | None:
        return self._runs.get(run_id)

    def get(self, run_id: str) -> LiveRun | None:
        """The run, read from the store when it is not in memory; None when there is
        none. Raises StoreError, Unreadable."""
        live = self._runs.get(run_id)
        if live is not None:
            self._runs.move_to_end(run_id)
            return live
        row = self._store.run(run_id)
        if row is None:
            return None
        live = self._read(row)
        if row.ended_at is None:
            self.add(live)
        return live

    def _read(self, row: RunRow) -> LiveRun:
        try:
            return self._build(row)
        except StoreError:
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise Unreadable(f"run {row.id} cannot be read: {reason}") from error

    def _build(self, row: RunRow) -> LiveRun:
        deployed = self._catalog.of_hash(row.plan_hash)
        state = fold(decode(entry.changes) for entry in self._store.log(row.id))
        live = LiveRun(row, deployed, state)
        live.info = decode(row.info)
        if row.ended_at is None:
            for effect in self._store.effects(KINDS, row.id):
                live.open[effect.kind, effect.key] = None
                if effect.kind == "start":
                    live.queued = decode(effect.payload)
        return live

    def drop(self, run_id: str) -> None:
        self._runs.pop(run_id, None)

    def clear(self) -> list[LiveRun]:
        """Forget all; gives those that somebody waits for or listens to."""
        watched = [run for run in self._runs.values() if run.waiters or run.listeners]
        self._runs.clear()
        return watched


KINDS = (
    "task",
    "timer",
    "listen",
    "human",
    "event",
    "child",
    "stop",
    "retry",
    "webhook",
    "start",
)
_OUTLIVES = frozenset({"event", "webhook", "retry", "stop"})
"""What a run asked for and still wants after its end."""

_EVENT_CLOSES: dict[str, Callable[[Json], EffectKey]] = {
    "task_result": lambda e: ("task", f"{e['task_id']}@{e['attempt']}"),
    "timed_out": lambda e: ("task", f"{e['task_id']}@{e['attempt']}"),
    "task_stopped": lambda e: ("task", f"{e['task_id']}@{e['attempt']}"),
    "timer_fired": lambda e: ("timer", e["timer_id"]),
    "human_completed": lambda e: ("human", e["task_id"]),
    "child_ended": lambda e: ("child", e["child_id"]),
    "run_started": lambda e: ("start", "start"),
}
_COMMAND_CLOSES: dict[str, Callable[[Json], EffectKey | None]] = {
    "cancel_task": lambda c: (
        None if c.get("wait") else ("task", f"{c['task_id']}@{c['attempt']}")
    ),
    "cancel_timer": lambda c: ("timer", c["timer_id"]),
    "unlisten": lambda c: ("listen", c["listen_id"]),
    "close_human_task": lambda c: ("human", c["task_id"]),
}


def _opens_task(run_id: str, c: Json) -> Effect:
    key = f"{c['task_id']}@{c['attempt']}"
    return Effect(run_id, "task", key, c["executor"], None, 0, encode(c))


def _opens_timer(run_id: str, c: Json) -> Effect:
    return Effect(run_id, "timer", c["timer_id"], "", c["due"])


def _opens_listen(run_id: str, c: Json) -> Effect:
    return Effect(run_id, "listen", c["listen_id"], c["event"], None, 0, encode(c))


def _opens_human(run_id: str, c: Json) -> Effect:
    name = c.get("assignee")
    name = name if isinstance(name, str) else ""
    return Effect(run_id, "human", c["task_id"], name, c.get("due"), 0, encode(c))


def _opens_event(run_id: str, c: Json) -> Effect:
    return Effect(run_id, "event", c["event_id"], c["event"], None, 0, encode(c))


def _opens_child(run_id: str, c: Json) -> Effect:
    return Effect(run_id, "child", c["child_id"], c["workflow"], None, 0, encode(c))


def _opens_stop(run_id: str, c: Json) -> Effect:
    return Effect(run_id, "stop", c["child_id"], "", None, 0, encode(c))


def _opens_retry(run_id: str, c: Json) -> Effect:
    return Effect(run_id, "retry", "retry", "", None, 0, encode(c))


_OPENS: dict[str, Callable[[str, Json], Effect]] = {
    "schedule_task": _opens_task,
    "start_timer": _opens_timer,
    "listen": _opens_listen,
    "open_human_task": _opens_human,
    "emit_event": _opens_event,
    "start_child": _opens_child,
    "cancel_child": _opens_stop,
    "start_retry": _opens_retry,
}


def _close(
    run_id: str,
    key: EffectKey | None,
    open: dict[EffectKey, None],
    closed: list[tuple[str, str, str]],
) -> None:
    if key in open:
        del open[key]
        closed.append((run_id, *key))


def _close_rest(
    run_id: str, open: dict[EffectKey, None], closed: list[tuple[str, str, str]]
) -> list[tuple[str, int]]:
    """Close what an ended run no longer wants; gives (task id, attempt) of tasks."""
    left: list[tuple[str, int]] = []
    for key in [key for key in open if key[0] not in _OUTLIVES]:
        _close(run_id, key, open, closed)
        if key[0] == "task":
            task_id, _, attempt = key[1].rpartition("@")
            left.append((task_id, int(attempt)))
    return left


def build_transition(
    live: LiveRun, event: Json, delta: Json, commands: list[Json]
) -> Transition:
    """The rows of a decided event. Changes what `live` knows of its outbox and row."""
    row, open = live.row, live.open
    run_id = row.id
    opened: list[Effect] = []
    closed: list[tuple[str, str, str]] = []
    closes = _EVENT_CLOSES.get(event["type"])
    if closes is not None:
        _close(run_id, closes(event), open, closed)
    for command in commands:
        opens = _OPENS.get(command["type"])
        if opens is not None:
            effect = opens(run_id, command)
            command["effect"] = effect
            opened.append(effect)
            open[effect.kind, effect.key] = None
            continue
        ends = _COMMAND_CLOSES.get(command["type"])
        if ends is not None:
            _close(run_id, ends(command), open, closed)
        elif command["type"] == "run_ended":
            command["left"] = _close_rest(run_id, open, closed) if open else ()
    run = live.state["run"]
    history = delta.pop("history", ())
    begins = row if row.version == 0 and row.status != "queued" else None
    row.version = run["version"]
    row.status = run["status"]
    row.updated_at = event["at"]
    row.ended_at = run.get("ended_at")
    return Transition(
        run_id,
        row.version,
        row.updated_at,
        row.status,
        encode(event),
        encode(delta),
        encode(history) if history else "[]",
        run.get("history", 0),
        row.ended_at,
        begins,
        opened,
        closed,
    )
