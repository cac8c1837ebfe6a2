"""From the graph to what a person is told: findings, each with a way that leads there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from magicflow.core.frames import RUN_TIMEOUT

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Code, Severity
from magicflow_cli.simulate.coverage import Goal
from magicflow_cli.verify.clock import Times
from magicflow_cli.verify.confirm import (
    Confirm,
    ends_with,
    has_failed,
    is_endless,
    stands,
    waits_in,
)
from magicflow_cli.verify.endings import ways_home
from magicflow_cli.verify.explore import Graph, Step
from magicflow_cli.verify.facts import Fact, Observer, Shown
from magicflow_cli.verify.reads import Json

MAX_PLACES = 8
"""Further places that a finding shows."""

MAX_WAYS = 12
"""Ways that are tried for one finding, the shortest first."""


@dataclass(slots=True)
class Finding:
    """`node` is where it is shown, `others` further places with what is to be seen
    there. `ways` lead to it, and `confirm` says whether a run shows it; without ways it
    is about what no run does."""

    code: Code
    name: str
    message: str
    help: str
    node: str | None = None
    others: list[tuple[str, str]] = field(default_factory=list)
    ways: list[list[Step]] = field(default_factory=list)
    confirm: Confirm = lambda trace: True
    severity: Severity | None = None


class Findings:
    """Collects the findings of one search."""

    def __init__(
        self, plan: Json, graph: Graph, times: Times, observer: Observer
    ) -> None:
        self.plan = plan
        self.graph = graph
        self.times = times
        self.observer = observer
        self.home = ways_home(graph, times)
        self.facts: dict[Fact, tuple[str, list[Step]]] = {}
        self.goals: set[Goal] = set()
        self._gather()

    def all(self) -> list[Finding]:
        """Every finding, in a fixed order."""
        found = [
            *self._dead_ends(),
            *self._waits(),
            *self._outputs(),
            *self._misfits(),
            *self._compensation(),
            *self._unanswered(),
            *self._unlimited(),
        ]
        if self.graph.complete:
            found += self._unreached()
        return found

    def _gather(self) -> None:
        """The facts and goals of every transition that there is time for, those of the
        shortest ways first."""
        states = [n for n in range(self.graph.states) if self.times.reaches(n)]
        for state in sorted(states, key=lambda n: (self.times.depth[n], n)):
            for step in self.times.steps[state]:
                shown: Shown = step.facts[0]
                self.goals.update(shown.goals)
                for fact, message in shown.facts:
                    _, ways = self.facts.setdefault(fact, (message, []))
                    if len(ways) < MAX_WAYS:
                        ways.append(step)

    def _ways(self, steps: Iterable[Step]) -> list[list[Step]]:
        """Through a step and on to an end, if there is any: the shortest first, then
        such as take long, because what a limit ends needs time."""
        known = list(steps)
        ways = [[*self.times.path(step.source), step] for step in known]
        ways += [self.times.slow_path(step) for step in known]
        return [[*way, *self.home.path(way[-1].target)] for way in ways if way]

    def _of(
        self, kind: str, told: Collection[tuple[str, str]] = ()
    ) -> list[tuple[Fact, str, list[list[Step]]]]:
        return [
            (fact, message, self._ways(steps))
            for fact, (message, steps) in sorted(self.facts.items())
            if fact.kind == kind and (fact.step, fact.code) not in told
        ]

    def _node(self, step: str) -> str | None:
        known = self.plan["steps"].get(step)
        if known is not None:
            return str(known["node"])
        return step if step in self.plan["nodes"] else None

    # runs that do not end

    def _dead_ends(self) -> list[Finding]:
        """States from which no run comes to an end, the workflow's timeout aside."""
        if not self.graph.complete:
            return []
        stuck = self._stuck() - {0}
        first = [
            state
            for state in sorted(stuck, key=lambda n: (self.times.depth[n], n))
            if (came := self.times.first[state]) and came.source not in stuck
        ]
        found: dict[tuple[str, ...], list[int]] = {}
        for state in first:
            found.setdefault(self._circle(state), []).append(state)
        return [self._dead_end(steps, states) for steps, states in found.items()]

    def _stuck(self) -> set[int]:
        before: dict[int, list[int]] = {}
        live = [n for n in range(self.graph.states) if self.times.reaches(n)]
        for state in live:
            for step in self.times.steps[state]:
                if step.move.event.get("timer_id") != RUN_TIMEOUT:
                    before.setdefault(step.target, []).append(state)
        ends = set(self.graph.ended) & set(live)
        waiting = list(ends)
        while waiting:
            for state in before.get(waiting.pop(), ()):
                if state not in ends:
                    ends.add(state)
                    waiting.append(state)
        return set(live) - ends

    def _circle(self, state: int) -> tuple[str, ...]:
        """The steps that go on behind a state."""
        names: dict[str, None] = {}
        seen = {state}
        waiting = [state]
        while waiting:
            for step in self.times.steps[waiting.pop(0)]:
                if step.move.event.get("timer_id") == RUN_TIMEOUT:
                    continue
                if step.move.step is not None:
                    names.setdefault(step.move.step)
                if step.target not in seen:
                    seen.add(step.target)
                    waiting.append(step.target)
        return tuple(names)

    def _dead_end(self, steps: tuple[str, ...], states: list[int]) -> Finding:
        listed = _listed(steps)
        timeout = self.plan.get("timeout")
        until = ", but by the workflow's timeout" if timeout else ""
        return Finding(
            codes.MF5701,
            _name("dead-end", *steps[:2]),
            f"no run ends that has come to {listed}{until}",
            "let a condition lead out of the circle, or bound it: a `loop` with "
            "`max_iterations`, or a step that fails",
            node=self._node(steps[0]) if steps else None,
            ways=[self.times.path(state) for state in states[:MAX_WAYS]],
            confirm=is_endless,
        )

    def _waits(self) -> list[Finding]:
        """Events, people and children that may never come, and nothing ends the wait."""
        found: dict[str, tuple[str, list[int]]] = {}
        for state in self._endless():
            for move in self.graph.endless[state]:
                if move.kind != "task" and move.step is not None:
                    found.setdefault(move.step, (move.kind, []))[1].append(state)
        return [
            Finding(
                codes.MF5704,
                _name("wait", step),
                f"nothing ends the wait of `{step}`: {_NEVER[kind]}",
                "give the step a `timeout`, or the workflow",
                node=self._node(step),
                ways=[self.times.path(state) for state in states[:MAX_WAYS]],
                confirm=waits_in(step),
            )
            for step, (kind, states) in sorted(found.items())
        ]

    def _endless(self) -> list[int]:
        states = [n for n in self.graph.endless if self.times.reaches(n)]
        return sorted(states, key=lambda n: (self.times.depth[n], n))

    def _unlimited(self) -> list[Finding]:
        """Tasks that nothing limits, all in one."""
        steps: dict[str, list[int]] = {}
        for state in self._endless():
            for move in self.graph.endless[state]:
                if move.kind == "task":
                    # compensation has no step of its own
                    name = move.step or move.node.removesuffix("/do")
                    steps.setdefault(name, []).append(state)
        if not steps:
            return []
        names = list(steps)
        return [
            Finding(
                codes.MF5705,
                _name("no-limit", names[0]),
                f"nothing limits how long {_listed(names)} may take",
                "give the steps or the workflow a `timeout`: work that hangs holds the "
                "run until then",
                node=self._node(names[0]),
                others=self._places(names[1:], "or this"),
                ways=[self.times.path(n) for n in steps[names[0]][:MAX_WAYS]],
                confirm=lambda trace: not trace.is_over,
            )
        ]

    # runs that end badly

    def _outputs(self) -> list[Finding]:
        return [
            Finding(
                codes.MF5702,
                _name("output", fact.code),
                f"a run can come to its end without its output: {message}",
                "let every way to the end produce what `output_schema` requires, or do "
                "not require it",
                node=self.plan["root"],
                ways=ways,
                confirm=ends_with(fact.code, None),
            )
            for fact, message, ways in self._of("output")
        ]

    def _misfits(self) -> list[Finding]:
        return [
            Finding(
                codes.MF5708,
                _name("misfit", fact.step, fact.code),
                _misfit(fact, message),
                (
                    "raise the limit, or see to it that the loop ends before"
                    if fact.code == "LIMIT"
                    else "mend the expression or the schema: `coalesce` and `exists` "
                    "guard what may be missing"
                ),
                node=self._node(fact.step),
                ways=ways,
                confirm=has_failed(fact.step, fact.code),
            )
            for fact, message, ways in self._of("misfit")
        ]

    def _compensation(self) -> list[Finding]:
        found: list[Finding] = []
        for step, group in _by_step(self._of("undo-failed")).items():
            retried = self._is_retried(step)
            found.append(
                Finding(
                    codes.MF5706,
                    _name("undo-fails", step),
                    f"the compensation of `{step}` can fail, and what `{step}` did then "
                    f"stands: {', '.join(fact.code for fact, _, _ in group)}",
                    (
                        "somebody must look at runs with `compensation: incomplete`"
                        if retried
                        else "give the compensation a `retry`: what fails once need "
                        "not fail twice"
                    ),
                    node=self._node(step),
                    ways=group[0][2],
                    confirm=lambda trace: trace.compensation == "incomplete",
                    severity=Severity.NOTE if retried else None,
                )
            )
        for fact, _, ways in self._of("not-undone"):
            found.append(
                Finding(
                    codes.MF5707,
                    _name("not-undone", fact.step, fact.code),
                    f"a run can end failed by failure rule "
                    f"{fact.code.rpartition('/')[2]} with `{fact.step}` done and not "
                    f"undone",
                    "`return_error` undoes nothing: use `compensate` where what was "
                    "done is to be undone",
                    node=self._node(fact.step),
                    ways=ways,
                    confirm=stands(fact.step),
                )
            )
        return found

    def _is_retried(self, step: str) -> bool:
        for node in self.plan["nodes"].values():
            if node.get("step") == step or self._is_body_of(step, node):
                compensation = node.get("compensation")
                if compensation is not None:
                    retry = self.plan["nodes"][compensation["node"]].get("retry")
                    return bool(retry) and retry["max_attempts"] > 1
        return False

    def _is_body_of(self, step: str, node: Json) -> bool:
        outer = self.plan["nodes"].get(self._node(step) or "", {})
        return self.plan["nodes"].get(outer.get("body", "")) is node

    def _unanswered(self) -> list[Finding]:
        broken = {(f.step, f.code) for f in self.facts if f.kind == "misfit"}
        alike: dict[tuple[str, ...], list[tuple[str, list[list[Step]]]]] = {}
        for step, group in _by_step(self._of("unanswered", broken)).items():
            told = tuple(fact.code for fact, _, _ in group)
            alike.setdefault(told, []).append((step, group[0][2]))
        return [self._ends_run(told, steps) for told, steps in alike.items()]

    def _ends_run(
        self, told: tuple[str, ...], steps: list[tuple[str, list[list[Step]]]]
    ) -> Finding:
        """Failures that nothing answers, of all steps with the same codes."""
        first, ways = steps[0]
        names = [step for step, _ in steps]
        return Finding(
            codes.MF5703,
            _name("unanswered", first, told[0]),
            f"a failure of {_listed(names, 'or')} ends the run, nothing answers it: "
            f"{', '.join(told)}",
            "this may be what you want; else answer it by `on_failure`, "
            "`fallback_step` or `error_handling`",
            node=self._node(first),
            others=self._places(names[1:], "or of this"),
            ways=ways,
            confirm=has_failed(first, told[0], ends=True),
        )

    def _places(self, steps: list[str], text: str) -> list[tuple[str, str]]:
        """The first of several more places."""
        nodes = [self._node(step) for step in steps[:MAX_PLACES]]
        return [(node, text) for node in nodes if node is not None]

    # what no run does

    def _unreached(self) -> list[Finding]:
        coverage = self.observer.coverage
        missing = coverage.goals - self.goals
        steps = {goal.step for goal in missing if goal.kind == "step"}
        found = [
            Finding(
                codes.MF5709,
                _name("no-run", step),
                f"no run comes to `{step}`, whatever its steps return",
                "look at the conditions on the way: none of them lets it through",
                node=self._node(step),
            )
            for step in sorted(steps)
        ]
        rest: dict[str, list[Goal]] = {}
        for goal in sorted(missing):
            if goal.step not in steps and goal.target not in steps:
                rest.setdefault(goal.step, []).append(goal)
        for step, goals in rest.items():
            told = ", ".join(f"`{goal}`" for goal in goals)
            found.append(
                Finding(
                    codes.MF5710,
                    _name("no-run-takes", step),
                    f"no run comes to {told}",
                    "what cannot happen need not be written; else look at the "
                    "conditions and the limits on the way",
                    node=self._node(step) or self.plan["root"],
                )
            )
        return found


_NEVER = {
    "event": "the event may never come",
    "human": "the person may never answer",
    "child": "the child run may never end",
}


def _by_step(
    facts: list[tuple[Fact, str, list[list[Step]]]],
) -> dict[str, list[tuple[Fact, str, list[list[Step]]]]]:
    found: dict[str, list[tuple[Fact, str, list[list[Step]]]]] = {}
    for each in facts:
        found.setdefault(each[0].step, []).append(each)
    return found


def _misfit(fact: Fact, message: str) -> str:
    if fact.code == "LIMIT":
        return f"`{fact.step}` can fail with LIMIT: {message}"
    return (
        f"`{fact.step}` can fail with {fact.code} although every value fits its "
        f"schema: {message}"
    )


def _name(*words: str) -> str:
    """A scenario's name."""
    text = re.sub(r"[^a-z0-9_-]+", "-", "-".join(filter(None, words)).lower())
    return text.strip("-")[:63].rstrip("-")


def _listed(names: Iterable[str], word: str = "and") -> str:
    shown = [f"`{name}`" for name in names]
    if len(shown) > 5:
        return f"{', '.join(shown[:4])} {word} {len(shown) - 4} more"
    if len(shown) < 2:
        return "".join(shown) or "here"
    return f"{', '.join(shown[:-1])} {word} {shown[-1]}"
