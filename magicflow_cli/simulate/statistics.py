"""What many runs came to: counted and measured, the same for the same runs."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from magicflow.simulation import Simulation
from magicflow.simulation.trace import NOT_RUN

from magicflow_cli.simulate.coverage import Coverage, Goal

Json: TypeAlias = dict[str, Any]


class PathKind(NamedTuple):
    """Runs that went one way: the steps in the order in which they were first entered,
    however often a loop or a jump entered them; how they ended and with which code."""

    steps: tuple[str, ...]
    status: str
    code: str | None


class Percentiles(NamedTuple):
    """Milliseconds."""

    p50: int
    p95: int
    p99: int
    least: int
    most: int


@dataclass(slots=True)
class StepNumbers:
    """`runs` that entered the step and did not skip it; `times` of its occurrences;
    `ends` by status."""

    runs: int = 0
    times: array[int] = field(default_factory=lambda: array("q"))
    ends: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Statistics:
    """`times` are durations of runs that ended, by status. `waits` are the runs that
    never end, by what they wait for."""

    coverage: Coverage
    runs: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    paths: Counter[PathKind] = field(default_factory=Counter)
    goals: Counter[Goal] = field(default_factory=Counter)
    errors: Counter[tuple[str, str]] = field(default_factory=Counter)
    steps: dict[str, StepNumbers] = field(default_factory=dict)
    times: dict[str, array[int]] = field(default_factory=dict)
    waits: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def take(self, simulation: Simulation) -> None:
        """Count a run that has been run to its end."""
        self.runs += 1
        state = simulation.state
        run = state["run"]
        status = simulation.status if simulation.ended else "waiting"
        self.statuses[status] += 1
        error = run.get("error")
        path = self._take_steps(state["steps"])
        code = None if error is None else error["code"]
        self.paths[PathKind(path, status, code)] += 1
        self.goals.update(self.coverage.covered(simulation.history))
        self.errors.update(simulation.trace().failures())
        if simulation.ended:
            duration = run["ended_at"] - simulation.started
            times = self.times.get(status)
            if times is None:
                times = self.times[status] = array("q")
            times.append(duration)
        else:
            for what, id in simulation.open:
                self.waits[f"{what} {id}"] += 1
        for _, reason in simulation.refused:
            self.refused[reason["message"]] += 1

    def _take_steps(self, rows: Mapping[str, Json]) -> tuple[str, ...]:
        """The rows stand in the order in which they were entered."""
        path: dict[str, None] = {}
        for row in rows.values():
            status = row["status"]
            if status in NOT_RUN:
                continue
            name = row["step"]
            numbers = self.steps.get(name)
            if numbers is None:
                numbers = self.steps[name] = StepNumbers()
            if name not in path:
                path[name] = None
                numbers.runs += 1
            numbers.ends[status] += 1
            if "ended_at" in row:
                numbers.times.append(row["ended_at"] - row["started_at"])
        return tuple(path)

    @property
    def reached(self) -> set[Goal]:
        return set(self.goals) & self.coverage.goals

    def all_times(self) -> array[int]:
        """Of every run that ended."""
        every = array("q")
        for status in sorted(self.times):
            every.extend(self.times[status])
        return every


def percentiles(times: Iterable[int]) -> Percentiles | None:
    """By nearest rank; None without times."""
    ordered = sorted(times)
    if not ordered:
        return None

    def rank(percent: int) -> int:
        return ordered[max(-(-len(ordered) * percent // 100) - 1, 0)]

    return Percentiles(rank(50), rank(95), rank(99), ordered[0], ordered[-1])
