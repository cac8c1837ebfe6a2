"""The one check of what docs/durability.md promises, for every engine and every fault.

It reads a store in which no run is open any more: the database of a server that was
killed, in whatever language, or the store of a simulated engine. Every run is decided
again from its events by the core, and each decision compared with what was stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from magicflow.core import apply, decide, fold, new_state
from magicflow.engine.encoding import decode
from magicflow.plan import Plan, load_plan
from magicflow.store import RunFilter, RunRow, Store

Json = dict[str, Any]
Expected = Callable[[RunRow, Json], None]
"""Asserts what the outcome of a run must be, from its row and state."""

FINAL = ("completed", "failed", "timed_out", "cancelled")
ENDS = {f"run_{status}" for status in FINAL}
STEP_ENDS = {f"step_{status}" for status in (*FINAL, "skipped")}
IN_VAIN = frozenset({"echo", "decline"})
"""Functions that have no effect."""


class Task:
    """What is known of one task (a call of a step's occurrence) from its run's log."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.attempts: list[int] = []
        self.reported: list[int] = []
        self.succeeded = False
        self.has_effect = False


def check_promises(
    store: Store,
    acknowledged: Iterable[str] = (),
    effects: Iterable[str] | None = None,
    expected: Expected | None = None,
) -> int:
    """Assert all promises; gives the number of runs.

    `acknowledged` are ids of runs that a server said it has started; `effects` lines
    `<idempotency key> <attempt> <function>`.
    """
    rows = store.runs(RunFilter(), limit=1_000_000)
    lost = sorted(set(acknowledged) - {row.id for row in rows})
    assert not lost, f"acknowledged and lost: {lost}"
    keys = Counter(
        (row.workflow, row.idempotency_key) for row in rows if row.idempotency_key
    )
    twice = [key for key, count in keys.items() if count > 1]
    assert not twice, f"an idempotency key started two runs: {twice}"
    children = Counter(row.parent for row in rows if row.parent)
    twice = [child for child, count in children.items() if count > 1]
    assert not twice, f"a child was started twice: {twice}"
    tasks: dict[str, Task] = {}
    for row in rows:
        found = _check_run(store, row, expected)
        assert not tasks.keys() & found.keys(), f"{row.id}: another run has its keys"
        tasks |= found
    left = store.effects(("task", "timer", "listen", "human", "child", "stop", "start"))
    assert not left, f"the outbox stands: {left[:3]}"
    if effects is not None:
        _check_effects(tasks, effects)
    return len(rows)


def _check_effects(tasks: dict[str, Task], effects: Iterable[str]) -> None:
    """One effect per idempotency key, after de-duplication, and none that no run knows."""
    seen: dict[str, set[int]] = {}
    for line in effects:
        key, attempt, _ = line.split(" ")
        seen.setdefault(key, set()).add(int(attempt))
    for key, attempts in seen.items():
        assert key in tasks, f"an effect of a task that no run knows: {key}"
        most = max(tasks[key].attempts)
        assert max(attempts) <= most, f"{key}: a redelivery used an attempt"
    for key, task in tasks.items():
        if task.succeeded and task.has_effect:
            assert key in seen, f"{key}: a result without an effect"


@lru_cache(maxsize=256)
def _plan_of(hash: str, text: str) -> Plan:
    return load_plan(decode(text))


def _check_run(store: Store, row: RunRow, expected: Expected | None) -> dict[str, Task]:
    assert row.status in FINAL and row.ended_at is not None, f"{row} has not ended"
    log = store.log(row.id)
    versions = [entry.version for entry in log]
    assert versions == list(range(1, row.version + 1)), f"{row.id}: gaps in its log"
    plan_row = store.plan(row.plan_hash)
    assert plan_row is not None, f"{row.id}: its plan is gone"
    plan = _plan_of(plan_row.hash, plan_row.plan)
    replayed = new_state()
    checks = _Events(row.id)
    history: list[Json] = []
    for entry in log:
        event, changes = decode(entry.event), decode(entry.changes)
        decision = decide(plan, replayed, event)
        at = f"{row.id}, version {entry.version}"
        assert decision.refused is None, f"{at}: replay refuses: {decision.refused}"
        checks.take(event, decision.commands)
        rows = decision.delta.pop("history", [])
        assert decision.delta == changes, f"{at}: another decision than the stored one"
        assert rows == decode(entry.history), f"{at}: another history"
        history += rows
        assert entry.history_end == len(history), at
        apply(replayed, decision.delta)
    assert [r["n"] for r in history] == list(range(1, len(history) + 1)), row.id
    ends = [r["type"] for r in history if r["type"] in ENDS]
    assert ends == [f"run_{row.status}"], f"{row.id} ended {len(ends)} times: {ends}"
    assert history[-1]["type"] in ENDS, f"{row.id}: something happened after the end"
    results = Counter(r["path"] for r in history if r["type"] in STEP_ENDS)
    twice = [path for path, count in results.items() if count > 1]
    assert not twice, f"{row.id}: steps that ended twice: {twice}"
    stored = fold(decode(entry.changes) for entry in log)
    assert stored == replayed, f"{row.id}: its history gives another state"
    run = stored["run"]
    assert (run["status"], run["version"]) == (row.status, row.version), row.id
    assert run["ended_at"] == row.ended_at, row.id
    assert stored["frames"] == {}, f"{row.id}: ended with open frames"
    if expected is not None:
        expected(row, stored)
    return checks.tasks


class _Events:
    """Follows a run's events against what its commands asked for."""

    def __init__(self, run_id: str) -> None:
        self._run = run_id
        self._due: dict[str, int] = {}
        self._by_id: dict[str, Task] = {}
        self.tasks: dict[str, Task] = {}
        """By idempotency key."""

    def take(self, event: Json, commands: list[Json]) -> None:
        kind = event["type"]
        if kind == "timer_fired":
            self._fired(event)
        elif kind in ("task_result", "timed_out", "task_stopped"):
            self._reported(event)
        for command in commands:
            if command["type"] == "start_timer":
                self._due[command["timer_id"]] = command["due"]
            elif command["type"] == "schedule_task":
                self._scheduled(command)

    def _fired(self, event: Json) -> None:
        timer = event["timer_id"]
        due = self._due.pop(timer, None)
        assert due is not None, f"{self._run}: timer {timer} fired twice"
        assert event["at"] >= due, f"{self._run}: timer {timer} fired early"

    def _scheduled(self, command: Json) -> None:
        key, attempt = command["idempotency_key"], command["attempt"]
        task = self._by_id.setdefault(command["task_id"], Task(key))
        assert task.key == key, f"{self._run}: {command['task_id']} has two keys"
        shared = self.tasks.setdefault(key, task) is not task
        assert not shared, f"{self._run}: two tasks have the key {key}"
        before = task.attempts[-1] if task.attempts else 0
        assert attempt == before + 1, f"{self._run}: {command['task_id']}@{attempt}"
        assert not task.succeeded, f"{self._run}: {command['task_id']} runs again"
        task.attempts.append(attempt)
        task.has_effect = command["function"] not in IN_VAIN

    def _reported(self, event: Json) -> None:
        what = f"{self._run}: {event['task_id']}@{event['attempt']}"
        task = self._by_id.get(event["task_id"])
        assert task is not None and task.attempts, f"{what}: a result from nowhere"
        assert event["attempt"] == task.attempts[-1], f"{what}: an old attempt's result"
        assert event["attempt"] not in task.reported, f"{what}: two results"
        task.reported.append(event["attempt"])
        task.succeeded = event["type"] == "task_result" and "error" not in event
