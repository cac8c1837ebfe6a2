"""Every golden of the compiler runs to its end on the core, answered by examples of
its own types."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from magicflow.types import NoExample, TypeSet, example

from tests.runtime.core.driving import Run

Json = dict[str, Any]
ROOT = Path(__file__).parents[3]
PLANS = sorted((ROOT / "tests" / "golden").glob("*/*/expected/plan.json"))


class Answers:
    """What each command of a run gets as its answer."""

    def __init__(self, plan: Json) -> None:
        self.plan = plan
        self.types = TypeSet(plan["types"])

    def example(self, reference: Json | None) -> Any:
        try:
            return example(self.types, reference or {"type": "object"})
        except NoExample:
            return None

    def task(self, command: Json) -> tuple[str, Json]:
        node = self.plan["nodes"][command["node"]]
        task = {"task_id": command["task_id"], "attempt": command["attempt"]}
        http = {"status": 200, "headers": {}, "body": {}}
        output = http if "http" in node else self.example(node.get("result_type"))
        return "task_result", {**task, "output": output}

    def timer(self, command: Json) -> tuple[str, Json] | None:
        waits = command["timer_id"].endswith("#wait")
        return ("timer_fired", {"timer_id": command["timer_id"]}) if waits else None

    def listen(self, command: Json) -> tuple[str, Json]:
        data = self.example(self.plan["events"][command["event"]]["type"]) or {}
        event = {"event_id": command["listen_id"], "event": command["event"]}
        return "event_received", {**event, "data": {**data, **command["correlate"]}}

    def human(self, command: Json) -> tuple[str, Json]:
        data = self.example(command["form"])
        return "human_completed", {"task_id": command["task_id"], "data": data}

    def child(self, command: Json) -> tuple[str, Json]:
        child = {"child_id": command["child_id"], "status": "completed"}
        return "child_ended", {**child, "output": {}}

    def to(self, command: Json) -> tuple[str, Json] | None:
        answers: dict[str, Callable[[Json], tuple[str, Json] | None]] = {
            "schedule_task": self.task,
            "start_timer": self.timer,
            "listen": self.listen,
            "open_human_task": self.human,
            "start_child": self.child,
        }
        answer = answers.get(command["type"])
        return None if answer is None else answer(command)


def play(path: Path, fails: bool) -> Run:
    """Answer every command; with `fails` every first attempt on the main line fails."""
    plan = json.loads(path.read_text())
    answers, run = Answers(plan), Run(plan)
    position = 0
    run.start(answers.example(plan["input"]))
    while position < len(run.commands):
        command = run.commands[position]
        position += 1
        if command["type"] == "start_timer" and "#retry" in command["timer_id"]:
            run.fire(command["timer_id"])
            continue
        answer = answers.to(command)
        if answer is None:
            continue
        type, members = answer
        step = plan["steps"].get(command.get("step"), {})
        if fails and type == "task_result" and step.get("role") == "main":
            del members["output"]
            members["error"] = {"code": "BOOM", "message": "no", "retryable": False}
        run.send(type, **members)
    run.check()
    return run


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.parents[1].name)
def test_runs_to_its_end(path: Path) -> None:
    run = play(path, fails=False)
    assert run.status == "completed", run.state["run"].get("error")


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.parents[1].name)
def test_goes_its_failure_paths(path: Path) -> None:
    """What a handler, a fallback or a rule gets fits what the compiler says it gets."""
    run = play(path, fails=True)
    assert run.state["run"]["phase"] == "ended"
    rows = run.state["steps"].values()
    codes = {row["error"]["code"] for row in rows if "error" in row}
    assert codes <= {"BOOM", "CANCELLED"}
