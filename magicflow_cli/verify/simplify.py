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
    """A small scenario, found by leaving out one thing after the other; `keeps` says
    whether a run still shows what it is to show."""

    def holds(smaller: Spec) -> bool:
        return _holds(workflow, name, smaller, keeps)

    if "input" in spec:
        smaller = {key: value for key, value in spec.items() if key != "input"}
        spec = smaller if holds(smaller) else spec
    spec = _without_steps(spec, holds)
    for key in list(spec.get("steps", ())):
        spec = _shortened(spec, key, holds)
    return spec


def _without_steps(spec: Spec, holds: Callable[[Spec], bool]) -> Spec:
    """Leave out what is said of steps: all that go well, then ever smaller groups."""
    steps: dict[str, Any] = spec.get("steps", {})
    plain = [key for key, said in steps.items() if "returns" in said]
    groups = [plain] if len(plain) > 1 else []
    size = len(steps) // 2
    while size >= 1:
        keys = list(steps)
        groups += [keys[at : at + size] for at in range(0, len(keys), size)]
        size //= 2
    for group in groups:
        left = {key: said for key, said in steps.items() if key not in group}
        if len(left) < len(steps):
            smaller = _with_steps(spec, left)
            if holds(smaller):
                spec, steps = smaller, left
    return spec


def _shortened(spec: Spec, key: str, holds: Callable[[Spec], bool]) -> Spec:
    """Say less of one step, as long as there is less to say."""
    changed = True
    while changed:
        changed = False
        steps = spec["steps"]
        for other in _shorter(steps[key]):
            smaller = _with_steps(spec, {**steps, key: other})
            if holds(smaller):
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
