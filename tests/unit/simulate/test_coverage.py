"""The goals of a plan, and which rows of a history show them."""

from __future__ import annotations

from typing import Any

import pytest
from magicflow.simulation.scenario import Workflow, play

from magicflow_cli.plan import to_json
from magicflow_cli.simulate.coverage import Coverage, step_of
from magicflow_cli.simulate.testing import Suite
from tests.unit.generate.plans import compile_texts, example_plan

Json = dict[str, Any]
HEAD = """
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: {name: w}
spec:
  timeout: 1h
  steps:
"""


class Covered:
    def __init__(self, steps: str) -> None:
        (plan,) = compile_texts(HEAD + steps)
        self.json = to_json(plan)
        self.coverage = Coverage(self.json)
        self.workflow = Workflow(self.json)

    def goals(self) -> set[str]:
        return {str(goal) for goal in self.coverage.goals}

    def by(self, **spec: Any) -> set[str]:
        result = play(self.workflow, "test", {"input": {}, **spec})
        history = result.trace.history
        found = self.coverage.covered(history)
        assert found <= self.coverage.goals
        # what the rows of each event show is what all rows show together
        one_by_one: set[Any] = set()
        start = 0
        for end in range(1, len(history) + 1):
            if end == len(history) or history[end]["at"] != history[start]["at"]:
                one_by_one |= self.coverage.covered(history[start:end])
                start = end
        assert one_by_one == found
        return {str(goal) for goal in found}


def test_every_way_to_leave_a_step() -> None:
    flow = Covered("""
    - {name: a, timeout: 5s, timeout_action: ignore, retry: {max_attempts: 2, initial_delay: 1s}, on_failure: h, condition: "coalesce($.input.go, true)"}
    - {name: b, total_timeout: 9s, fallback_step: f}
    - {name: h, handler: true}
    - {name: f, handler: true}
""")
    assert flow.goals() >= {
        "a", "b", "h", "f",
        "a → b", "a → b (skip)", "a → b (ignored)", "a → a (retry)", "a → h (failure)",
        "b → end", "b → f (fallback)", "f → end", "h → fails",
        "a: any error", "a: timeout", "b: total_timeout", "the workflow: timeout",
    }  # fmt: skip
    assert flow.by() == {"a", "b", "a → b", "b → end"}
    assert flow.by(input={"go": False}) == {"a → b (skip)", "b", "b → end"}
    late = flow.by(steps={"a": {"times_out": "timeout"}})
    assert late == {"a", "a: timeout", "a → b (ignored)", "b", "b → end"}
    wrong = flow.by(steps={"a": {"fails": "NO"}})
    assert wrong == {
        "a",
        "a: any error",
        "a → a (retry)",
        "a → h (failure)",
        "h",
        "h → fails",
    }
    stands_in = flow.by(steps={"b": {"fails": "NO"}})
    assert stands_in >= {"b: any error", "b → f (fallback)", "f", "f → end"}
    slow = flow.by(steps={"b": {"never": True}})
    assert "b: total_timeout" in slow
    endless = flow.by(steps={"h": {"never": True}, "a": {"fails": "NO"}})
    assert "the workflow: timeout" in endless


def test_cases_are_ways() -> None:
    flow = Covered("""
    - name: route
      type: switch
      cases:
        - {when: "$.input.n == 1", goto: last}
        - {when: "$.input.n == 2", steps: [{name: two}]}
        - {when: "$.input.n == 3", goto: end}
    - {name: middle}
    - {name: last}
""")
    assert flow.goals() >= {
        "route → last (case)", "route → case-2 (into)", "route → end (case)",
        "route → no case (otherwise)", "route → middle",
    }  # fmt: skip
    assert "route → last (case)" in flow.by(input={"n": 1})
    assert flow.by(input={"n": 1}) & {"middle", "route → middle"} == set()
    assert flow.by(input={"n": 2}) >= {"two", "route → case-2 (into)", "route → middle"}
    ended = flow.by(input={"n": 3})
    assert "route → end (case)" in ended and "route → middle" not in ended
    assert "route → no case (otherwise)" in flow.by(input={"n": 4})


def test_compensation_rules_and_unreachable_steps() -> None:
    plan = to_json(example_plan("user-onboarding"))
    coverage = Coverage(plan)
    assert coverage.unreachable == {"external-verification", "skip-verification"}
    assert not any(goal.step in coverage.unreachable for goal in coverage.goals)
    result = play(
        Workflow(plan),
        "x",
        {"steps": {"validate-user": {"returns": {"valid": False, "errors": []}}}},
    )
    shown = {str(goal) for goal in coverage.covered(result.trace.history)}
    assert "validate-user → rule/1 (rule)" in shown
    assert "validate-user → create-account" not in shown

    flow = Covered("""
    - {name: book, compensation: {function: unbook}}
    - {name: pay, on: x}
""".replace(", on: x", ""))
    undone = flow.by(steps={"pay": {"fails": "NO"}})
    assert "book: compensated" in undone and "book: compensated" in flow.goals()


def test_a_suite_counts_what_scenarios_reach() -> None:
    suite = Suite.of(to_json(example_plan("user-onboarding")))
    assert suite.play("well", {}).verdict == "passed"
    assert suite.play("badly", {"expect": {"status": "failed"}}).verdict == "failed"
    broken = suite.play("broken", {"start": "never"})
    assert (broken.verdict, broken.differences) == ("failed", []) and broken.why
    counts = {kind: (reached, total) for kind, reached, total in suite.counts()}
    assert counts["step"] == (3, 6) and 0 < suite.percent < 50
    assert len(suite.missing()) + len(suite.reached) == len(suite.coverage.goals)


@pytest.mark.parametrize(
    ("path", "step"),
    [("a", "a"), ("a~2", "a"), ("each[3]/pack", "pack"), ("each[3]/in[0]/pack~2", "pack"),
     ("each[3]", "each"), ("book/compensate", "book"), ("each[1]/a/do", "a")],
)  # fmt: skip
def test_the_step_of_a_path(path: str, step: str) -> None:
    assert step_of(path) == step
