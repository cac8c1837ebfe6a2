"""Random plans: every kind of node, nested, with retries, handlers and rules.

`PlanBuilder` makes plans that do what a test can foresee: expressions give a value, and
events fit. tests/differential derives plans from it that need not even be sensible.
"""

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
ANY = {"type": "any"}
ACTIONS = ["fail", "compensate", "continue", "goto", "block_fails"]


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


class PlanBuilder:
    """Makes one plan. `room` is the number of steps that may still come."""

    room = 14
    longest = 3  # list of the whole run
    kinds = ("call", "call", "call", "set", "wait", "listen", "human", "sub", "emit")
    kinds += ("raise",)
    event_names: Sequence[str] = ("ping",)
    detours: Sequence[str] = ("@run",)
    outcome_actions: Sequence[str] = ("goto", "fail")
    """What rules do that look at the outcome of a step."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self.pick = choices.pick
        self.nodes: Json = {}
        self.handlers: set[str] = set()
        self.steps: list[str] = []

    def plan(self, **members: Any) -> Json:
        """The plan; `members` are further ones of it."""
        self.block("/", 0)
        rules = self.rules()
        if self.flag(40):
            members["timeout"] = self.timeout()
        return plan(
            self.nodes,
            handlers=self.handlers,
            rules=rules,
            events={
                name: {"name": name, "type": self.reference(20), "listens": True}
                for name in self.event_names
            },
            **{"limits": self.limits(), **members},
        )

    def limits(self) -> Json:
        return {
            "visits_per_block": 3,
            "occurrences_per_run": 60,
            "value_bytes": 262144,
            "cancel_grace": 1000,
        }

    # what the plans are made of

    def flag(self, percent: int = 30) -> bool:
        return self.choices.number(0, 99) < percent

    def name(self) -> str:
        self.room -= 1
        name = self.new_name()
        self.steps.append(name)
        return name

    def new_name(self) -> str:
        return f"s{len(self.steps)}"

    def reference(self, percent: int) -> Json:
        """A type; `percent`: how often it is another than `any`."""
        return ANY

    def condition(self) -> Json:
        return equals(path("input", "flag"), self.flag(50))

    def input(self, name: str) -> Json:
        return obj(at=lit(name), flag=path("input", "flag"))

    def output(self) -> Json:
        """The member `output` of a node that has one."""
        return {}

    def task(self, timeout: int | None = None) -> Json:
        """A call of a function; `timeout`: the one that it may have."""
        return call() if timeout is None else call(timeout=timeout)

    # rules and timeouts

    def rules(self) -> list[Json]:
        made = []
        root = self.nodes["/"]
        for number in range(1, 1 + self.pick([0, 0, 1, 1, 2])):
            if self.flag(60):
                when = equals(path("error", "code"), self.pick(["BOOM", "RAISED"]))
                action = self.pick(ACTIONS)
            else:
                when = self.outcome()
                action = self.pick(self.outcome_actions)
            members = self.failure() if action in ("fail", "compensate") else {}
            if action == "goto":
                if "deps" in root:
                    continue
                targets = [n for n in root["nodes"] if "/" not in n]
                members["target"] = self.pick(targets)
            if action == "compensate" and self.flag(50):
                step = self.name()
                body = f"rule/{number}/steps"
                self.nodes[step] = {**self.task(), "step": step}
                self.nodes[body] = {"kind": "seq", "nodes": [step], "deps": {step: []}}
                members["body"] = body
            made.append(rule(number, when, action, **members))
        return made

    def outcome(self) -> Json:
        """The condition of a rule that looks at steps."""
        return equals(output(self.pick(self.steps), "v"), 1)

    def failure(self) -> Json:
        """What a rule says of the failure that it makes."""
        return {"code": "SEEN"} if self.flag(50) else {}

    def timeout(self) -> Json:
        action = self.pick(["cancel_and_cleanup", "ignore", "retry", "fallback"])
        made: Json = {"after": 20_000, "action": action}
        return {**made, "handler": self.fallback()} if action == "fallback" else made

    # blocks and steps

    def block(self, id: str, depth: int) -> None:
        """A list with forward and sometimes backward jumps, or a DAG."""
        count = self.choices.number(1, self.longest if depth == 0 else 3)
        names = [self.step(depth) for i in range(count) if self.room > 0 or i == 0]
        node: Json = {"kind": "seq"}
        if self.flag(25):
            node["deps"] = {
                name: sorted(b for b in names[:index] if self.flag(50))
                for index, name in enumerate(names)
            }
        else:
            for name, following in zip(names, [*names[1:], "@block"], strict=True):
                leave = self.flag(5)
                self.nodes[name]["next"] = (
                    self.pick(self.detours) if leave else following
                )
            self.jump(names)
            node["start"] = names[0]
        node["nodes"] = names + self.wire_handlers(names, rejoin="deps" not in node)
        self.nodes[id] = node

    def jump(self, names: list[str]) -> None:
        """Further jumps between the steps of a list."""

    def wire_handlers(self, names: list[str], rejoin: bool) -> list[str]:
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
                target = self.pick([*names, "@block"])
            else:
                self.nodes[target] = {"kind": "raise", "rethrow": True}
                made.append(target)
            told = {"step": handler, "next": target, "input": path("error", "code")}
            self.nodes[handler] = {**self.task(), **told}
            node["catch"].append(clause("goto", target=handler))
            for fallback in [c["handler"] for c in node["catch"] if "handler" in c]:
                if self.nodes[fallback]["kind"] == "try":
                    self.nodes[fallback]["catch"].append(clause("goto", target=handler))
            made.append(handler)
        return made

    def step(self, depth: int) -> str:
        name = self.name()
        nested = ["switch", "fork", "for", "fork", "for"]
        more = nested if depth < 3 and self.room > 0 else []
        kind = self.pick([*self.kinds, *more])
        inner = self.flag(60) and kind not in ("set", "raise", "emit")
        node = {**getattr(self, f"make_{kind}")(name, depth), **self.output()}
        head: Json = {"step": name}
        if self.flag(20):
            head["guard"] = {"test": self.condition()}
        if self.flag(20):
            head["input"] = self.input(name)
        if inner:
            self.nodes[f"{name}/do"] = node
            node = self.trying(f"{name}/do")
        self.nodes[name] = {**node, **head}
        return name

    def trying(self, body: str) -> Json:
        """A `try` around a body."""
        catch = []
        if self.flag(20):
            action = self.pick(["ignore", "end_run"])
            catch.append(clause(action, "timeout", before=True))
        if self.flag(35) and self.room > 0:
            catch.append(clause("run", handler=self.fallback()))
        made: Json = {"kind": "try", "body": body, "catch": catch}
        if self.flag(50):
            attempts = self.choices.number(2, 3)
            made["retry"] = policy(max_attempts=attempts, jitter=self.flag())
        if self.flag(25):
            made["timeout"] = 5000
        return made

    def fallback(self) -> str:
        name = self.name()
        self.handlers.add(name)
        node = self.task()
        if self.flag(50):
            self.nodes[f"{name}/do"] = self.task(timeout=100)
            node = {"kind": "try", "body": f"{name}/do", "catch": []}
            if self.flag(50):
                node["retry"] = policy(max_attempts=2)
        self.nodes[name] = {**node, "step": name}
        return name

    # kinds of nodes

    def make_call(self, name: str, depth: int) -> Json:
        node = self.task(timeout=100)
        if self.flag(30):
            undo = f"{name}/compensate"
            on = self.pick(["unknown", "completed"])
            node["compensation"] = {"node": undo, "on": on}
            asked = {"function": "undo", "input": path("undo", name="output")}
            self.nodes[undo] = {**self.task(), **asked}
        return node

    def make_set(self, name: str, depth: int) -> Json:
        if self.flag(15):
            fails = {"op": "+", "left": lit("x"), "right": lit(1)}
            return {"kind": "set", "value": fails}
        return {"kind": "set", "value": obj(v=lit(1))}

    def make_wait(self, name: str, depth: int) -> Json:
        return {"kind": "wait", "duration": self.pick([0, 10])}

    def make_listen(self, name: str, depth: int) -> Json:
        return {
            "kind": "listen",
            "event": self.pick(self.event_names),
            "correlate": (
                {"k": lit(self.choices.number(0, 1))} if self.flag(50) else {}
            ),
            "type": self.reference(20),
        }

    def make_human(self, name: str, depth: int) -> Json:
        return {
            "kind": "listen",
            "event": "@task",
            "correlate": {},
            "type": {"type": "boolean"},
            "task": {},
        }

    def make_sub(self, name: str, depth: int) -> Json:
        return {"kind": "sub", "workflow": "child", "version": "*"}

    def make_emit(self, name: str, depth: int) -> Json:
        return {"kind": "emit", "event": "told", "data": lit(1)}

    def make_raise(self, name: str, depth: int) -> Json:
        node: Json = {"kind": "raise", "code": "RAISED"}
        if self.flag(20):
            node.update(final="failed", compensate=self.flag(50))
        return node

    def make_switch(self, name: str, depth: int) -> Json:
        return {"kind": "switch", "cases": [self.case(f"{name}/then", depth)]}

    def case(self, body: str, depth: int) -> Json:
        self.block(body, depth + 1)
        return {"when": self.condition(), "then": {"body": body}}

    def make_fork(self, name: str, depth: int) -> Json:
        branches = []
        for number in range(self.choices.number(1, 3)):
            self.block(f"{name}/b{number}", depth + 1)
            branches.append({"name": f"b{number}", "body": f"{name}/b{number}"})
        node: Json = {
            "kind": "fork",
            "mode": self.pick(["all", "all", "any", "race"]),
            "fail_fast": self.flag(60),
            "branches": branches,
        }
        if self.flag(30):
            node["max_concurrency"] = 1
        if self.flag(25):
            node["timeout"] = 3000
        return node

    def make_for(self, name: str, depth: int) -> Json:
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
    return PlanBuilder(choices).plan(**members)


@st.composite
def random_plans(draw: st.DrawFn, **members: Any) -> Json:
    return build_plan(Drawn(draw), **members)
