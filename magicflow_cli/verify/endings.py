"""From any state to an end: the shortest way, a good one if there is any."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from magicflow_cli.verify.clock import Times
from magicflow_cli.verify.explore import Graph, Step

_ORDER = ("completed", "failed", "timed_out", "cancelled")


@dataclass(slots=True)
class Home:
    """`first` is the first step of the way to an end, for every state that has one."""

    first: dict[int, Step]

    def path(self, state: int) -> list[Step]:
        """The whole way; empty for a state that has none, or is an end."""
        way: list[Step] = []
        while (step := self.first.get(state)) is not None:
            way.append(step)
            state = step.target
        return way


def ways_home(graph: Graph, times: Times) -> Home:
    """Completed runs come first, those that the workflow's timeout ends last."""
    into: dict[int, list[Step]] = {}
    for state in range(graph.states):
        if times.reaches(state):
            for step in times.steps[state]:
                into.setdefault(step.target, []).append(step)
    found: dict[int, Step] = {}
    for status in _ORDER:
        waiting = deque(
            state
            for state, run in sorted(graph.ended.items())
            if run["status"] == status
        )
        while waiting:
            for step in into.get(waiting.popleft(), ()):
                if step.source not in found and step.source not in graph.ended:
                    found[step.source] = step
                    waiting.append(step.source)
    return Home(found)
