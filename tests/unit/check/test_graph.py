"""Reachability, ends and cycles."""

from __future__ import annotations

import pytest

from magicflow_cli.check import check
from magicflow_cli.diagnostics import Report
from tests.unit.check.structures import parse_files, steps


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # one diagnostic per lost path, at its first step
        (["name: a, on_success: end", "name: b", "name: c"], ["MF3001"]),
        # a lost circle has no first step but the first of the list
        (
            [
                "name: a, on_success: end",
                "name: b, on_success: c",
                "name: c, on_success: b",
            ],
            ["MF3001", "MF3005"],
        ),
        # a guarded end may be passed by
        (["name: a, type: end, condition: $.input.x", "name: b"], []),
        (["name: a, type: end", "name: b"], ["MF3001"]),
        (["name: a, type: fail, condition: $.input.x", "name: b"], []),
        (["name: a, type: fail", "name: b"], ["MF3001"]),
        # cycles
        (["name: a", "name: b, on_success: a"], ["MF3005"]),
        (
            [
                "name: a",
                "name: w, type: wait, duration: 1s",
                "name: s, type: switch, cases: [{when: $.input.x, goto: a}]",
            ],
            [],
        ),
        (
            ["name: a", "name: s, type: switch, cases: [{when: $.input.x, goto: a}]"],
            [],
        ),
        (
            [
                "name: a, on_failure: b, on_success: end",
                "name: b, handler: true, on_success: a",
            ],
            ["MF3006"],
        ),
        # a wait in an endless cycle does not make it end
        (["name: a, type: wait, duration: 1s", "name: b, on_success: a"], ["MF3005"]),
    ],
)
def test_graph(lines: list[str], expected: list[str]) -> None:
    _, codes = steps(*lines)
    assert codes == expected


def test_one_cycle_of_fallbacks_is_reported_once() -> None:
    _, codes = steps(
        "name: x",
        "name: a, handler: true, fallback_step: b",
        "name: b, handler: true, fallback_step: c",
        "name: c, handler: true, fallback_step: a",
    )
    assert codes == ["MF3007"]


def test_a_fallback_beside_a_handler_that_rejoins_ends() -> None:
    _, codes = steps(
        "name: a, on_failure: h, fallback_step: f",
        "name: b",
        "name: h, handler: true, on_success: b",
        "name: f, handler: true",
    )
    assert codes == []


def test_implicit_steps_end_a_chain_of_fallbacks() -> None:
    _, codes = steps("name: a, fallback_step: plan-b")
    assert codes == ["MF1003"]


def test_a_block_inside_an_unreachable_step_is_not_reported_again() -> None:
    _, codes = steps(
        "name: a, on_success: end",
        "name: f, type: loop, while: $.index < 3, steps: [{name: b}]",
    )
    assert codes == ["MF3001"]


@pytest.mark.parametrize("names", [("broken", "fine"), ("fine", "broken")])
def test_an_error_of_another_workflow_hides_nothing(names: tuple[str, str]) -> None:
    steps_of = {
        "broken": "[{name: a, on_success: nowhere}]",
        "fine": "[{name: a, on_success: end}, {name: lost}]",
    }
    report = Report()
    workflows, _ = parse_files(
        {
            f"{name}.yaml": f"workflow: {{name: {name}}}\nsteps: {steps_of[name]}\n"
            for name in names
        },
        report,
    )
    check(workflows, [], report)
    lost = [d for d in report.diagnostics if d.code == "MF3001"]
    assert [d.span.file for d in lost if d.span is not None] == ["fine.yaml"]
