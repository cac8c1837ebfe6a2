"""Random plans: every kind of node, nested, with retries, handlers and rules."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

from tests.runtime.core.plans import (
    call,
    clause,
    equals,
    lit,
    obj,
    output,
    path,
    plan,
    policy,
    rule,
)

Json = dict[str, Any]
T = TypeVar("T")
EVENTS = {"ping": {"name": "ping", "type": {"type": "any"}, "listens": True}}


class Choices(Protocol):
    """What a random plan is made of."""

    def number(self, low: int, high: int) -> int: ...

    def pick(self, among: Sequence[T]) -> T: ...


class Drawn:
    """Hypothesis chooses, and shrinks."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def number(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))

    def pick(self, among: Sequence[T]) -> T:
        return self._draw(st.sampled_from(among))


class Thrown:
    """Dice choose: fast."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice

    def number(self, low: int, high: int) -> int:
        return self._dice.randint(low, high)

    def pick(self, among: Sequence[T]) -> T:
        return self._dice.choice(among)


class _Builder:
    """Draws one plan. `room` bounds its size, `looped` says that a loop is around."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self.nodes: Json = {}
        self.handlers: set[str] = set()
        self.steps: list[str] = []
        self.room = 14

    def name(self) -> str:
        self.room -= 1
        name = f"s{len(self.steps)}"
        self.steps.append(name)
        return name

    def flag(self, percent: int = 30) -> bool:
        return self.choices.number(0, 99) < percent

    def block(self, id: str, depth: int) -> None:
        """A list with forward and sometimes backward jumps, or a DAG."""
        count = self.choices.number(1, 3)
        names = [self.step(depth) for _ in range(count) if self.room > 0 or _ == 0]
        if self.flag(25):
            deps = {
                name: sorted(b for b in names[:index] if self.flag(50))
                for index, name in enumerate(names)
            }
            handlers = self.wire_handlers(id, names, rejoin=False)
            self.nodes[id] = {"kind": "seq", "nodes": names + handlers, "deps": deps}
            return
        for index, name in enumerate(names):
            following = names[index + 1] if index + 1 < len(names) else "@block"
            if self.flag(5):
                following = "@run"
            self.nodes[name]["next"] = following
        handlers = self.wire_handlers(id, names, rejoin=True)
        self.nodes[id] = {"kind": "seq", "nodes": names + handlers, "start": names[0]}

    def wire_handlers(self, id: str, names: list[str], rejoin: bool) -> list[str]:
        """`on_failure` handlers of the block's steps."""
        made: list[str] = []
        for name in names:
            node = self.nodes[name]
            if node["kind"] != "try" or not self.flag(35) or self.room <= 0:
                continue
            handler = self.name()
            self.handlers.add(handler)
            target = f"{handler}/rethrow"
            if rejoin and self.flag(50):
                target = self.choices.pick([*names, "@block"])
            else:
                self.nodes[target] = {"kind": "raise", "rethrow": True}
                made.append(target)
            self.nodes[handler] = call(
                handler, next=target, input=path("error", "code")
            )
            node["catch"].append(clause("goto", target=handler))
            for fallback in [c["handler"] for c in node["catch"] if "handler" in c]:
                if self.nodes[fallback]["kind"] == "try":
                    self.nodes[fallback]["catch"].append(clause("goto", target=handler))
            made.append(handler)
        return made

    def step(self, depth: int) -> str:
        name = self.name()
        kinds = [
            "call",
            "call",
            "call",
            "set",
            "wait",
            "listen",
            "human",
            "sub",
            "emit",
            "raise",
        ]
        if depth < 3 and self.room > 0:
            kinds += ["switch", "fork", "for", "fork", "for"]
        kind = self.choices.pick(kinds)
        inner = self.flag(60) and kind not in ("set", "raise", "emit")
        id = f"{name}/do" if inner else name
        node = getattr(self, f"make_{kind}")(id, name, depth)
        head: Json = {"step": name}
        if self.flag(20):
            head["guard"] = {"test": equals(path("input", "flag"), self.flag(50))}
        if self.flag(20):
            head["input"] = obj(at=lit(name), flag=path("input", "flag"))
        if not inner:
            self.nodes[name] = {**node, **head}
            return name
        self.nodes[id] = node
        catch = []
        if self.flag(20):
            catch.append(
                clause(
                    self.choices.pick(["ignore", "end_run"]),
                    "timeout",
                    before=True,
                )
            )
        if self.flag(35) and self.room > 0:
            fallback = self.name()
            self.handlers.add(fallback)
            self.nodes[fallback] = self.make_fallback(fallback)
            catch.append(clause("run", handler=fallback))
        self.nodes[name] = {"kind": "try", "body": id, "catch": catch, **head}
        if self.flag(50):
            attempts = self.choices.number(2, 3)
            self.nodes[name]["retry"] = policy(
                max_attempts=attempts, jitter=self.flag()
            )
        if self.flag(25):
            self.nodes[name]["timeout"] = 5000
        return name

    def make_fallback(self, name: str) -> Json:
        if self.flag(50):
            return call(name)
        self.nodes[f"{name}/do"] = call(timeout=100)
        node = {"kind": "try", "step": name, "body": f"{name}/do", "catch": []}
        return {**node, "retry": policy(max_attempts=2)} if self.flag(50) else node

    def make_call(self, id: str, name: str, depth: int) -> Json:
        node = call(timeout=100)
        if self.flag(30):
            on = self.choices.pick(["unknown", "completed"])
            node["compensation"] = {"node": f"{name}/compensate", "on": on}
            self.nodes[f"{name}/compensate"] = call(
                function="undo", input=path("undo", name="output")
            )
        return node

    def make_set(self, id: str, name: str, depth: int) -> Json:
        if self.flag(15):
            return {
                "kind": "set",
                "value": {"op": "+", "left": lit("x"), "right": lit(1)},
            }
        return {"kind": "set", "value": obj(v=lit(1))}

    def make_wait(self, id: str, name: str, depth: int) -> Json:
        return {"kind": "wait", "duration": self.choices.pick([0, 10])}

    def make_listen(self, id: str, name: str, depth: int) -> Json:
        asked = {"k": lit(self.choices.number(0, 1))} if self.flag(50) else {}
        return {
            "kind": "listen",
            "event": "ping",
            "correlate": asked,
            "type": {"type": "any"},
        }

    def make_human(self, id: str, name: str, depth: int) -> Json:
        return {
            "kind": "listen",
            "event": "@task",
            "correlate": {},
            "type": {"type": "boolean"},
            "task": {},
        }

    def make_sub(self, id: str, name: str, depth: int) -> Json:
        return {"kind": "sub", "workflow": "child", "version": "*"}

    def make_emit(self, id: str, name: str, depth: int) -> Json:
        return {"kind": "emit", "event": "told", "data": lit(1)}

    def make_raise(self, id: str, name: str, depth: int) -> Json:
        node: Json = {"kind": "raise", "code": "RAISED"}
        if self.flag(20):
            node.update(final="failed", compensate=self.flag(50))
        return node

    def make_switch(self, id: str, name: str, depth: int) -> Json:
        self.block(f"{name}/then", depth + 1)
        return {
            "kind": "switch",
            "cases": [
                {
                    "when": equals(path("input", "flag"), True),
                    "then": {"body": f"{name}/then"},
                }
            ],
        }

    def make_fork(self, id: str, name: str, depth: int) -> Json:
        branches = []
        for number in range(self.choices.number(1, 3)):
            self.block(f"{name}/b{number}", depth + 1)
            branches.append({"name": f"b{number}", "body": f"{name}/b{number}"})
        node: Json = {
            "kind": "fork",
            "mode": self.choices.pick(["all", "all", "any", "race"]),
            "fail_fast": self.flag(60),
            "branches": branches,
        }
        if self.flag(30):
            node["max_concurrency"] = 1
        if self.flag(25):
            node["timeout"] = 3000
        return node

    def make_for(self, id: str, name: str, depth: int) -> Json:
        self.block(f"{name}/body", depth + 1)
        node: Json = {
            "kind": "for",
            "items": path("input", "items"),
            "variable": "item",
            "parallel": self.flag(50),
            "max_iterations": 3,
            "body": f"{name}/body",
        }
        if self.flag(40):
            node["batch_size"] = 1
        if self.flag(30):
            node["collect"] = path("local", name="item")
        return node


def build_plan(choices: Choices, **members: Any) -> Json:
    """One random plan; `members` are further ones of it."""
    builder = _Builder(choices)
    builder.block("/", 0)
    rules = []
    if builder.flag(30):
        actions = ["fail", "compensate", "continue", "goto", "block_fails"]
        action = choices.pick(actions)
        root = builder.nodes["/"]
        target = choices.pick([n for n in root["nodes"] if "/" not in n])
        when = equals(path("error", "code"), choices.pick(["BOOM", "RAISED"]))
        if action == "compensate" and builder.flag(50):
            step = builder.name()
            builder.nodes[step] = call(step)
            builder.nodes["rule/1/steps"] = {
                "kind": "seq",
                "nodes": [step],
                "deps": {step: []},
            }
            rules.append(rule(1, when, action, body="rule/1/steps"))
        elif action != "goto":
            rules.append(rule(1, when, action))
        elif "deps" not in root:
            rules.append(rule(1, when, action, target=target))
    if builder.flag(20):
        read = choices.pick(builder.steps)
        seen = equals(output(read, "v"), 1)
        root = builder.nodes["/"]
        if "deps" not in root and builder.flag(50):
            target = choices.pick([n for n in root["nodes"] if "/" not in n])
            rules.append(rule(2, seen, "goto", target=target))
        else:
            rules.append(rule(2, seen, "fail", code="SEEN"))
    if builder.flag(40):
        actions = ["cancel_and_cleanup", "ignore", "retry", "fallback"]
        action = choices.pick(actions)
        members["timeout"] = {"after": 20_000, "action": action}
        if action == "fallback":
            handler = builder.name()
            builder.handlers.add(handler)
            builder.nodes[handler] = builder.make_fallback(handler)
            members["timeout"]["handler"] = handler
    limits = {
        "visits_per_block": 3,
        "occurrences_per_run": 60,
        "value_bytes": 262144,
        "cancel_grace": 1000,
    }
    return plan(
        builder.nodes,
        handlers=builder.handlers,
        rules=rules,
        events=EVENTS,
        limits=limits,
        **members,
    )


@st.composite
def random_plans(draw: st.DrawFn, **members: Any) -> Json:
    return build_plan(Drawn(draw), **members)
