"""Random plans for two cores: every kind of node, nested, with nasty names, mappings
that may fail, types, requests, retries, handlers and rules."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from magicflow.canonical import canonical

from tests.differential import types
from tests.differential.expressions import Expressions, member
from tests.differential.values import TEXTS, value
from tests.differential.values import name as new_name
from tests.runtime.core.plans import clause, plan, policy, rule

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
    return _Builder(rng).plan()


class _Builder:
    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.nodes: Json = {}
        self.steps: list[str] = []
        self.handlers: set[str] = set()
        self.room = rng.choice([4, 10, 20, 30])
        self.types = types.types(rng)
        self.expressions = Expressions(rng, self.steps)
        self.wild = rng.random() < 0.6  # whether there are mappings everywhere

    def plan(self) -> Json:
        rng = self.rng
        self.block("/", 0)
        members: Json = {"rules": self.rules()}
        if self.flag(40):
            members["timeout"] = self.timeout()
        if self.flag(20):
            members["notifications"] = [value(rng, 2) for _ in range(rng.randrange(3))]
        shown = self.expressions.expression() if self.flag(60) else {"op": "lit"}
        shown = {"op": "lit", "value": None} if shown == {"op": "lit"} else shown
        made = plan(
            self.nodes,
            handlers=self.handlers,
            types=self.types,
            events={
                event: {"name": event, "type": self.reference(20), "listens": True}
                for event in EVENTS
            },
            output={"type": self.reference(15), "value": shown},
            input=self.reference(8),
            limits={
                "visits_per_block": 3,
                "occurrences_per_run": rng.choice([20, 60, 60]),
                "value_bytes": rng.choice([262144, 262144, 262144, 262144, 600, 200]),
                "cancel_grace": 1000,
            },
            functions={
                "svc/work": {
                    "executor": "svc",
                    "function": "work",
                    "errors": {"BOOM": {"retryable": self.flag(50)}},
                }
            },
            **members,
        )
        loaded: Json = json.loads(canonical(made))
        return loaded

    def reference(self, percent: int) -> Json:
        if not self.flag(percent):
            return {"type": "any"}
        return types.reference(self.rng, self.types)

    def flag(self, percent: int = 30) -> bool:
        return self.rng.randrange(100) < percent

    def mapped(self, percent: int) -> bool:
        return self.wild and self.flag(percent)

    def name(self) -> str:
        self.room -= 1
        made = new_name(self.rng, self.steps)
        self.steps.append(made)
        return made

    # rules and timeouts

    def rules(self) -> list[Json]:
        rng = self.rng
        made = []
        root = self.nodes["/"]
        targets = [n for n in root["nodes"] if "/" not in n]
        for number in range(1, rng.choice([1, 1, 2, 3])):
            action = rng.choice(
                ["fail", "compensate", "continue", "goto", "block_fails", "compensate"]
            )
            when = self.expressions.condition()
            if self.flag(60):
                codes = ["BOOM", "TIMEOUT", "RAISED"]
                when = {
                    "op": "==",
                    "left": {
                        "op": "path",
                        "root": "error",
                        "segments": [member("code")],
                        "singular": True,
                    },
                    "right": {"op": "lit", "value": rng.choice(codes)},
                }
            members: Json = {}
            if action == "goto":
                if "deps" in root:
                    continue
                members["target"] = rng.choice(targets)
            if action in ("fail", "compensate"):
                if self.flag(40):
                    members["message"] = self.expressions.expression()
                if self.flag(40):
                    members["details"] = self.expressions.expression()
                members["code"] = rng.choice(["SEEN", None])
                members["keep_error"] = self.flag(20)
            if action == "compensate" and self.flag(50):
                step = self.name()
                body = f"rule/{number}/steps"
                self.nodes[step] = self.call(step) | {"step": step}
                self.nodes[body] = {"kind": "seq", "nodes": [step], "deps": {step: []}}
                members["body"] = body
            one = rule(number, when, action, **members)
            one["action"] = {k: v for k, v in one["action"].items() if v is not None}
            one["outermost"] = self.flag(20)
            made.append(one)
        return made

    def timeout(self) -> Json:
        action = self.rng.choice(["cancel_and_cleanup", "ignore", "retry", "fallback"])
        made: Json = {"after": self.rng.choice([0, 20_000, 20_000]), "action": action}
        if action == "fallback":
            made["handler"] = self.fallback()
        return made

    # blocks

    def block(self, id: str, depth: int) -> None:
        """A list with forward and sometimes backward jumps, or a DAG."""
        rng = self.rng
        count = rng.randint(1, 6 if depth == 0 else 3)
        names = [self.step(depth) for i in range(count) if self.room > 0 or i == 0]
        node: Json = {"kind": "seq"}
        if self.flag(25):
            node["deps"] = {
                one: sorted(b for b in names[:index] if self.flag(50))
                for index, one in enumerate(names)
            }
            node["nodes"] = names + self.wire_handlers(names, rejoin=False)
        else:
            for index, one in enumerate(names):
                following = names[index + 1] if index + 1 < len(names) else "@block"
                if self.flag(3):
                    following = rng.choice(["@run", names[0]])
                self.nodes[one]["next"] = following
                guard = self.nodes[one].get("guard")
                if guard is not None and self.flag(30):
                    guard["skip"] = rng.choice([*names, "@block"])
            node["start"] = names[0]
            node["nodes"] = names + self.wire_handlers(names, rejoin=True)
            self.jumps(names)
        if id != "/" and self.mapped(20):
            node["output"] = self.expressions.mapping()
        if id != "/" and self.flag(10):
            node["timeout"] = 2000
        self.nodes[id] = node

    def jumps(self, names: list[str]) -> None:
        """Switches of a list may jump to its nodes."""
        for one in names:
            node = self.nodes[one]
            if node["kind"] == "switch" and self.flag(30):
                for case in node["cases"]:
                    if self.flag(50):
                        case["then"] = {"goto": self.rng.choice([*names, "@block"])}

    def wire_handlers(self, names: list[str], rejoin: bool) -> list[str]:
        """`on_failure` handlers of the block's steps."""
        made: list[str] = []
        for one in names:
            node = self.nodes[one]
            if node["kind"] != "try" or not self.flag(35) or self.room <= 0:
                continue
            handler = self.name()
            self.handlers.add(handler)
            target = f"{handler}/rethrow"
            if rejoin and self.flag(50):
                target = self.rng.choice([*names, "@block"])
            else:
                self.nodes[target] = {"kind": "raise", "rethrow": True}
                made.append(target)
            self.nodes[handler] = self.call(handler) | {"step": handler, "next": target}
            node["catch"].append(clause("goto", target=handler))
            made.append(handler)
        return made

    def step(self, depth: int) -> str:
        name = self.name()
        kinds = ["call"] * 4 + ["set", "wait", "listen", "human", "sub", "emit"]
        kinds += ["call", "http"] if self.flag(70) else ["raise", "http"]
        if depth < 3 and self.room > 0:
            kinds += ["switch", "fork", "for", "fork", "for"]
        kind = self.rng.choice(kinds)
        inner = self.flag(60) and kind not in ("set", "raise", "emit")
        id = f"{name}/do" if inner else name
        node: Json = getattr(self, f"make_{kind}")(name, depth)
        head: Json = {"step": name}
        if self.flag(10):
            head["guard"] = {"test": self.expressions.condition()}
        if self.flag(20) or self.mapped(20):
            head["input"] = self.expressions.mapping()
        if self.mapped(20):
            node["output"] = self.expressions.mapping()
        if not inner:
            self.nodes[name] = {**node, **head}
            return name
        self.nodes[id] = node
        self.nodes[name] = {**self.retrying(id), **head}
        return name

    def retrying(self, body: str) -> Json:
        """A `try` around a body."""
        rng = self.rng
        catch = []
        if self.flag(20):
            action = rng.choice(["ignore", "end_run"])
            catch.append(clause(action, "timeout", before=self.flag(60)))
        if self.flag(10):
            fallback = self.fallback()
            catch.append(clause("run", "circuit_open", handler=fallback))
        if self.flag(35) and self.room > 0:
            catch.append(clause("run", handler=self.fallback()))
        made: Json = {"kind": "try", "body": body, "catch": catch}
        if self.flag(50):
            backoff = rng.choice(["fixed", "linear", "exponential"])
            made["retry"] = policy(
                max_attempts=rng.randint(2, 3), jitter=self.flag(), backoff=backoff
            )
            if self.flag(20):
                made["retry"]["retry_on"] = ["BOOM", "TIMEOUT"]
            if self.flag(20):
                made["retry"]["non_retryable"] = ["ODD"]
        if self.flag(25):
            made["timeout"] = 5000
        if self.mapped(15):
            made["output"] = self.expressions.mapping()
        made["output_type"] = self.reference(8)
        return made

    def fallback(self) -> str:
        name = self.name()
        self.handlers.add(name)
        if self.flag(50):
            self.nodes[name] = self.call(name) | {"step": name}
        else:
            self.nodes[f"{name}/do"] = self.call(name)
            self.nodes[name] = {
                "kind": "try",
                "step": name,
                "body": f"{name}/do",
                "catch": [],
            }
            if self.flag(50):
                self.nodes[name]["retry"] = policy(max_attempts=2)
        if self.flag(10):
            self.nodes[name]["guard"] = {"test": self.expressions.condition()}
        return name

    # kinds

    def call(self, name: str) -> Json:
        made: Json = {
            "kind": "call",
            "executor": "svc",
            "function": self.rng.choice(["work", "näme"]),
        }
        for setting, given in (
            ("timeout", 100),
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

    def make_call(self, name: str, depth: int) -> Json:
        node = self.call(name)
        if self.flag(30):
            on = self.rng.choice(["unknown", "completed"])
            undo = f"{name}/compensate"
            node["compensation"] = {"node": undo, "on": on}
            self.nodes[undo] = self.call(name) | {"input": self.expressions.mapping()}
            if self.flag(30):
                self.nodes[undo]["timeout"] = 50
                self.nodes[f"{undo}/do"] = self.nodes[undo]
                self.nodes[undo] = self.retrying(f"{undo}/do")
                self.nodes[undo]["catch"] = []
        return node

    def make_http(self, name: str, depth: int) -> Json:
        def parts() -> Json:
            count = self.rng.randrange(3)
            some = {f"H{i}": self.expressions.expression() for i in range(count)}
            return some | ({"Key": self.expressions.secret()} if self.flag() else {})

        node = self.call(name)
        http: Json = {"url": self.expressions.expression(), "expect": [200, 201]}
        if self.flag(50):
            http["headers"] = parts()
        if self.flag(50):
            http["query"] = parts()
        if self.flag(50):
            http["body"] = self.expressions.mapping()
        return {**node, "http": http}

    def make_set(self, name: str, depth: int) -> Json:
        return {"kind": "set", "value": self.expressions.mapping()}

    def make_wait(self, name: str, depth: int) -> Json:
        if self.flag():
            until = self.rng.choice(
                [
                    {"op": "lit", "value": self.rng.choice(TEXTS)},
                    {"op": "call", "function": "now", "args": []},
                    {"op": "lit", "value": "2026-01-31T12:00:00.5+23:59"},
                ]
            )
            return {"kind": "wait", "until": until}
        return {"kind": "wait", "duration": self.rng.choice([0, 10, 2**53 - 1])}

    def make_listen(self, name: str, depth: int) -> Json:
        asked: Json = {}
        if self.flag(50):
            asked["k"] = {"op": "lit", "value": self.rng.randint(0, 1)}
        if self.flag(20):
            asked["é"] = self.expressions.expression()
        return {
            "kind": "listen",
            "event": self.rng.choice(EVENTS),
            "correlate": asked,
            "type": self.reference(20),
            **({"timeout": 1000} if self.flag() else {}),
        }

    def make_human(self, name: str, depth: int) -> Json:
        parts = ("assignee", "title", "description")
        return {
            "kind": "listen",
            "event": "@task",
            "correlate": {},
            "type": self.reference(50),
            "task": {p: self.expressions.expression() for p in parts if self.flag(40)},
            **({"timeout": 1000} if self.flag() else {}),
        }

    def make_sub(self, name: str, depth: int) -> Json:
        return {
            "kind": "sub",
            "workflow": "child",
            "version": "*",
            "result_type": self.reference(20),
            **({"timeout": 1000} if self.flag() else {}),
        }

    def make_emit(self, name: str, depth: int) -> Json:
        event = self.rng.choice([*EVENTS, "told"])
        return {"kind": "emit", "event": event, "data": self.expressions.mapping()}

    def make_raise(self, name: str, depth: int) -> Json:
        node: Json = {"kind": "raise", "code": self.rng.choice(["RAISED", "BOOM"])}
        if self.flag(40):
            node["message"] = self.expressions.expression()
        if self.flag(30):
            node["details"] = self.expressions.expression()
        if self.flag(20):
            final = self.rng.choice(["failed", "timed_out"])
            node.update(final=final, compensate=self.flag(50))
        return node

    def make_switch(self, name: str, depth: int) -> Json:
        cases = []
        for number in range(self.rng.randint(1, 2)):
            body = f"{name}/then{number}"
            self.block(body, depth + 1)
            cases.append({"when": self.expressions.condition(), "then": {"body": body}})
        node: Json = {"kind": "switch", "cases": cases}
        if self.flag(40):
            self.block(f"{name}/else", depth + 1)
            node["default"] = {"body": f"{name}/else"}
        return node

    def make_fork(self, name: str, depth: int) -> Json:
        branches: list[Json] = []
        names: set[str] = set()
        for number in range(self.rng.randint(1, 3)):
            body = f"{name}/b{number}"
            self.block(body, depth + 1)
            shown = new_name(self.rng, names)
            names.add(shown)
            branches.append({"name": shown, "body": body})
        node: Json = {
            "kind": "fork",
            "mode": self.rng.choice(["all", "all", "any", "race"]),
            "fail_fast": self.flag(60),
            "branches": branches,
        }
        if self.flag(30):
            node["max_concurrency"] = 1
        if self.flag(25):
            node["timeout"] = 3000
        return node

    def make_for(self, name: str, depth: int) -> Json:
        items: Json = {
            "op": "path",
            "root": "input",
            "segments": [{"selectors": [{"member": "items"}]}],
            "singular": True,
        }
        if self.flag(20):
            items = self.expressions.array(2)
        body = f"{name}/body"
        self.block(body, depth + 1)
        node: Json = {
            "kind": "for",
            "variable": self.rng.choice(["item", "x"]),
            "parallel": self.flag(50),
            "max_iterations": 3,
            "body": body,
        }
        if self.flag(85):
            node["items"] = items
        if "items" not in node or self.flag(20):
            node["while"] = self.expressions.condition()
        if self.flag(40):
            node["batch_size"] = 1
        if self.flag(30):
            node["collect"] = self.expressions.expression()
        return node
