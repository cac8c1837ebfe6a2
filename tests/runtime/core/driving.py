"""A run in a test: feeds events and checks on the way what must hold always."""

from __future__ import annotations

import json
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from magicflow.core import Decision, apply, decide, fold, new_state, replay
from magicflow.plan import load_plan

Json = dict[str, Any]
RUN_ID = "r1"


class Run:
    """Every decision is checked: it is JSON, it left the state alone, and the state is
    that of the folded deltas."""

    def __init__(self, plan: Json, check: bool = True, **limits: int) -> None:
        self.plan = load_plan(plan, limits)
        self.state = new_state()
        self.events: list[Json] = []
        self.deltas: list[Json] = []
        self.commands: list[Json] = []
        self.history: list[Json] = []
        self.now = 1_700_000_000_000
        self._check = check

    def send(self, type: str, **members: Any) -> Decision:
        number = len(self.events) + 1
        id = str(uuid5(NAMESPACE_URL, f"event-{number}"))
        event = {"type": type, "id": id, "at": self.now, **members}
        before = json.dumps(self.state, sort_keys=True) if self._check else ""
        decision = decide(self.plan, self.state, event)
        if self._check:
            assert json.dumps(self.state, sort_keys=True) == before
            event = json.loads(json.dumps(event))
        self.events.append(event)
        if decision.refused is not None:
            assert (decision.delta, decision.commands) == ({}, [])
            return decision
        ended = any(c["type"] == "run_ended" for c in self.commands)
        assert not (ended and decision.commands)
        delta = (
            json.loads(json.dumps(decision.delta)) if self._check else decision.delta
        )
        self.deltas.append(delta)
        self.commands += decision.commands
        self.history += decision.delta.get("history", [])
        apply(self.state, delta)
        return decision

    def check(self) -> None:
        """Replay and fold give the state that is there."""
        assert replay(self.plan, self.events) == self.state
        assert fold(self.deltas) == self.state

    def start(self, input: Any = None, **members: Any) -> list[Json]:
        return self.send("run_started", run_id=RUN_ID, input=input, **members).commands

    def ok(self, task_id: str, output: Any = None, attempt: int = 1) -> list[Json]:
        return self.send(
            "task_result", task_id=task_id, attempt=attempt, output=output
        ).commands

    def err(
        self, task_id: str, code: str = "BOOM", attempt: int = 1, **more: Any
    ) -> list[Json]:
        error = {"code": code, "message": "no", **more.pop("error", {})}
        return self.send(
            "task_result", task_id=task_id, attempt=attempt, error=error, **more
        ).commands

    def lease(self, task_id: str, attempt: int = 1, kind: str = "lease") -> list[Json]:
        return self.send(
            "timed_out", task_id=task_id, attempt=attempt, kind=kind
        ).commands

    def fire(self, timer_id: str, after: int = 0) -> list[Json]:
        self.now += after
        return self.send("timer_fired", timer_id=timer_id).commands

    @property
    def status(self) -> str:
        status: str = self.state["run"]["status"]
        return status

    def step(self, path: str) -> Json:
        row: Json = self.state["steps"][path]
        return row

    def statuses(self) -> dict[str, str]:
        return {path: row["status"] for path, row in self.state["steps"].items()}

    def ended(self) -> Json:
        """The command that ended the run; there is at most one."""
        (ended,) = [c for c in self.commands if c["type"] == "run_ended"]
        return ended


def tasks(commands: list[Json]) -> list[tuple[str, int]]:
    return [
        (c["task_id"], c["attempt"]) for c in commands if c["type"] == "schedule_task"
    ]


def types(commands: list[Json]) -> list[str]:
    return [c["type"] for c in commands]
