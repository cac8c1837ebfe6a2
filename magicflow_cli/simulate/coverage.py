"""What tests of a workflow should reach, and what a run has reached.

A goal is a step that runs, an edge that is taken, an error code or timeout that is met,
or compensation that is done. An edge is a step and one way to leave it: so much is
known from the step's own rows of the history, and where the edge leads is known from
the plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

Json: TypeAlias = dict[str, Any]
GoalKind: TypeAlias = Literal["step", "edge", "error", "timeout", "compensation"]
KINDS: tuple[GoalKind, ...] = ("step", "edge", "error", "timeout", "compensation")
PLURALS: dict[GoalKind, str] = {
    "step": "steps",
    "edge": "edges",
    "error": "error codes",
    "timeout": "timeouts",
    "compensation": "compensations",
}
ANY_CODE = "*"
BLOCK_ENDS, RUN_ENDS, FAILS = "@block", "@run", "@fails"
_ENDS = {BLOCK_ENDS: "end", RUN_ENDS: "end of the run", FAILS: "fails"}
_LIMITS = {
    "lease": "timeout",
    "queue": "queue_timeout",
    "heartbeat": "heartbeat_timeout",
}
_STEP_OF = re.compile(r"(?:.*\]/)?([^/~\[]+)")


class Goal(NamedTuple):
    """`step` is empty for what belongs to the whole run. `name`: of an edge how the
    step is left (`next`, `skip`, `case`, `failure`, `fallback`, `ignored`, `end_run`,
    `retry`, `into`, `rule`, `otherwise`), else the code, limit or node. `target`: of an
    edge the step that it leads to, or @block, @run, @fails."""

    kind: GoalKind
    step: str
    name: str = ""
    target: str = ""

    def __str__(self) -> str:
        match self.kind:
            case "step":
                return self.step
            case "edge":
                target = _ENDS.get(self.target, self.target)
                how = "" if self.name == "next" else f" ({self.name})"
                return f"{self.step} → {target}{how}"
            case "error":
                code = "any error" if self.name == ANY_CODE else self.name
                return f"{self.step}: {code}"
            case "timeout":
                return f"{self.step or 'the workflow'}: {self.name}"
            case "compensation":
                return f"{self.step}: compensated"


@dataclass(slots=True)
class _Step:
    """The goals of one step by what shows them."""

    ran: Goal
    completed: Goal | None = None
    skipped: Goal | None = None
    timed_out: Goal | None = None
    retried: Goal | None = None
    compensated: Goal | None = None
    otherwise: Goal | None = None
    gotos: dict[str, Goal] = field(default_factory=dict)
    handlers: dict[str, Goal] = field(default_factory=dict)
    errors: dict[str, Goal] = field(default_factory=dict)
    limits: dict[str, Goal] = field(default_factory=dict)
    into: Goal | None = None


class _Left(NamedTuple):
    """A step has ended; where it leads to is still to be seen. `gotos` are the goals of
    a switch's jumps by the step that they lead to."""

    goal: Goal
    gotos: Mapping[str, Goal] = {}
    following: str = ""
    """The step that comes next without a jump."""

    def goal_to(self, path: str | None) -> Goal:
        """The way that was taken, by the path in the row behind, if there is one. Only
        a jump to an end has no row of a step behind it but the owner's."""
        if not self.gotos:
            return self.goal
        name = "" if path is None else step_of(path)
        if name in self.gotos:
            return self.gotos[name]
        if name != self.following:
            for end in (BLOCK_ENDS, RUN_ENDS):
                if end in self.gotos:
                    return self.gotos[end]
        return self.goal


class Coverage:
    """The goals of one plan. `unreachable` are the steps to which no path leads; they
    and their edges are no goals."""

    def __init__(self, plan: Mapping[str, Any]) -> None:
        self.plan = plan
        self._nodes: dict[str, Json] = plan["nodes"]
        self._steps: dict[str, Json] = plan["steps"]
        reachable = self._reachable()
        self.unreachable = frozenset(set(self._steps) - reachable)
        self._of = {
            name: self._goals_of(name)
            for name in self._steps
            if name not in self.unreachable
        }
        self._enter_blocks()
        self._rules = {
            rule["id"]: Goal("edge", ", ".join(rule["reads"]), "rule", rule["id"])
            for rule in plan["rules"]
        }
        self._timeout: Goal | None = None
        if plan.get("timeout") is not None:
            self._timeout = Goal("timeout", "", "timeout")
        self.goals = frozenset(self._all())

    def covered(self, history: Iterable[Mapping[str, Any]]) -> set[Goal]:
        """The goals that rows of a run's history show: all of them, or those of one
        event."""
        found: set[Goal] = set()
        add = found.add
        before: Mapping[str, Any] = {}
        left: _Left | None = None
        for row in history:
            type = row["type"]
            path = row.get("path")
            if left is not None:
                # where a step leads to shows in the row behind its end
                if type != "rule_matched" or row["action"] == "continue":
                    add(left.goal_to(path))
                left = None
            if type == "rule_matched":
                add(self._rules[row["rule"]])
            elif type == "workflow_timeout":
                if self._timeout is not None:
                    add(self._timeout)
            elif path is not None:
                step = self._of.get(step_of(path))
                if step is not None:
                    left = self._see(step, type, row, before, found)
            before = row
        if left is not None:
            add(left.goal_to(None))
        return found

    def _see(
        self,
        step: _Step,
        type: str,
        row: Mapping[str, Any],
        before: Mapping[str, Any],
        found: set[Goal],
    ) -> _Left | None:
        add = found.add
        if step.into is not None:
            add(step.into)
        if type == "step_skipped":
            return None if step.skipped is None else _Left(step.skipped)
        add(step.ran)
        if type == "step_completed" and step.completed is not None:
            started = before.get("type") == "step_started"
            following = step.completed.target
            if started and before.get("path") == row["path"] and step.otherwise:
                return _Left(step.otherwise, step.gotos, following)
            return _Left(step.completed, step.gotos, following)
        if type == "attempt_failed" or type == "step_failed":
            self._fail(step, row["error"], found)
        elif type == "step_timed_out":
            self._fail(step, row["error"], found)
            return None if step.timed_out is None else _Left(step.timed_out)
        elif type == "retry_scheduled":
            if step.retried is not None:
                add(step.retried)
        elif type == "fallback_started" or type == "handler_started":
            goal = step.handlers.get(row["handler"])
            if goal is not None:
                add(goal)
        elif type == "compensation_completed" and step.compensated is not None:
            add(step.compensated)
        return None

    @staticmethod
    def _fail(step: _Step, error: Mapping[str, Any], found: set[Goal]) -> None:
        code = error["code"]
        if code == "TIMEOUT":
            details = error.get("details")
            kind = details.get("kind") if isinstance(details, Mapping) else None
            name = (
                "total_timeout"
                if kind == "total"
                else _LIMITS.get(kind or "", "timeout")
            )
            goal = step.limits.get(name)
            if goal is not None:
                found.add(goal)
            return
        goal = step.errors.get(code) or step.errors.get(ANY_CODE)
        if goal is not None:
            found.add(goal)

    def _all(self) -> Iterator[Goal]:
        for step in self._of.values():
            yield step.ran
            for goal in (
                step.completed,
                step.skipped,
                step.timed_out,
                step.retried,
                step.compensated,
                step.otherwise,
                step.into,
            ):
                if goal is not None:
                    yield goal
            for goals in (step.gotos, step.handlers, step.errors, step.limits):
                yield from goals.values()
        yield from self._rules.values()
        if self._timeout is not None:
            yield self._timeout

    # the goals of a step

    def _goals_of(self, name: str) -> _Step:
        outer = self._nodes[self._steps[name]["node"]]
        core = self._core(outer)
        found = _Step(Goal("step", name))
        if core["kind"] != "raise":
            found.completed = self._edge(name, "next", self._next(name, outer))
        if outer.get("guard") is not None:
            skip = outer["guard"].get("skip") or outer.get("next") or BLOCK_ENDS
            found.skipped = self._edge(name, "skip", skip)
        if core["kind"] == "switch":
            self._ways(name, core, found)
        if outer["kind"] == "try":
            self._answers(name, outer, found)
        self._failures(name, outer, core, found)
        compensation = core.get("compensation")
        if compensation is not None:
            found.compensated = Goal("compensation", name, compensation["node"])
        return found

    def _next(self, name: str, outer: Json) -> str:
        """Where a step leads when it completes: a fallback to where the step leads that
        it stands in for."""
        if self._steps[name].get("role") == "fallback":
            for other in self._nodes.values():
                handlers = [c.get("handler") for c in other.get("catch", ())]
                if outer["step"] in handlers:
                    return other.get("next") or BLOCK_ENDS
        return outer.get("next") or BLOCK_ENDS

    def _ways(self, name: str, switch: Json, found: _Step) -> None:
        ways = [case["then"] for case in switch["cases"]]
        if switch.get("default") is not None:
            ways.append(switch["default"])
        else:
            found.otherwise = Goal("edge", name, "otherwise", "no case")
        for way in ways:
            if way.get("goto") is not None:
                target = self._name(way["goto"])
                if found.completed is None or target != found.completed.target:
                    found.gotos[target] = Goal("edge", name, "case", target)

    def _answers(self, name: str, outer: Json, found: _Step) -> None:
        retry = outer.get("retry")
        if retry is not None and retry["max_attempts"] > 1:
            found.retried = Goal("edge", name, "retry", name)
        for clause in outer["catch"]:
            action = clause["action"]
            if action == "run":
                found.handlers[clause["handler"]] = self._edge(
                    name, "fallback", clause["handler"]
                )
            elif action == "goto":
                found.handlers[clause["target"]] = self._edge(
                    name, "failure", clause["target"]
                )
            elif action == "ignore":
                target = self._name(outer.get("next") or BLOCK_ENDS)
                found.timed_out = Goal("edge", name, "ignored", target)
            elif action == "end_run":
                found.timed_out = Goal("edge", name, "end_run", FAILS)

    def _failures(self, name: str, outer: Json, core: Json, found: _Step) -> None:
        def limit(key: str) -> None:
            found.limits[key] = Goal("timeout", name, key)

        if outer is not core and outer.get("timeout") is not None:
            limit("total_timeout")
        for key in ("timeout", "queue_timeout", "heartbeat_timeout"):
            if core.get(key) is not None:
                limit(key)
        codes: list[str] = []
        if core["kind"] == "call":
            key = f"{core['executor']}/{core['function']}"
            codes = sorted(self.plan["functions"].get(key, {}).get("errors", ()))
            codes = codes or [ANY_CODE]
            if core.get("circuit_breaker") is not None:
                codes.append("CIRCUIT_OPEN")
        elif core["kind"] == "sub":
            codes = [ANY_CODE]
        elif core["kind"] == "raise" and not core.get("rethrow"):
            codes = [core.get("code", "WORKFLOW_ERROR")]
        found.errors = {code: Goal("error", name, code) for code in codes}

    def _enter_blocks(self) -> None:
        """Cases with a block are taken when a step of the block is entered."""
        owners: dict[str, str] = {}
        for name in self._of:
            core = self._core(self._nodes[self._steps[name]["node"]])
            if core["kind"] == "switch":
                ways = [case["then"] for case in core["cases"]]
                ways += [core["default"]] if core.get("default") else []
                owners.update((w["body"], name) for w in ways if w.get("body"))
        for name, step in self._of.items():
            block = self._steps[name]["block"]
            if block in owners:
                part = block.removeprefix(f"{owners[block]}/")
                step.into = Goal("edge", owners[block], "into", part)

    def _edge(self, step: str, name: str, target: str) -> Goal:
        return Goal("edge", step, name, self._name(target))

    def _name(self, target: str) -> str:
        """The step that a node id belongs to; what only rethrows fails."""
        if target in (BLOCK_ENDS, RUN_ENDS):
            return target
        node = self._nodes[target]
        if node.get("step") is not None:
            step: str = node["step"]
            return step
        return FAILS if node["kind"] == "raise" else target

    def _core(self, outer: Json) -> Json:
        return self._nodes[outer["body"]] if outer["kind"] == "try" else outer

    # reachability

    def _reachable(self) -> set[str]:
        """The steps to which some path leads, whatever conditions say."""
        waiting = [self.plan["root"]]
        if (self.plan.get("timeout") or {}).get("handler") is not None:
            waiting.append(self.plan["timeout"]["handler"])
        for rule in self.plan["rules"]:
            waiting += [
                node
                for node in (rule["action"].get("body"), rule["action"].get("target"))
                if node is not None
            ]
        seen: set[str] = set()
        while waiting:
            id = waiting.pop()
            if id not in seen and id in self._nodes:
                seen.add(id)
                waiting += targets_of(self._nodes[id])
        return {self._nodes[id]["step"] for id in seen if "step" in self._nodes[id]}


def targets_of(node: Mapping[str, Any]) -> Iterator[str]:
    """The nodes that may run because a node runs."""
    kind = node["kind"]
    if kind != "raise" and node.get("next") is not None:
        yield node["next"]
    if (node.get("guard") or {}).get("skip") is not None:
        yield node["guard"]["skip"]
    if kind == "seq":
        yield from node.get("deps") or [node["start"]] if node["nodes"] else ()
    elif kind == "switch":
        for way in [*(case["then"] for case in node["cases"]), node.get("default")]:
            yield from (way or {}).values()
    elif kind == "fork":
        yield from (branch["body"] for branch in node["branches"])
    elif kind in ("for", "try"):
        yield node["body"]
        for clause in node.get("catch", ()):
            yield from (clause[k] for k in ("handler", "target") if k in clause)
    elif kind == "call" and node.get("compensation") is not None:
        yield node["compensation"]["node"]


def step_of(path: str) -> str:
    """The step's name in the path of an occurrence: of `each[2]/pack~3`, `pack`."""
    found = _STEP_OF.match(path)
    return found[1] if found else path
