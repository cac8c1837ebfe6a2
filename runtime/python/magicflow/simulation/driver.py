"""The core in virtual time: one run, a source of outcomes, no waiting.

    simulation = Simulation(load_plan(plan), source)
    simulation.start({"email": "a@example.com"})
    simulation.run()
    simulation.trace()

Time moves from one happening to the next; what happens at the same time happens in the
order in which it was begun. The same plan, source and start give the same run, to the
byte. `fork` copies a simulation in the middle of a run, for whoever wants to know what
else might have happened.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

from magicflow.core import Decision, apply, decide, new_state
from magicflow.plan.nodes import Plan
from magicflow.simulation.outcomes import (
    LIMITS,
    Asked,
    Json,
    Limit,
    NeverAnswers,
    Outcome,
    Returns,
    Source,
    TimesOut,
    limits_of,
)
from magicflow.simulation.trace import Trace

Key = tuple[str, str]
"""What is open: (`task`, `person`, `child`, `event` or `timer`; its id)."""

START = 1_767_225_600_000
"""2026-01-01T00:00:00Z, when a simulation begins unless told otherwise."""
RUN_ID = "00000000-0000-4000-8000-000000000000"

_OPENS = {
    "schedule_task": ("task", "task_id"),
    "open_human_task": ("person", "task_id"),
    "start_child": ("child", "child_id"),
    "listen": ("event", "listen_id"),
    "start_timer": ("timer", "timer_id"),
}
_CLOSES = {
    "cancel_task": ("task", "task_id"),
    "close_human_task": ("person", "task_id"),
    "cancel_child": ("child", "child_id"),
    "unlisten": ("event", "listen_id"),
    "cancel_timer": ("timer", "timer_id"),
}


Happening = tuple[int, int, Key, str, Json]
"""Due, order, what it ends, type and members of the event."""


class Simulation:
    """One run. `open` are the commands that something is still to come of, by key;
    `history` the core's rows so far; `emitted` its `emit_event` commands; `refused`
    what the core would not have, as (event, reason); `retry` the `start_retry` command
    of a run that begins anew, which is a run of its own."""

    __slots__ = (
        "_agenda",
        "_due",
        "_order",
        "_prefix",
        "_received",
        "emitted",
        "ended",
        "events",
        "history",
        "now",
        "open",
        "plan",
        "refused",
        "retry",
        "run_id",
        "source",
        "started",
        "state",
    )

    def __init__(
        self,
        plan: Plan,
        source: Source | None = None,
        *,
        run_id: str = RUN_ID,
        at: int = START,
    ) -> None:
        """`run_id` is a UUID; the ids of events follow from it. Without a source
        nothing but time comes of itself: `settle` says what does."""
        self.plan = plan
        self.source = source
        self.run_id = run_id
        self.now = self.started = at
        self.state = new_state()
        self.history: list[Json] = []
        self.emitted: list[Json] = []
        self.refused: list[tuple[Json, Json]] = []
        self.retry: Json | None = None
        self.open: dict[Key, Json] = {}
        self.ended = False
        self.events = 0
        self._agenda: list[Happening] = []
        self._due: dict[Key, int] = {}
        self._order = 0
        self._received = 0
        self._prefix = run_id[:24]

    # what the world does

    def start(
        self,
        input: Any = None,
        metadata: Json | None = None,
        timeout: int | None = None,
        deadline: int | None = None,
    ) -> Json | None:
        """The run begins; gives the reason when its input is refused."""
        members: Json = {"run_id": self.run_id, "input": input}
        if metadata:
            members["metadata"] = metadata
        if timeout is not None:
            members["timeout"] = timeout
        if deadline is not None:
            members["deadline"] = deadline
        return self.send("run_started", members).refused

    def run(self) -> None:
        """Let everything happen that is due, until the run ends or nothing is left."""
        while self.step():
            pass

    def step(self) -> bool:
        """The next thing happens; False when there is none."""
        agenda, due = self._agenda, self._due
        while agenda:
            at, order, key, type, members = heappop(agenda)
            if due.get(key) != order:
                continue  # it was taken back
            del due[key]
            self.now = at
            self._happen(key, type, members)
            return True
        return False

    def next_due(self) -> int | None:
        """When the next thing happens; None when there is none."""
        agenda = self._agenda
        while agenda and self._due.get(agenda[0][2]) != agenda[0][1]:
            heappop(agenda)
        return agenda[0][0] if agenda else None

    def settle(self, key: Key, outcome: Outcome) -> None:
        """Say what becomes of something open, from now on. Raises ValueError for an
        outcome that it cannot have."""
        command = self.open[key]
        happening = _HAPPENINGS[key[0]](self, command, outcome)
        if happening is None:
            self._due.pop(key, None)
        else:
            self._plan(key, *happening)

    def asked(self, key: Key) -> Asked | None:
        """What an open command asks for; None when the run has gone on already."""
        what, id = key
        command = self.open[key]
        state = self.state
        if what == "task":
            path, node, attempt = id, command["node"], command["attempt"]
        else:
            frame = state["frames"].get(id)
            if frame is None:
                return None
            path, node = frame.get("owner") or id, frame["node"]
            attempt = frame.get("try", 1)
        row = state["steps"].get(path)
        if row is not None:
            step = row["step"]
        else:
            owner = state["frames"].get(path)
            step = node if owner is None else owner["node"]
        return Asked(what, step, path, attempt, node, command)  # type: ignore[arg-type]

    def at(self, at: int, type: str, members: Json | None = None) -> None:
        """An event of its own accord: `event_received`, `cancel_requested`, `pause`,
        `resume`. An `event_received` gets an `event_id`."""
        self._received += 1
        members = dict(members or {})
        if type == "event_received":
            members.setdefault("event_id", f"{self.run_id}/{self._received}")
        self._plan(("given", str(self._received)), at, type, members)

    def send(self, type: str, members: Json) -> Decision:
        """An event now, past the agenda."""
        self.events += 1
        event: Json = {
            "type": type,
            "id": f"{self._prefix}{self.events:012x}",
            "at": self.now,
        }
        event.update(members)
        decision = decide(self.plan, self.state, event)
        if decision.refused is not None:
            self.refused.append((event, decision.refused))
            return decision
        delta = decision.delta
        apply(self.state, delta)
        self.history += delta.get("history", ())
        self._take(decision.commands)
        return decision

    # looking

    @property
    def status(self) -> str:
        """The run's; `new` before it has started."""
        status: str = self.state["run"].get("status", "new")
        return status

    def trace(self) -> Trace:
        """What has come of the run so far."""
        run = self.state["run"]
        return Trace(
            status=self.status,
            output=run.get("output"),
            error=run.get("error"),
            steps=self.state["steps"],
            history=self.history,
            started=self.started,
            ended=run.get("ended_at", self.now),
            is_over=self.ended,
            compensation=run.get("compensation"),
            waits=tuple(self.open.values()),
            emitted=self.emitted,
            refused=self.refused,
        )

    def fork(self) -> Simulation:
        """A copy that goes its own way. Rows are shared: the core never changes one.
        The source is shared too."""
        other = Simulation.__new__(Simulation)
        for name in ("plan", "source", "run_id", "now", "started", "ended", "events"):
            setattr(other, name, getattr(self, name))
        other._order, other._received = self._order, self._received
        other._prefix, other.retry = self._prefix, self.retry
        other.state = {section: dict(rows) for section, rows in self.state.items()}
        other.history = list(self.history)
        other.emitted = list(self.emitted)
        other.refused = list(self.refused)
        other.open = dict(self.open)
        other._agenda = list(self._agenda)
        other._due = dict(self._due)
        return other

    # inside

    def _plan(self, key: Key, due: int, type: str, members: Json) -> None:
        self._order += 1
        self._due[key] = self._order
        heappush(self._agenda, (max(due, self.now), self._order, key, type, members))

    def _happen(self, key: Key, type: str, members: Json) -> None:
        command = self.open.pop(key, None) if key[0] != "event" else None
        decision = self.send(type, members)
        if decision.refused is not None and command is not None and not self.ended:
            self.open.setdefault(key, command)  # the answer was none; it stays open

    def _take(self, commands: list[Json]) -> None:
        for command in commands:
            kind = command["type"]
            if kind in _OPENS:
                what, member = _OPENS[kind]
                self._open((what, command[member]), command)
            elif kind in _CLOSES:
                what, member = _CLOSES[kind]
                self._close((what, command[member]), command)
            elif kind == "emit_event":
                self.emitted.append({**command, "at": self.now})
            elif kind == "start_retry":
                self.retry = command
            elif kind == "run_ended":
                self.ended = True
                self.open.clear()
                self._agenda.clear()
                self._due.clear()

    def _open(self, key: Key, command: Json) -> None:
        self.open[key] = command
        if key[0] == "timer":
            self._plan(key, command["due"], "timer_fired", {"timer_id": key[1]})
        elif self.source is not None:
            asked = self.asked(key)
            outcome = None if asked is None else self.source.outcome_of(asked)
            if outcome is not None:
                self.settle(key, outcome)

    def _close(self, key: Key, command: Json) -> None:
        planned = self._due.pop(key, None)
        if not command.get("wait"):
            self.open.pop(key, None)
            return
        # The run waits for it: what would have answered stops at once; what never
        # would does not stop either.
        if key[0] == "child":
            ended = {"child_id": key[1], "status": "cancelled"}
            self._plan(key, self.now, "child_ended", ended)
        elif planned is not None:
            stopped = {"task_id": key[1], "attempt": command["attempt"]}
            self._plan(key, self.now, "task_stopped", stopped)


Planned = tuple[int, str, Json]


def _of_task(run: Simulation, task: Json, outcome: Outcome) -> Planned | None:
    members: Json = {"task_id": task["task_id"], "attempt": task["attempt"]}
    timeout = task.get("timeout")
    if isinstance(outcome, TimesOut):
        return _over(run, task, outcome.limit)
    if isinstance(outcome, NeverAnswers):
        limits = [limit for limit in limits_of(task) if limit != "queue"]
        if not limits:
            return None
        return _over(run, task, min(limits, key=lambda each: int(task[LIMITS[each]])))
    if timeout is not None and outcome.after >= timeout:
        return _over(run, task, "lease")
    due = run.now + outcome.after
    if isinstance(outcome, Returns):
        members["output"] = outcome.value
    else:
        members["error"] = outcome.error()
        if outcome.unknown:
            members["unknown"] = True
    return due, "task_result", members


def _over(run: Simulation, task: Json, limit: Limit) -> Planned:
    if LIMITS[limit] not in task:
        raise ValueError(f"the task of {task['task_id']!r} has no {LIMITS[limit]}")
    members = {"task_id": task["task_id"], "attempt": task["attempt"], "kind": limit}
    return run.now + task[LIMITS[limit]], "timed_out", members


def _of_person(run: Simulation, task: Json, outcome: Outcome) -> Planned | None:
    if isinstance(outcome, NeverAnswers):
        return None
    if not isinstance(outcome, Returns):
        raise ValueError("a person answers, or never does")
    members = {"task_id": task["task_id"], "data": outcome.value}
    return run.now + outcome.after, "human_completed", members


def _of_event(run: Simulation, listener: Json, outcome: Outcome) -> Planned | None:
    if isinstance(outcome, NeverAnswers):
        return None
    if not isinstance(outcome, Returns):
        raise ValueError("an event arrives, or never does")
    run._received += 1
    members = {
        "event_id": f"{run.run_id}/{run._received}",
        "event": listener["event"],
        "data": outcome.value,
    }
    return run.now + outcome.after, "event_received", members


def _of_child(run: Simulation, child: Json, outcome: Outcome) -> Planned | None:
    if isinstance(outcome, NeverAnswers):
        return None
    members: Json = {"child_id": child["child_id"]}
    if isinstance(outcome, Returns):
        members |= {"status": "completed", "output": outcome.value}
    elif isinstance(outcome, TimesOut):
        members["status"] = "timed_out"
    else:
        members |= {"status": "failed", "error": outcome.error()}
    return run.now + outcome.after, "child_ended", members


_HAPPENINGS = {
    "task": _of_task,
    "person": _of_person,
    "event": _of_event,
    "child": _of_child,
}
