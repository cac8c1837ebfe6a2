"""The search leaves out nothing that matters: with and without reduction it comes to
the same ends, goals and facts."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from magicflow_cli.verify.explore import Graph, explore
from magicflow_cli.verify.facts import Observer
from tests.runtime.core.random_plans import Thrown, build_plan
from tests.unit.verify import random_branches
from tests.unit.verify.workflows import WORKFLOWS, compiled

Json = dict[str, Any]
BOUND = 500


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


def compare(plan: Json, bound: int) -> bool:
    """Search both ways. False when the whole search is beyond the bound."""
    whole = explore(plan, bound=bound, facts=Observer(plan), reduce=False)
    if whole.frontier:
        return False
    reduced = explore(plan, bound=bound, facts=Observer(plan))
    assert reduced.states <= whole.states
    assert ends_of(reduced) == ends_of(whole)
    assert shown_in(reduced) == shown_in(whole)
    return True


@pytest.mark.parametrize("start", range(0, 100, 10))
def test_random_plans(start: int) -> None:
    """All kinds of nodes, nested, with rules, jumps and compensation. (Limits of visits
    are not part of the search: see docs/verify.md.)"""
    compared = 0
    for seed in range(start, start + 10):
        plan = build_plan(Thrown(Random(seed)))
        plan["limits"].update(visits_per_block=1_000, occurrences_per_run=10_000)
        compared += compare(plan, BOUND)
    assert compared > 4


@pytest.mark.parametrize("start", range(0, 30, 6))
def test_random_branches(start: int) -> None:
    """Mostly independent parts, nested, with limits, events and handlers."""
    plans = [compiled(random_branches.workflow(start + n)) for n in range(6)]
    assert sum(compare(plan, BOUND) for plan in plans) > 3


@pytest.mark.parametrize("name", WORKFLOWS)
def test_written_workflows(name: str) -> None:
    assert compare(compiled(WORKFLOWS[name]), 20_000)


BRANCHES = """\
  input_schema: {{type: object, properties: {{}}}}
  output_schema: {{type: object, properties: {{}}}}
  steps:
    - name: fan
      type: parallel
      mode: {mode}
      fail_fast: {fail_fast}
      branches:
        - {{name: a, steps: [{{name: a1, timeout: 5s}}, {{name: a2, timeout: 5s}}, {{name: a3, timeout: 5s}}]}}
        - {{name: b, steps: [{{name: b1, timeout: 5s}}, {{name: b2, timeout: 5s}}, {{name: b3, timeout: 5s{more}}}]}}
        - {{name: c, steps: [{{name: c1, timeout: 5s}}, {{name: c2, timeout: 5s}}, {last}]}}
{handler}  output: {{}}
"""


def branches(**changes: str) -> Json:
    given = {
        "mode": "all",
        "fail_fast": "true",
        "more": "",
        "last": "{name: c3, timeout: 5s}",
        "handler": "",
    }
    return compiled(BRANCHES.format(**{**given, **changes}))


def sizes(plan: Json) -> tuple[int, int]:
    whole = explore(plan, facts=Observer(plan), reduce=False)
    reduced = explore(plan, facts=Observer(plan))
    assert ends_of(reduced) == ends_of(whole)
    assert shown_in(reduced) == shown_in(whole)
    return reduced.states, whole.states


@pytest.mark.parametrize("fail_fast", ["true", "false"])
def test_independent_branches_are_not_interleaved(fail_fast: str) -> None:
    reduced, whole = sizes(branches(fail_fast=fail_fast))
    assert whole > 60 and reduced < whole / 2


@pytest.mark.parametrize("mode", ["any", "race"])
def test_where_the_first_decides_every_order_is_looked_at(mode: str) -> None:
    reduced, whole = sizes(branches(mode=mode))
    assert reduced == whole


def test_a_branch_that_is_undone_is_seen_by_what_ends_it() -> None:
    reduced, _ = sizes(branches(more=", compensation: {function: undo}"))
    assert reduced > sizes(branches())[0] * 1.5


def test_a_branch_that_a_handler_reads_is_seen() -> None:
    handler = """\
      on_failure: tell
    - {name: tell, handler: true, timeout: 5s, input: {so-far: $.b1.done}}
"""
    plan = branches(handler=handler)
    reduced, _ = sizes(plan)
    assert reduced > sizes(branches())[0] * 1.2


def test_a_branch_that_always_fails_hides_no_other() -> None:
    """The first branch that is looked at never ends well, so what comes behind it in the
    order must be looked at all the same."""
    plan = branches(last="{name: c3, type: fail, code: NO}")
    sizes(plan)
    first = BRANCHES.replace("{{name: a3, timeout: 5s}}", "{{name: a3, type: fail}}")
    given = {"mode": "all", "fail_fast": "true", "more": "", "handler": ""}
    sizes(compiled(first.format(**given, last="{name: c3, timeout: 5s}")))


def test_branches_that_wait_for_one_event_are_dependent() -> None:
    text = """\
  input_schema: {type: object, properties: {}}
  output_schema: {type: object, properties: {}}
  steps:
    - name: fan
      type: parallel
      fail_fast: false
      branches:
        - {name: a, steps: [{name: a1, timeout: 5s}, {name: a2, type: wait_for_event, event: paid, timeout: 5s}]}
        - {name: b, steps: [{name: b1, timeout: 5s}, {name: b2, type: wait_for_event, event: paid, timeout: 5s}]}
  output: {}
"""
    other = text.replace(
        "name: b2, type: wait_for_event, event: paid",
        "name: b2, type: wait_for_event, event: sent",
    )
    reduced, whole = sizes(compiled(text))
    assert reduced == whole
    reduced, whole = sizes(compiled(other))
    assert reduced < whole
