"""The smallest set of scenarios that reaches all that can be reached.

Walks through the graph go from one thing that was not seen yet to the nearest other and
then to an end; with the shortest way to each thing alone they are the candidates. The
one that shows most is taken first (greedy set cover); whatever the others show too is
thrown out again, and what is left is made as short as it can be. The same workflow
gives the same scenarios.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from magicflow.simulation import Trace
from magicflow.simulation.scenario import Workflow

from magicflow_cli.simulate.coverage import Coverage, Goal
from magicflow_cli.verify.clock import Times
from magicflow_cli.verify.endings import ways_home
from magicflow_cli.verify.explore import Graph, Step
from magicflow_cli.verify.reads import Json
from magicflow_cli.verify.realise import Spec, realise
from magicflow_cli.verify.simplify import simplify
from magicflow_cli.verify.verification import Verification, expecting

MAX_STEPS = 500
"""Events of the longest walk."""


@dataclass(slots=True)
class Suggested:
    """A scenario and what it adds. `spec` is the document's, with what is expected."""

    name: str
    spec: Spec
    adds: list[Goal]


@dataclass(slots=True)
class Suggestions:
    """`missed` are goals that the search came to and no scenario reaches."""

    scenarios: list[Suggested]
    missed: list[Goal]


@dataclass(slots=True)
class _Candidate:
    spec: Spec
    trace: Trace
    goals: frozenset[Goal]
    length: int


def suggest(
    plan: Json,
    verified: Verification,
    reached: Iterable[Goal] = (),
    taken: Iterable[str] = (),
) -> Suggestions:
    """Scenarios for everything that a verified plan can reach and that is not `reached`
    yet. `taken` are names that there are already."""
    return _Suggester(plan, verified).run(set(reached), set(taken))


class _Suggester:
    def __init__(self, plan: Json, verified: Verification) -> None:
        self.plan = plan
        self.workflow: Workflow = verified.workflow
        self.graph: Graph = verified.graph
        self.times: Times = verified.times
        self.coverage: Coverage = verified.findings.observer.coverage
        self.wanted = verified.findings.goals & self.coverage.goals
        self.home = ways_home(self.graph, self.times)
        self.order = {goal: n for n, goal in enumerate(sorted(self.wanted))}
        self.bits: dict[frozenset[Goal], int] = {}
        self.reach = self._reach()

    def run(self, reached: set[Goal], names: set[str]) -> Suggestions:
        missing = self.wanted - reached
        chosen = self._cover(self._candidates(missing), set(missing))
        kept = _without_needless(chosen, missing)
        found: list[Suggested] = []
        seen = set(reached)
        for candidate in kept:
            adds = set(candidate.goals & missing) - seen
            seen |= candidate.goals
            name = _name_of(candidate.trace, names)
            found.append(self._finished(name, candidate, adds))
        return Suggestions(found, sorted(missing - seen))

    # candidates

    def _candidates(self, missing: set[Goal]) -> list[_Candidate]:
        """Walks until nothing new is found, then single ways to what they missed."""
        found: list[_Candidate] = []
        left = set(missing)
        while left:
            made = self._walked(self._walk(left))
            if made is None or not made.goals & left:
                break
            found.append(made)
            left -= made.goals
        for goal in sorted(missing):
            found += self._singles(goal, goal in left)
        return found

    def _walked(self, walk: list[Step]) -> _Candidate | None:
        """A walk with its end; the first half of it where there is no time for all."""
        while walk:
            made = self._made([*walk, *self.home.path(walk[-1].target)])
            if made is not None:
                return made
            walk = walk[: len(walk) // 2]
        return None

    def _walk(self, wanted: set[Goal]) -> list[Step]:
        """From one wanted goal to the next, so that as few as possible are left behind,
        and to the nearest end."""
        left = self._bits(wanted)
        state, walk, seen = 0, list[Step](), {0}
        while len(walk) < MAX_STEPS:
            need = left & self.reach[state]
            if not need:
                break
            link = self._nearest(state, need) or self._cheapest(state, need, seen)
            if not link:
                break
            for step in link:
                left &= ~self._bits_of(step)
                seen.add(step.target)
            walk += link
            state = walk[-1].target
        return walk

    def _nearest(self, start: int, need: int) -> list[Step]:
        """A shortest way to a wanted goal behind which all that is needed can still be
        reached; empty when there is none."""
        came: dict[int, Step | None] = {start: None}
        waiting = deque([start])
        while waiting:
            for step in self.times.steps[waiting.popleft()]:
                bits = self._bits_of(step)
                if need & ~(bits | self.reach[step.target]):
                    continue
                if bits & need:
                    return _back(came, step)
                if step.target not in came:
                    came[step.target] = step
                    waiting.append(step.target)
        return []

    def _cheapest(self, state: int, need: int, seen: set[int]) -> list[Step]:
        """The step that leaves least behind."""
        steps = [step for step in self.times.steps[state] if step.target not in seen]
        if not steps:
            return []
        return [
            min(
                steps,
                key=lambda step: (
                    need & ~(self._bits_of(step) | self.reach[step.target])
                ).bit_count(),
            )
        ]

    def _bits(self, goals: Iterable[Goal]) -> int:
        return sum(1 << self.order[goal] for goal in goals if goal in self.order)

    def _bits_of(self, step: Step) -> int:
        goals: frozenset[Goal] = step.facts[0].goals
        found = self.bits.get(goals)
        if found is None:
            found = self.bits[goals] = self._bits(goals)
        return found

    def _reach(self) -> list[int]:
        """For every state the goals that are behind it, as bits."""
        reach = [0] * self.graph.states
        changed = True
        while changed:
            changed = False
            for state in range(self.graph.states - 1, -1, -1):
                found = reach[state]
                for step in self.times.steps[state]:
                    found |= self._bits_of(step) | reach[step.target]
                if found != reach[state]:
                    reach[state], changed = found, True
        return reach

    def _singles(self, goal: Goal, is_left: bool) -> list[_Candidate]:
        """The shortest ways to one goal; several where the walks did not come there."""
        found: list[_Candidate] = []
        tries = 8 if is_left else 1
        states = sorted(
            range(self.graph.states), key=lambda n: (self.times.depth[n], n)
        )
        for state in states:
            if not self.times.reaches(state):
                continue
            for step in self.times.steps[state]:
                if goal not in step.facts[0].goals or tries == 0:
                    continue
                tries -= 1
                for way in (
                    [*self.times.path(state), step],
                    self.times.slow_path(step),
                ):
                    made = self._made([*way, *self.home.path(step.target)], goal)
                    if way and made is not None:
                        return [*found, made]
        return found

    def _made(self, way: list[Step], goal: Goal | None = None) -> _Candidate | None:
        shown = {each for step in way for each in step.facts[0].goals}

        def confirm(trace: Trace) -> bool:
            covered = self.coverage.covered(trace.history)
            return goal in covered if goal is not None else covered >= shown

        made = realise(self.workflow, way, confirm, "suggested")
        if made is None:
            return None
        spec, trace = made
        goals = frozenset(self.coverage.covered(trace.history))
        return _Candidate(spec, trace, goals, len(way))

    # choice

    def _cover(self, candidates: list[_Candidate], left: set[Goal]) -> list[_Candidate]:
        """Greedy: the one that shows most of what is left, the shortest of equal ones."""
        chosen: list[_Candidate] = []
        while left and candidates:
            best = max(
                candidates, key=lambda each: (len(each.goals & left), -each.length)
            )
            if not best.goals & left:
                break
            chosen.append(best)
            left -= best.goals
        return chosen

    def _finished(self, name: str, candidate: _Candidate, adds: set[Goal]) -> Suggested:
        path, status = candidate.trace.path(), candidate.trace.status

        def keeps(trace: Trace) -> bool:
            covered = self.coverage.covered(trace.history)
            return trace.path() == path and trace.status == status and covered >= adds

        spec = simplify(self.workflow, name, candidate.spec, keeps)
        return Suggested(
            name, expecting(self.plan, self.workflow, name, spec), sorted(adds)
        )


def _without_needless(chosen: list[_Candidate], missing: set[Goal]) -> list[_Candidate]:
    """Those that show something that no other does, the first chosen kept longest."""
    kept = list(chosen)
    for candidate in reversed(chosen):
        others = {g for other in kept if other is not candidate for g in other.goals}
        if candidate.goals & missing <= others:
            kept.remove(candidate)
    return kept


def _back(came: dict[int, Step | None], last: Step) -> list[Step]:
    way = [last]
    while (step := came[way[-1].source]) is not None:
        way.append(step)
    return way[::-1]


def _name_of(trace: Trace, names: set[str]) -> str:
    """`completed`, `failed-charge-card`, with a number where that is taken."""
    status = trace.status if trace.is_over else "waiting"
    words = [status.replace("_", "-")]
    error = trace.error or {}
    if error:
        words += [error.get("step") or "", str(error["code"])]
    text = "-".join(word for word in words if word).lower()
    base = "".join(c if c.isalnum() and c.isascii() else "-" for c in text)[:56]
    base = base.strip("-")
    name, number = base, 2
    while name in names:
        name, number = f"{base}-{number}", number + 1
    names.add(name)
    return name
