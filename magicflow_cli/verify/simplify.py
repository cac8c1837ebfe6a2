"""Scenarios without what they can do without.

A way through the graph says more than a reader needs: results that are the examples
anyway, latencies that change nothing, three different errors where one would do. Each
is left out, or made like its neighbour, when what came of the run stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from magicflow.simulation import Trace
from magicflow.simulation.scenario import ScenarioError, Workflow, play

from magicflow_cli.verify.realise import Spec


def simplify(
    workflow: Workflow, name: str, spec: Spec, keeps: Callable[[Trace], bool]
) -> Spec:
    """The smallest scenario that is found by leaving out one thing after the other;
    `keeps` says whether a run still shows what it is to show."""
    changed = True
    while changed:
        changed = False
        for smaller in _smaller(spec):
            if _holds(workflow, name, smaller, keeps):
                spec, changed = smaller, True
                break
    return spec


def _holds(
    workflow: Workflow, name: str, spec: Spec, keeps: Callable[[Trace], bool]
) -> bool:
    try:
        result = play(workflow, name, spec)
    except ScenarioError:
        return False
    return not result.trace.refused and not result.notes and keeps(result.trace)


def _smaller(spec: Spec) -> Iterator[Spec]:
    """Scenarios with one thing less to read, the largest first."""
    if "input" in spec:
        yield {key: value for key, value in spec.items() if key != "input"}
    steps: dict[str, Any] = spec.get("steps", {})
    for key, said in steps.items():
        rest = {name: value for name, value in steps.items() if name != key}
        yield _with_steps(spec, rest)
        for other in _shorter(said):
            yield _with_steps(spec, {**steps, key: other})


def _with_steps(spec: Spec, steps: dict[str, Any]) -> Spec:
    made = {key: value for key, value in spec.items() if key != "steps"}
    return {**made, "steps": steps} if steps else made


def _shorter(said: Any) -> Iterator[Any]:
    """What is said of one step, said with less."""
    if isinstance(said, list):
        if all(each == said[-1] for each in said):
            yield said[-1]
        if len(said) > 1:
            yield said[:-1]
        for number, each in enumerate(said[:-1]):
            if each != said[-1]:
                yield [*said[:number], said[-1], *said[number + 1 :]]
        for number, each in enumerate(said):
            for other in _plainer(each):
                yield [*said[:number], other, *said[number + 1 :]]
    else:
        yield from _plainer(said)


def _plainer(outcome: Spec) -> Iterator[Spec]:
    if "after" in outcome:
        yield {key: value for key, value in outcome.items() if key != "after"}
