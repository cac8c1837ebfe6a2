"""`verify`: everything about one workflow, from the search to the scenarios."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from magicflow.simulation import Trace
from magicflow.simulation.scenario import Workflow, play

from magicflow_cli.verify.clock import Times, take_time
from magicflow_cli.verify.explore import (
    DEFAULT_BOUND,
    Graph,
    Progress,
    Step,
    explore,
)
from magicflow_cli.verify.facts import Observer
from magicflow_cli.verify.findings import Finding, Findings
from magicflow_cli.verify.reads import Json
from magicflow_cli.verify.realise import Spec, realise
from magicflow_cli.verify.simplify import simplify


@dataclass(slots=True)
class Shown:
    """A finding with a run that shows it; without one for what no run does."""

    finding: Finding
    spec: Spec | None = None
    trace: Trace | None = None

    @property
    def path(self) -> list[str]:
        """The steps of the run."""
        return [] if self.trace is None else self.trace.path()

    def scenario(self, plan: Json, workflow: Workflow) -> Spec | None:
        """The run as a scenario without what it can do without, and with what comes of
        it."""
        if self.spec is None or self.trace is None:
            return None
        spec = _shortened(workflow, self.finding, self.spec, self.trace)
        return expecting(plan, workflow, self.finding.name, spec)


@dataclass(slots=True)
class End:
    """A way in which runs end: status, error's code and step, compensation; `length` of
    the shortest run in events."""

    status: str
    code: str | None
    step: str | None
    compensation: str | None
    length: int


@dataclass(slots=True)
class Verification:
    """`untimed` counts what the search found and no times realise; `bytes` is the size
    of the largest state as JSON. `longest` and `largest` are scenarios, where there are
    any."""

    workflow: Workflow
    graph: Graph
    times: Times
    findings: Findings
    shown: list[Shown]
    ends: list[End]
    untimed: int
    bytes: int
    longest: Spec | None
    largest: Spec | None

    def scenarios(self) -> Iterator[tuple[Shown, Spec | None]]:
        """Every finding with its scenario."""
        for shown in self.shown:
            yield shown, shown.scenario(self.workflow.json, self.workflow)


def verify(
    plan: Json, *, bound: int = DEFAULT_BOUND, progress: Progress | None = None
) -> Verification:
    """Explore a plan (its JSON) and gather what is to be said."""
    observer = Observer(plan)
    graph = explore(plan, bound=bound, facts=observer, progress=progress)
    times = take_time(graph)
    findings = Findings(plan, graph, times, observer)
    workflow = Workflow(dict(plan))
    shown: list[Shown] = []
    untimed = 0
    for finding in findings.all():
        if not finding.ways:
            shown.append(Shown(finding))
            continue
        made = _first(workflow, finding.ways, finding.confirm, finding.name)
        if made is None:
            untimed += 1
            continue
        shown.append(Shown(finding, *made))
    reached = [state for state in range(1, graph.states) if times.reaches(state)]
    largest = max(reached, key=lambda state: graph.sizes[state], default=0)
    return Verification(
        workflow=workflow,
        graph=graph,
        times=times,
        findings=findings,
        shown=shown,
        ends=_ends(graph, times),
        untimed=untimed,
        bytes=graph.sizes[largest],
        longest=_longest(plan, workflow, times),
        largest=_largest(plan, workflow, times, largest) if largest else None,
    )


def _first(
    workflow: Workflow,
    ways: list[list[Step]],
    confirm: Callable[[Trace], bool],
    name: str,
) -> tuple[Spec, Trace] | None:
    for way in ways:
        made = realise(workflow, way, confirm, name)
        if made is not None:
            return made
    return None


def _shortened(workflow: Workflow, finding: Finding, spec: Spec, trace: Trace) -> Spec:
    """The scenario without what it can do without."""
    path, status, error = trace.path(), trace.status, trace.error

    def keeps(other: Trace) -> bool:
        return (
            other.path() == path
            and other.status == status
            and (other.error or {}).get("code") == (error or {}).get("code")
            and finding.confirm(other)
        )

    return simplify(workflow, finding.name, spec, keeps)


def expecting(plan: Json, workflow: Workflow, name: str, spec: Spec) -> Spec:
    """The scenario with what comes of it."""
    trace = play(workflow, name, spec).trace
    expect: dict[str, Any] = {
        "status": trace.status if trace.is_over else "waiting",
        "path": trace.path(),
    }
    if trace.error is not None:
        expect["error"] = trace.error["code"]
    if trace.compensation is not None:
        expect["compensation"] = trace.compensation
    return {"workflow": plan["workflow"]["name"], **spec, "expect": expect}


def _ends(graph: Graph, times: Times) -> list[End]:
    found: dict[tuple[Any, ...], End] = {}
    for state, run in graph.ended.items():
        if not times.reaches(state):
            continue
        error = run["error"] or {}
        end = End(
            run["status"],
            error.get("code"),
            error.get("step"),
            run["compensation"],
            times.depth[state],
        )
        key = (end.status, end.code, end.step, end.compensation)
        if key not in found or found[key].length > end.length:
            found[key] = end
    order = {"completed": 0, "failed": 1, "timed_out": 2, "cancelled": 3}
    return sorted(
        found.values(),
        key=lambda e: (order[e.status], e.step or "", e.code or "", e.length),
    )


def _longest(plan: Json, workflow: Workflow, times: Times) -> Spec | None:
    if not times.slowest:
        return None
    made = realise(
        workflow, times.slowest, lambda trace: trace.is_over, "longest-run", slow=True
    )
    return None if made is None else expecting(plan, workflow, "longest-run", made[0])


def _largest(plan: Json, workflow: Workflow, times: Times, state: int) -> Spec | None:
    path = times.path(state)
    made = realise(workflow, path, lambda trace: True, "largest-state")
    return None if made is None else expecting(plan, workflow, "largest-state", made[0])
