"""Random plans for two cores: nasty names, mappings that may fail, types, requests, jumps
that need not be sensible."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from magicflow.canonical import canonical

from tests.differential import types
from tests.differential.expressions import Expressions
from tests.differential.values import TEXTS, value
from tests.differential.values import name as new_name
from tests.runtime.core.plans import clause
from tests.runtime.core.random_plans import ACTIONS, PlanBuilder, Thrown

Json = dict[str, Any]
COMPILED = sorted(
    (Path(__file__).parents[1] / "golden").glob("dsl/*/expected/plan.json")
)
"""What the compiler makes: plans with types that are wired to each other."""
EVENTS = ["ping", "p o\U0001f600ng"]


def random_plan(rng: Random) -> Json:
    if COMPILED and rng.random() < 0.1:
        compiled: Json = json.loads(rng.choice(COMPILED).read_text())
        compiled["limits"]["occurrences_per_run"] = 60
        return compiled
    return _WildBuilder(rng).plan()


class _WildBuilder(PlanBuilder):
    longest = 6
    event_names = EVENTS
    outcome_actions = ACTIONS

    def __init__(self, rng: Random) -> None:
        super().__init__(Thrown(rng))
        self.rng = rng
        self.room = rng.choice([4, 10, 20, 30])
        self.kinds = (*self.kinds, "http")
        if self.flag(70):  # or most runs would end early
            self.kinds = (*(k for k in self.kinds if k != "raise"), "call", "http")
        self.types = types.types(rng)
        self.expressions = Expressions(rng, self.steps)
        self.wild = rng.random() < 0.6  # whether there are mappings everywhere

    def plan(self, **members: Any) -> Json:
        rng = self.rng
        if self.flag(20):
            members["notifications"] = [value(rng, 2) for _ in range(rng.randrange(3))]
        errors = {"BOOM": {"retryable": self.flag(50)}}
        work = {"executor": "svc", "function": "work", "errors": errors}
        made = super().plan(
            types=self.types,
            input=self.reference(8),
            functions={"svc/work": work},
            **members,
        )
        made["output"]["type"] = self.reference(15)
        if self.flag(60):
            made["output"]["value"] = self.expressions.expression()
        loaded: Json = json.loads(canonical(made))
        return loaded

    def limits(self) -> Json:
        bytes = self.pick([262144, 262144, 262144, 262144, 600, 200])
        occurrences = self.pick([20, 60, 60])
        return {
            **super().limits(),
            "value_bytes": bytes,
            "occurrences_per_run": occurrences,
        }

    def new_name(self) -> str:
        return new_name(self.rng, self.steps)

    def reference(self, percent: int) -> Json:
        if not self.flag(percent):
            return {"type": "any"}
        return types.reference(self.rng, self.types)

    def condition(self) -> Json:
        return self.expressions.condition()

    def input(self, name: str) -> Json:
        return self.expressions.mapping()

    def output(self) -> Json:
        mapped = self.wild and self.flag(20)
        return {"output": self.expressions.mapping()} if mapped else {}

    def some(self, percent: int, *parts: str) -> Json:
        """Expressions for some of the parts."""
        return {p: self.expressions.expression() for p in parts if self.flag(percent)}

    def limited(self) -> Json:
        return {"timeout": 1000} if self.flag() else {}

    def task(self, timeout: int | None = None) -> Json:
        made = super().task() | {"function": self.pick(["work", "näme"])}
        for setting, given in (
            ("timeout", timeout or 100),
            ("queue_timeout", 7),
            ("heartbeat_timeout", 8),
            ("priority", -3),
            ("max_concurrency", 2),
        ):
            if self.flag(20):
                made[setting] = given
        if self.flag(10):
            made["circuit_breaker"] = {
                "failure_threshold": 3,
                "minimum_calls": 1,
                "window": 1000,
                "recovery_timeout": 1000,
                "half_open_max_calls": 1,
                "failure_rate_threshold": 0.5,
            }
        made["input_type"] = self.reference(4)
        made["result_type"] = self.reference(10)
        return made

    # rules and timeouts

    def rules(self) -> list[Json]:
        made = super().rules()
        for one in made:
            one["outermost"] = self.flag(20)
        return made

    def outcome(self) -> Json:
        return self.condition()

    def failure(self) -> Json:
        return {
            **super().failure(),
            **self.some(40, "message", "details"),
            "keep_error": self.flag(20),
        }

    def timeout(self) -> Json:
        return super().timeout() | {"after": self.pick([0, 20_000, 20_000])}

    # blocks and steps

    def block(self, id: str, depth: int) -> None:
        super().block(id, depth)
        if id != "/":
            self.nodes[id] |= self.output()
            if self.flag(10):
                self.nodes[id]["timeout"] = 2000

    def jump(self, names: list[str]) -> None:
        """Back to the start, from guards that do not hold and from switches."""
        for one in names:
            node = self.nodes[one]
            if self.flag(3):
                node["next"] = names[0]
            if "guard" in node and self.flag(30):
                node["guard"]["skip"] = self.pick([*names, "@block"])
            if node["kind"] == "switch" and self.flag(30):
                for case in node["cases"]:
                    if self.flag(50):
                        case["then"] = {"goto": self.pick([*names, "@block"])}

    def trying(self, body: str) -> Json:
        made = super().trying(body)
        for one in made["catch"]:
            if "timeout" in one["match"]:
                one["before_retry"] = self.flag(60)
        if self.flag(10):
            broken = clause("run", "circuit_open", handler=self.fallback())
            made["catch"].insert(0, broken)
        if "retry" in made:
            made["retry"]["backoff"] = self.pick(["fixed", "linear", "exponential"])
            if self.flag(20):
                made["retry"]["retry_on"] = ["BOOM", "TIMEOUT"]
            if self.flag(20):
                made["retry"]["non_retryable"] = ["ODD"]
        return {**made, **self.output(), "output_type": self.reference(8)}

    def fallback(self) -> str:
        name = super().fallback()
        if self.flag(10):
            self.nodes[name]["guard"] = {"test": self.condition()}
        return name

    # kinds of nodes

    def make_call(self, name: str, depth: int) -> Json:
        node = super().make_call(name, depth)
        undo = f"{name}/compensate"
        if undo in self.nodes:
            self.nodes[undo]["input"] = self.expressions.mapping()
            if self.flag(30):
                self.nodes[f"{undo}/do"] = {**self.nodes[undo], "timeout": 50}
                self.nodes[undo] = {**self.trying(f"{undo}/do"), "catch": []}
        return node

    def make_http(self, name: str, depth: int) -> Json:
        def parts() -> Json:
            some = self.some(50, "H0", "H1")
            return some | ({"Key": self.expressions.secret()} if self.flag() else {})

        http: Json = {"url": self.expressions.expression(), "expect": [200, 201]}
        if self.flag(50):
            http["headers"] = parts()
        if self.flag(50):
            http["query"] = parts()
        if self.flag(50):
            http["body"] = self.expressions.mapping()
        return {**self.task(), "http": http}

    def make_set(self, name: str, depth: int) -> Json:
        return {"kind": "set", "value": self.expressions.mapping()}

    def make_wait(self, name: str, depth: int) -> Json:
        if not self.flag():
            return {"kind": "wait", "duration": self.pick([0, 10, 2**53 - 1])}
        until: list[Json] = [
            {"op": "lit", "value": self.pick(TEXTS)},
            {"op": "call", "function": "now", "args": []},
            {"op": "lit", "value": "2026-01-31T12:00:00.5+23:59"},
        ]
        return {"kind": "wait", "until": self.pick(until)}

    def make_listen(self, name: str, depth: int) -> Json:
        node = {**super().make_listen(name, depth), **self.limited()}
        node["correlate"] |= self.some(20, "é")
        return node

    def make_human(self, name: str, depth: int) -> Json:
        return {
            **super().make_human(name, depth),
            "type": self.reference(50),
            "task": self.some(40, "assignee", "title", "description"),
            **self.limited(),
        }

    def make_sub(self, name: str, depth: int) -> Json:
        node = {**super().make_sub(name, depth), **self.limited()}
        return {**node, "result_type": self.reference(20)}

    def make_emit(self, name: str, depth: int) -> Json:
        event = self.pick([*EVENTS, "told"])
        return {"kind": "emit", "event": event, "data": self.expressions.mapping()}

    def make_raise(self, name: str, depth: int) -> Json:
        node = {**super().make_raise(name, depth), **self.some(40, "message")}
        node |= self.some(30, "details") | {"code": self.pick(["RAISED", "BOOM"])}
        if "final" in node:
            node["final"] = self.pick(["failed", "timed_out"])
        return node

    def make_switch(self, name: str, depth: int) -> Json:
        node = super().make_switch(name, depth)
        if self.flag(50):
            node["cases"].append(self.case(f"{name}/then2", depth))
        if self.flag(40):
            self.block(f"{name}/else", depth + 1)
            node["default"] = {"body": f"{name}/else"}
        return node

    def make_fork(self, name: str, depth: int) -> Json:
        node = super().make_fork(name, depth)
        names: set[str] = set()
        for branch in node["branches"]:
            branch["name"] = new_name(self.rng, names)
            names.add(branch["name"])
        return node

    def make_for(self, name: str, depth: int) -> Json:
        node = super().make_for(name, depth)
        node["variable"] = self.pick(["item", "x"])
        if self.flag(20):
            node["items"] = self.expressions.array(2)
        if self.flag(15):
            del node["items"]
        if "items" not in node or self.flag(20):
            node["while"] = self.condition()
        if "collect" in node:
            node["collect"] = self.expressions.expression()
        return node
