"""A store in memory: for tests, the simulator and `magic-flow run`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from threading import Lock

from magicflow.store.model import (
    Conflict,
    Effect,
    Erasure,
    LogRow,
    OutboxChange,
    PlanRow,
    RunFilter,
    RunRow,
    Setting,
    Transition,
    Write,
)

_EffectId = tuple[str, str, str]


class MemoryStore:
    """Keeps nothing beyond the process; otherwise all that `Store` promises."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._runs: dict[str, RunRow] = {}
        self._keys: dict[tuple[str, str], str] = {}
        self._log: dict[str, list[LogRow]] = {}
        self._effects: dict[str, dict[_EffectId, Effect]] = {}
        self._plans: dict[str, PlanRow] = {}
        self._settings: dict[str, str] = {}

    def commit(self, writes: Sequence[Write]) -> None:
        with self._lock:
            self._refuse_conflicts(writes)
            for write in writes:
                self._apply(write)

    def _refuse_conflicts(self, writes: Sequence[Write]) -> None:
        versions: dict[str, int] = {}
        keys: set[tuple[str, str]] = set()
        for write in writes:
            if not isinstance(write, Transition):
                continue
            run_id, row = write.run_id, write.begins
            if row is not None:
                key = (row.workflow, row.idempotency_key or "")
                taken = row.idempotency_key and (key in self._keys or key in keys)
                if taken or run_id in self._runs or run_id in versions:
                    raise Conflict("key", run_id)
                keys.add(key)
                versions[run_id] = write.version - 1
            known = self._runs.get(run_id)
            before = versions.get(run_id, known.version if known else -1)
            if before != write.version - 1:
                raise Conflict("version", run_id)
            versions[run_id] = write.version

    def _apply(self, write: Write) -> None:
        if isinstance(write, Transition):
            self._apply_transition(write)
        elif isinstance(write, OutboxChange):
            self._change_outbox(self._there(write.changed), write.closed)
        elif isinstance(write, PlanRow):
            self._plans.setdefault(write.hash, write)
        elif isinstance(write, Setting):
            if write.value is None:
                self._settings.pop(write.name, None)
            else:
                self._settings[write.name] = write.value
        else:
            self._erase(write)

    def _apply_transition(self, write: Transition) -> None:
        if write.begins is not None:
            row = replace(write.begins)
            self._runs[row.id] = row
            if row.idempotency_key:
                self._keys[row.workflow, row.idempotency_key] = row.id
        row = self._runs[write.run_id]
        row.version = write.version
        row.status = write.status
        row.updated_at = write.at
        row.ended_at = write.ended_at
        if write.version > 0:
            self._append(write)
        self._change_outbox(write.opened, write.closed)

    def _append(self, write: Transition) -> None:
        self._log.setdefault(write.run_id, []).append(
            LogRow(
                write.version,
                write.at,
                write.event,
                write.changes,
                write.history,
                write.history_end,
            )
        )

    def _change_outbox(
        self, opened: list[Effect], closed: list[tuple[str, str, str]]
    ) -> None:
        for effect in opened:
            identity = (effect.run_id, effect.kind, effect.key)
            self._effects.setdefault(effect.run_id, {})[identity] = replace(effect)
        for closing in closed:
            of_run = self._effects.get(closing[0])
            if of_run is not None:
                of_run.pop(closing, None)
                if not of_run:
                    del self._effects[closing[0]]

    def _there(self, changed: list[Effect]) -> list[Effect]:
        return [
            effect
            for effect in changed
            if (effect.run_id, effect.kind, effect.key)
            in self._effects.get(effect.run_id, {})
        ]

    def _erase(self, write: Erasure) -> None:
        row = self._runs.pop(write.run_id, None)
        if row is not None and row.idempotency_key:
            self._keys.pop((row.workflow, row.idempotency_key), None)
        self._log.pop(write.run_id, None)
        self._effects.pop(write.run_id, None)

    def reopen(self) -> None:
        """Nothing can have gone wrong."""

    def close(self) -> None:
        """Nothing to give up."""

    def run(self, run_id: str) -> RunRow | None:
        with self._lock:
            row = self._runs.get(run_id)
            return None if row is None else replace(row)

    def runs(
        self, wanted: RunFilter, before: str | None = None, limit: int = 100
    ) -> list[RunRow]:
        with self._lock:
            found: list[RunRow] = []
            for run_id in sorted(self._runs, reverse=True):
                if len(found) == limit:
                    break
                row = self._runs[run_id]
                if (before is None or run_id < before) and _fits(row, wanted):
                    found.append(replace(row))
            return found

    def run_of_key(self, workflow: str, key: str) -> str | None:
        with self._lock:
            return self._keys.get((workflow, key))

    def open_run_of(self, workflow: str, foreign_id: str) -> str | None:
        wanted = RunFilter(workflow=workflow, foreign_id=foreign_id, open_only=True)
        found = self.runs(wanted, limit=1)
        return found[0].id if found else None

    def log(
        self, run_id: str, after: int = 0, limit: int | None = None
    ) -> list[LogRow]:
        with self._lock:
            rows = self._log.get(run_id, [])
            # versions count from 1 without gaps, so a version is a position
            return rows[after : None if limit is None else after + limit]

    def effects(self, kinds: Iterable[str], run_id: str | None = None) -> list[Effect]:
        wanted = frozenset(kinds)
        with self._lock:
            runs = sorted(self._effects) if run_id is None else [run_id]
            return [
                replace(effects[identity])
                for effects in (self._effects.get(run, {}) for run in runs)
                for identity in sorted(effects)
                if identity[1] in wanted
            ]

    def timers(
        self, after: tuple[str, str] = ("", ""), limit: int = 1 << 40
    ) -> list[tuple[str, str, int]]:
        found = [(e.run_id, e.key, e.due or 0) for e in self.effects(("timer",))]
        return [timer for timer in found if timer[:2] > after][:limit]

    def expired(
        self, workflow: str, statuses: Iterable[str], before: int, limit: int
    ) -> list[str]:
        wanted = frozenset(statuses)
        with self._lock:
            found = [
                row.id
                for row in self._runs.values()
                if row.workflow == workflow
                and row.status in wanted
                and row.ended_at is not None
                and row.ended_at < before
            ]
        return sorted(found)[:limit]

    def listeners(self, event: str) -> list[Effect]:
        return [e for e in self.effects(("listen",)) if e.name == event]

    def plan(self, hash: str) -> PlanRow | None:
        return self._plans.get(hash)

    def plans(self) -> list[PlanRow]:
        with self._lock:
            return list(self._plans.values())

    def setting(self, name: str) -> str | None:
        return self._settings.get(name)

    def count_open(self) -> int:
        with self._lock:
            return sum(row.ended_at is None for row in self._runs.values())

    def size(self) -> int:
        with self._lock:
            return sum(
                len(row.event) + len(row.changes) + len(row.history)
                for rows in self._log.values()
                for row in rows
            )


def _fits(row: RunRow, wanted: RunFilter) -> bool:
    return (
        (wanted.workflow is None or row.workflow == wanted.workflow)
        and (wanted.status is None or row.status in wanted.status)
        and (wanted.foreign_id is None or row.foreign_id == wanted.foreign_id)
        and (wanted.parent is None or row.parent == wanted.parent)
        and (wanted.created_from is None or row.created_at >= wanted.created_from)
        and (wanted.created_to is None or row.created_at < wanted.created_to)
        and not (wanted.open_only and row.ended_at is not None)
    )
