"""The scenarios of one workflow, played one after the other, and what they cover."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from magicflow.simulation.expectation import Difference
from magicflow.simulation.scenario import Result, ScenarioError, Workflow, play

from magicflow_cli.simulate.coverage import KINDS, Coverage, Goal, GoalKind

Json: TypeAlias = dict[str, Any]
Verdict: TypeAlias = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Tested:
    """What came of one scenario. `result` is None for one that was not played:
    `why` says why."""

    name: str
    verdict: Verdict
    result: Result | None = None
    why: str = ""

    @property
    def differences(self) -> list[Difference]:
        return [] if self.result is None else self.result.differences


@dataclass(slots=True)
class Suite:
    """The scenarios of one workflow. `reached` are goals of `coverage`."""

    coverage: Coverage
    workflow: Workflow
    reached: set[Goal] = field(default_factory=set)

    @classmethod
    def of(cls, plan: Json) -> Suite:
        return cls(Coverage(plan), Workflow(plan))

    def play(self, name: str, spec: Mapping[str, Any]) -> Tested:
        """Play one scenario, of which `magicflow_cli.simulate.check` found no errors."""
        try:
            result = play(self.workflow, name, spec)
        except ScenarioError as error:
            return Tested(name, "failed", None, str(error))
        self.reached |= self.coverage.covered(result.trace.history)
        return Tested(name, "passed" if result.passed else "failed", result)

    @property
    def percent(self) -> float:
        """How many of all goals are reached; 100 when there are none."""
        goals = self.coverage.goals
        return 100 * len(self.reached & goals) / len(goals) if goals else 100.0

    def counts(self) -> Iterator[tuple[GoalKind, int, int]]:
        """Goals by kind: how many are reached, how many there are."""
        for kind in KINDS:
            goals = {goal for goal in self.coverage.goals if goal.kind == kind}
            if goals:
                yield kind, len(goals & self.reached), len(goals)

    def missing(self) -> Sequence[Goal]:
        """Goals that no scenario reached, in order."""
        return sorted(self.coverage.goals - self.reached)
