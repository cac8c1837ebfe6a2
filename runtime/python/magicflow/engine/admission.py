"""Which runs may run: limits per workflow and key, and starts that wait for their time.

A run that may not run yet is `queued`: its row is there and its start stands in the
outbox (kind `start`), so that it survives a restart like everything else.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from magicflow.canonical import canonical
from magicflow.engine.live import LiveRun
from magicflow.engine.requests import Overloaded
from magicflow.expr import MISSING, ExpressionError, Scope, compile_expression
from magicflow.plan import Plan
from magicflow.store import RunRow

Key = str | None
START_TIMER = "@start"


@dataclass(slots=True)
class _Workflow:
    """What runs of one workflow, and what waits: greater priority first, then age."""

    running: dict[str, Key] = field(default_factory=dict)
    per_key: dict[str, int] = field(default_factory=dict)
    waiting: list[tuple[int, int, str, Key]] = field(default_factory=list)


class Admission:
    """`admit(run id)` lets a run run and says whether it still waited for that."""

    def __init__(self, admit: Callable[[str], bool]) -> None:
        self._admit = admit
        self._workflows: dict[str, _Workflow] = {}
        self._keys: dict[str, Any] = {}
        self._order = count()

    def clear(self) -> None:
        self._workflows.clear()

    def key_of(
        self, plan: Plan, limits: Mapping[str, Any], start: Any, now: int
    ) -> Key:
        """The value that `max_per_key` counts by, as canonical JSON; None without."""
        if "key" not in limits:
            return None
        compiled = self._keys.get(plan.hash)
        if compiled is None:
            compiled = self._keys[plan.hash] = compile_expression(limits["key"])
        scope = Scope(
            input=start["input"], metadata=start.get("metadata") or {}, time=now
        )
        try:
            value = compiled(scope)
        except ExpressionError:
            return None
        return None if value is MISSING else canonical(value)

    def may_run(self, workflow: str, limits: Mapping[str, Any], key: Key) -> bool:
        known = self._workflows.get(workflow)
        if known is None:
            return True
        most = limits.get("max_runs")
        if most is not None and len(known.running) >= most:
            return False
        most = limits.get("max_per_key")
        return most is None or key is None or known.per_key.get(key, 0) < most

    def enter(self, workflow: str, run_id: str, key: Key) -> None:
        """The run runs."""
        known = self._workflows.setdefault(workflow, _Workflow())
        known.running[run_id] = key
        if key is not None:
            known.per_key[key] = known.per_key.get(key, 0) + 1

    def wait(self, row: RunRow, key: Key, limits: Mapping[str, Any]) -> None:
        """The run waits for a place. Raises Overloaded where the workflow rejects."""
        if limits.get("on_limit") == "reject":
            raise Overloaded(f"{row.workflow} has no place for another run")
        self.put(row, key)

    def put(self, row: RunRow, key: Key) -> None:
        known = self._workflows.setdefault(row.workflow, _Workflow())
        entry = (-row.priority, next(self._order), row.id, key)
        heapq.heappush(known.waiting, entry)

    def withdraw(self, row: RunRow) -> None:
        """The run has no place any more."""
        known = self._workflows.get(row.workflow)
        if known is not None:
            self._vacate(known, row.id)

    def _vacate(self, known: _Workflow, run_id: str) -> None:
        key = known.running.pop(run_id, None)
        if key is not None:
            known.per_key[key] -= 1
            if not known.per_key[key]:
                del known.per_key[key]

    def leave(self, live: LiveRun, limits: Mapping[str, Any]) -> None:
        """The run ended: those that its place lets in are admitted."""
        workflow = live.row.workflow
        known = self._workflows.setdefault(workflow, _Workflow())
        self._vacate(known, live.row.id)
        self.let_in(workflow, limits)

    def let_in(self, workflow: str, limits: Mapping[str, Any]) -> None:
        """Admit whoever waits and may run."""
        known = self._workflows.setdefault(workflow, _Workflow())
        blocked = []
        while known.waiting:
            entry = heapq.heappop(known.waiting)
            if self.may_run(workflow, limits, entry[3]):
                self.enter(workflow, entry[2], entry[3])
                if not self._admit(entry[2]):
                    self._vacate(known, entry[2])  # it was cancelled meanwhile
                continue
            blocked.append(entry)
            if limits.get("max_per_key") is None:
                break
            if len(known.running) >= limits.get("max_runs", 1 << 60):
                break
        for entry in blocked:
            heapq.heappush(known.waiting, entry)
