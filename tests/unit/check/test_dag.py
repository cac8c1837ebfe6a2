"""Blocks with `depends_on`."""

from __future__ import annotations

from magicflow_cli.check.model import End
from tests.unit.check.structures import steps


def test_dependencies_and_a_handler_that_fails_the_block() -> None:
    checked, codes = steps(
        "name: a, depends_on: []",
        "name: b, depends_on: [a], on_failure: h",
        "name: h, handler: true",
    )
    assert codes == []
    assert checked.root.dag
    assert checked.steps["b"].depends_on == (checked.steps["a"],)
    assert checked.steps["b"].after is None
    assert checked.steps["h"].after is End.RETHROW


def test_a_step_named_by_a_failure_key_is_a_handler_wherever_it_stands() -> None:
    checked, codes = steps(
        "name: h", "name: a, depends_on: [], on_failure: h", "name: b, depends_on: [a]"
    )
    assert codes == []
    assert checked.steps["h"].handler


def test_unknown_and_misspelt_dependencies() -> None:
    _, codes = steps("name: charge, depends_on: []", "name: b, depends_on: [chrge]")
    assert codes == ["MF1001"]
    _, codes = steps("name: charge, depends_on: []", "name: b, depends_on: [elsewhere]")
    assert codes == ["MF1001"]


def test_a_dependency_in_another_block() -> None:
    _, codes = steps(
        "name: f, type: loop, while: $.index < 3, depends_on: [], steps: [{name: x}]",
        "name: b, depends_on: [x]",
    )
    assert codes == ["MF3002"]


def test_no_jumps_by_cases_or_to_main_steps() -> None:
    _, codes = steps(
        "name: s, type: switch, depends_on: [], cases: [{when: $.input.x, goto: b}]",
        "name: b, depends_on: [s]",
    )
    assert codes == ["MF3010"]
    _, codes = steps(
        "name: a, depends_on: [], on_failure: b",
        "name: b, depends_on: [a], handler: false",
    )
    assert codes == ["MF3010"]


def test_a_circle_of_one() -> None:
    _, codes = steps("name: a, depends_on: [a]")
    assert codes == ["MF3011"]
