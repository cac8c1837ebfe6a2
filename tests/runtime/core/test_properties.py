"""Random plans in random worlds: whatever happens, a run ends once, its state is that
of its history, and nothing depends on the order of rows in memory."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from magicflow.canonical import canonical
from magicflow.core import decide

from tests.runtime.core.driving import Run
from tests.runtime.core.random_plans import random_plans

Json = dict[str, Any]
MAX_EVENTS = 400


OPENS = {
    "schedule_task": ("task", "task_id"),
    "start_timer": ("timer", "timer_id"),
    "listen": ("listen", "listen_id"),
    "open_human_task": ("human", "task_id"),
    "start_child": ("child", "child_id"),
}
CLOSES = {
    "cancel_task": ("task", "task_id"),
    "cancel_timer": ("timer", "timer_id"),
    "unlisten": ("listen", "listen_id"),
    "close_human_task": ("human", "task_id"),
    "cancel_child": ("child", "child_id"),
}


class World:
    """What the commands of a run have left to happen."""

    def __init__(self) -> None:
        self.open: dict[tuple[str, str], Json] = {}
        self.late: list[Json] = []

    def take(self, commands: list[Json]) -> None:
        for command in commands:
            kind = command["type"]
            if kind in OPENS:
                what, member = OPENS[kind]
                key = what, command[member]
                assert key not in self.open, f"{key} was opened twice"
                self.open[key] = command
            elif kind in CLOSES:
                what, member = CLOSES[kind]
                key = what, command[member]
                assert key in self.open, f"{key} was closed and is not open"
                if command.get("wait"):
                    self.open[key] = {**self.open[key], "stopping": True}
                else:
                    self.late.append(self.open.pop(key))

    def forget_stopping(self) -> None:
        """The grace is over: nobody waits for these any more."""
        for key in [k for k, command in self.open.items() if "stopping" in command]:
            self.done(key)

    def done(self, key: tuple[str, str]) -> None:
        self.late.append(self.open.pop(key))


def events_for(key: tuple[str, str], command: Json) -> list[tuple[str, Json]]:
    """What may happen to something open, the friendliest first."""
    what, id = key
    if what == "task":
        task = {"task_id": id, "attempt": command["attempt"]}
        error = {"code": "BOOM", "message": "no"}
        return [
            ("task_result", {**task, "output": {"v": 1}}),
            ("task_result", {**task, "error": error}),
            ("task_result", {**task, "error": {**error, "retryable": False}}),
            ("timed_out", {**task, "kind": "lease"}),
            *([("task_stopped", task)] if command.get("stopping") else []),
        ]
    if what == "timer":
        return [("timer_fired", {"timer_id": id})]
    if what == "listen":
        return [
            ("event_received", {"event": "ping", "data": dict(command["correlate"])})
        ]
    if what == "human":
        return [("human_completed", {"task_id": id, "data": True})]
    return [
        ("child_ended", {"child_id": id, "status": "completed", "output": {"v": 1}}),
        ("child_ended", {"child_id": id, "status": "failed"}),
        ("child_ended", {"child_id": id, "status": "cancelled"}),
    ]


def reordered(value: Any) -> Any:
    """The same JSON with every object's members in the opposite order."""
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(list(value))}
    return value


def live(run: Run, world: World, type: str, members: Json) -> bool:
    """One event: the same decision must come from a state that was stored and read."""
    event = {"type": type, "id": f"e{len(run.events) + 1}", "at": run.now, **members}
    stored = json.loads(json.dumps(reordered(run.state)))
    again = decide(run.plan, stored, event)
    decision = run.send(**event)
    assert canonical(again.delta) == canonical(decision.delta)
    assert canonical(again.commands) == canonical(decision.commands)
    world.take(decision.commands)
    if run.state["run"]["phase"] != "stopping":
        world.forget_stopping()
    check_counts(run, world)
    return decision.refused is None


def check_counts(run: Run, world: World) -> None:
    tasks = [key for key in world.open if key[0] == "task"]
    assert run.state["run"].get("tasks", 0) == len(tasks)
    timers = {
        f"{frame['path']}#{purpose}"
        for frame in run.state["frames"].values()
        for purpose in frame.get("timers", ())
    }
    mine = {
        id for what, id in world.open if what == "timer" and not id.startswith("@run")
    }
    assert timers == mine


def play(run: Run, world: World, draw: Any) -> None:
    """Let things happen until the run ends."""
    for turn in range(MAX_EVENTS):
        if run.state["run"]["phase"] == "ended":
            return
        wild = turn < 60
        choice = draw(st.integers(0, 99)) if wild else 99
        if choice < 4:
            live(run, world, draw(st.sampled_from(["pause", "cancel_requested"])), {})
        elif choice < 12 and world.late:
            late = draw(st.sampled_from(world.late))
            stale(run, world, late)
        elif choice < 16:
            data = {"k": draw(st.integers(0, 1))}
            event = {"event_id": f"x{turn}", "event": "ping", "data": data}
            live(run, world, "event_received", event)
        elif run.state["run"].get("paused") and (
            choice < 40 or not wild or not world.open
        ):
            live(run, world, "resume", {})
        else:
            happen(run, world, draw, wild, turn)
    raise AssertionError("the run does not end")


def stale(run: Run, world: World, command: Json) -> None:
    """Something happens that nobody waits for any more."""
    if command["type"] == "schedule_task":
        key = "task", command["task_id"]
        if world.open.get(key, {}).get("attempt") != command["attempt"]:
            members = {"task_id": command["task_id"], "attempt": command["attempt"]}
            assert not live(run, world, "task_result", {**members, "output": 1})
    elif ("timer", command.get("timer_id")) not in world.open and "timer_id" in command:
        assert not live(run, world, "timer_fired", {"timer_id": command["timer_id"]})


def happen(run: Run, world: World, draw: Any, wild: bool, turn: int) -> None:
    assert world.open, f"nothing is open and the run is {run.state['run']}"
    keys = sorted(world.open)
    key = draw(st.sampled_from(keys)) if wild else keys[turn % len(keys)]
    command = world.open[key]
    possible = events_for(key, command)
    type, members = draw(st.sampled_from(possible)) if wild else possible[0]
    if type == "timer_fired":
        run.now = max(run.now, command["due"])
    if type == "event_received":
        live(run, world, type, {**members, "event_id": f"y{turn}"})
        return
    world.done(key)
    assert live(run, world, type, members)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_plans(), st.booleans(), st.integers(0, 3), st.data())
def test_any_plan_in_any_world(plan: Json, flag: bool, items: int, data: Any) -> None:
    run, world = Run(plan), World()
    live(
        run,
        world,
        "run_started",
        {"run_id": "r1", "input": {"flag": flag, "items": list(range(items))}},
    )
    play(run, world, data.draw)
    run.check()
    ended = [c for c in run.commands if c["type"] == "run_ended"]
    assert len(ended) == 1 and run.commands[-1] == ended[0]
    assert run.state["frames"] == {} and run.state["run"]["tasks"] == 0
    assert {
        k: v for k, v in run.state["cells"].items() if not k.startswith("@event/")
    } == {}
    assert world.open == {}
    final = {"completed", "failed", "timed_out", "cancelled", "skipped", "compensated"}
    assert set(run.statuses().values()) <= final
