"""The search leaves out nothing that matters: with and without reduction, and beside
random runs of the driver."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, assume, given, settings

from magicflow_cli.verify.explore import Graph, explore
from magicflow_cli.verify.facts import Observer
from tests.runtime.core.random_plans import random_plans

Json = dict[str, Any]
BOUND = 2_500


def ends_of(graph: Graph) -> set[tuple[Any, ...]]:
    """How runs end: status, code and step of the error, compensation."""
    return {
        (
            run["status"],
            (run["error"] or {}).get("code"),
            (run["error"] or {}).get("step"),
            run["compensation"],
        )
        for run in graph.ended.values()
    }


def shown_in(graph: Graph) -> tuple[set[Any], set[Any]]:
    """Goals and facts that some transition shows."""
    shown = [step.facts[0] for steps in graph.steps for step in steps]
    goals = {goal for each in shown for goal in each.goals}
    return goals, {fact for each in shown for fact, _ in each.facts}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_plans())
def test_what_is_not_interleaved_hides_nothing(plan: Json) -> None:
    whole = explore(plan, bound=BOUND, facts=Observer(plan), reduce=False)
    assume(not whole.frontier)
    reduced = explore(plan, bound=BOUND, facts=Observer(plan))
    assert reduced.states <= whole.states
    assert ends_of(reduced) == ends_of(whole)
    assert shown_in(reduced) == shown_in(whole)
