"""A random world around a run: what its commands ask for happens, or something else."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.differential.fitting import Fitting
from tests.differential.plans import EVENTS
from tests.differential.values import NUMBERS, TEXTS, value
from tests.runtime.core.event_words import KINDS, NAMES

Json = dict[str, Any]
OPENS = {
    "schedule_task": "task_id",
    "start_timer": "timer_id",
    "listen": "listen_id",
    "open_human_task": "task_id",
    "start_child": "child_id",
}
CLOSES = {
    "cancel_task": ("schedule_task", "task_id"),
    "cancel_timer": ("start_timer", "timer_id"),
    "unlisten": ("listen", "listen_id"),
    "close_human_task": ("open_human_task", "task_id"),
    "cancel_child": ("start_child", "child_id"),
}


class World:
    def __init__(self, rng: Random, plan: Json) -> None:
        self.rng = rng
        self.plan = plan
        self.fitting = Fitting(rng, plan["types"])
        self.now = 1_700_000_000_000 if rng.random() < 0.9 else 0
        self.count = 0
        self.doubles = rng.choice([0, 0, 0.2])
        self.patience = rng.choice([0.3, 0.9, 0.9, 0.98])
        self.luck = rng.choice([0.5, 0.85, 0.85, 0.97])
        self.open: dict[tuple[str, str], Json] = {}
        self.late: list[Json] = []
        self.events: list[str] = []

    def start(self, resume: Json | None = None) -> Json:
        rng = self.rng
        items = [value(rng, 1) for _ in range(rng.randrange(4))]
        given: Any = {"flag": rng.random() < 0.5, "items": items, "v": value(rng, 2)}
        event: Json = {"run_id": rng.choice(["r1", "r1", "rün/1"]), "input": given}
        if rng.random() < 0.1 or self.plan["input"]["type"] != "any":
            event["input"] = self.fitting.value(self.plan["input"])
        if rng.random() < 0.2:
            large = rng.random() < 0.2
            event["metadata"] = {"k": "x" * 700 if large else value(rng, 1)}
        if rng.random() < 0.1:
            event["timeout"] = rng.choice([0, 1000, 2**53 - 1])
        if rng.random() < 0.1:
            event["deadline"] = self.now + rng.choice([0, 500, 10_000])
        if rng.random() < 0.1:
            event["retry_of"] = "r0"
        if resume is not None:
            event["resume"] = resume
        return self._event("run_started", event)

    def _event(self, type: str, members: Json) -> Json:
        self.count += 1
        id = f"00000000-0000-4000-8000-{self.count:012d}"
        if self.rng.random() < 0.05:
            id = self.rng.choice(TEXTS)
        if self.rng.random() < self.doubles:
            for name in members.keys() & {"input", "output", "data", "error"}:
                members[name] = in_doubles(members[name])
        return {"type": type, "id": id, "at": self.now, **members}

    def take(self, commands: list[Json]) -> None:
        for command in commands:
            kind = command["type"]
            if kind in OPENS:
                self.open[kind, command[OPENS[kind]]] = command
            elif kind in CLOSES:
                what, member = CLOSES[kind]
                found = self.open.get((what, command[member]))
                if found is not None and command.get("wait"):
                    self.open[what, command[member]] = {**found, "stopping": True}
                elif found is not None:
                    self.late.append(self.open.pop((what, command[member])))

    def next(self, paused: bool) -> Json:
        """What happens now."""
        rng = self.rng
        self.now += rng.choice([0, 0, 1, 50])
        choice = rng.random()
        if choice < 0.03:
            return self._event(rng.choice(["pause", "cancel_requested", "resume"]), {})
        if choice < 0.07:
            return self.hostile()
        if choice < 0.12 and self.late:
            return self.answer(rng.choice(self.late))
        if choice < 0.18 or not self.open:
            return self.told()
        if paused and choice < 0.5:
            return self._event("resume", {})
        keys = sorted(self.open)
        if rng.random() < self.patience:
            keys = [key for key in keys if key[0] != "start_timer"] or keys
        key = rng.choice(keys)
        command = self.open[key]
        if key[0] != "listen" and rng.random() < 0.95:
            self.late.append(self.open.pop(key))
        return self.answer(command)

    def told(self) -> Json:
        """An event for the run, perhaps one that it knows."""
        rng = self.rng
        id = f"x{self.count}"
        if self.events and rng.random() < 0.2:
            id = rng.choice(self.events)
        self.events.append(id)
        data: Any = {"k": rng.randint(0, 1)}
        if rng.random() < 0.3:
            data = value(rng) if rng.random() < 0.8 else {"k": "x" * 700}
        event = {"event_id": id, "event": rng.choice([*EVENTS, "none"]), "data": data}
        if rng.random() < 0.3:
            event["expires_at"] = self.now + rng.choice([0, 1, 100])
        return self._event("event_received", event)

    def output(self, reference: Json | None) -> Any:
        free = reference is None or reference["type"] == "any"
        if free and self.rng.random() < 0.4:
            return {"v": 1}
        return self.fitting.value(reference)

    def node_of(self, step_path: str) -> Json:
        """The node of a command that says only where it stands."""
        step = step_path.rpartition("/")[2].partition("~")[0].partition("[")[0]
        nodes: Json = self.plan["nodes"]
        found: Json = nodes.get(f"{step}/do") or nodes.get(step) or {}
        return found

    def error(self) -> Any:
        rng = self.rng
        made: Json = {"code": rng.choice(["BOOM", "BOOM", "ODD", "TIMEOUT", "", None])}
        made["message"] = rng.choice(["no", rng.choice(TEXTS), value(rng, 1)])
        for member, given in (
            ("retryable", rng.choice([True, False, "yes"])),
            ("details", value(rng, 2)),
            ("retry_after", rng.choice([*NUMBERS, 5000, True])),
            ("cause", rng.choice([{"code": "INNER"}, "text", None])),
            ("suppressed", [1]),
            ("extra", 1),
        ):
            if rng.random() < 0.2:
                made[member] = given
        return made if rng.random() < 0.95 else value(rng, 1)

    def answer(self, command: Json) -> Json:
        rng, kind = self.rng, command["type"]
        if kind == "schedule_task":
            task = {"task_id": command["task_id"], "attempt": command["attempt"]}
            if rng.random() < self.luck:
                node = self.plan["nodes"][command["node"]]
                output = self.output(node.get("result_type"))
                if "http" in node and rng.random() < 0.8:
                    output = {"status": 200, "headers": {}, "body": output}
                return self._event("task_result", {**task, "output": output})
            choice = rng.random()
            if choice < 0.7:
                if rng.random() < 0.2:
                    task["unknown"] = rng.choice([True, True, False])
                return self._event("task_result", {**task, "error": self.error()})
            if choice < 0.8 or command.get("stopping"):
                return self._event("task_stopped", task)
            limit = rng.choice(["lease", "queue", "heartbeat"])
            return self._event("timed_out", {**task, "kind": limit})
        if kind == "start_timer":
            self.now = max(self.now, min(command["due"], self.now + 10**9))
            return self._event("timer_fired", {"timer_id": command["timer_id"]})
        if kind == "listen":
            event = self.told()
            data: Json = {**command["correlate"]}
            known = self.plan["events"].get(command["event"])
            given = self.fitting.value(known["type"]) if known else None
            if isinstance(given, dict) and rng.random() < 0.7:
                data = {**given, **data}
            return {**event, "event": command["event"], "data": data}
        if kind == "open_human_task":
            given = self.fitting.value(command["form"])
            answer = {"task_id": command["task_id"], "data": given}
            return self._event("human_completed", answer)
        return self.child(command)

    def child(self, command: Json) -> Json:
        rng = self.rng
        ends = ["completed", "completed", "failed", "timed_out", "cancelled"]
        event: Json = {"child_id": command["child_id"], "status": rng.choice(ends)}
        if event["status"] == "completed":
            node = self.node_of(command["child_id"])
            event["output"] = self.output(node.get("result_type"))
        elif rng.random() < 0.6:
            event["error"] = self.error()
        return self._event("child_ended", event)

    def hostile(self) -> Json:
        """Whatever comes from outside: members of other events, of other types."""
        rng = self.rng
        known: Json = {
            "task_id": [k[1] for k in self.open] or ["a"],
            "child_id": [k[1] for k in self.open] or ["a"],
            "timer_id": ["@run#timeout", "@run#grace", "#", "a#b", "/#timeout"],
            "attempt": [0, 1, 2, -1],
            "kind": ["lease", "nap"],
            "status": ["completed", "exploded"],
            "event": EVENTS,
            "error": [self.error()],
            "resume": [{"steps": {}, "start": "s0"}, {"steps": {}, "done": []}],
        }
        event = self._event(rng.choice(KINDS), {})
        for name in rng.sample(NAMES, rng.randrange(8)):
            given = rng.choice(known[name]) if name in known else value(rng, 2)
            event[name] = given if rng.random() < 0.8 else value(rng, 1)
        if rng.random() < 0.2:
            event[rng.choice(["at", "id", "type"])] = value(rng, 1)
        if rng.random() < 0.1:
            del event[rng.choice(["at", "id", "type"])]
        return event


def in_doubles(value: Any) -> Any:
    """The value with its integers as doubles, which JSON does not tell apart."""
    if isinstance(value, dict):
        return {name: in_doubles(member) for name, member in value.items()}
    if isinstance(value, list):
        return [in_doubles(item) for item in value]
    return float(value) if type(value) is int else value
