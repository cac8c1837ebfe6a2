"""Every kind of finding: a workflow that has it, and a twin that has not."""

from __future__ import annotations

from typing import Any

import pytest
from magicflow.simulation.scenario import play

from magicflow_cli.verify.verification import Verification, verify
from tests.unit.verify.seeded import TWINS
from tests.unit.verify.workflows import compiled

SHOWN_BY_NO_RUN = {"MF5709", "MF5710"}


def codes_of(found: Verification) -> set[str]:
    return {shown.finding.code.id for shown in found.shown}


@pytest.mark.parametrize("code", TWINS)
def test_the_faulty_one_has_it_and_a_run_shows_it(code: str) -> None:
    found = verify(compiled(TWINS[code][0]))
    mine = [each for each in found.scenarios() if each[0].finding.code.id == code]
    assert mine
    for shown, scenario in mine:
        if code in SHOWN_BY_NO_RUN:
            assert scenario is None
            continue
        assert scenario is not None
        result = play(found.workflow, shown.finding.name, scenario)
        assert result.passed, result.differences
        assert result.notes == []
        assert shown.finding.confirm(result.trace)


@pytest.mark.parametrize("code", TWINS)
def test_the_correct_twin_has_it_not(code: str) -> None:
    found = verify(compiled(TWINS[code][1]))
    assert found.graph.complete
    assert code not in codes_of(found)


def scenario_of(text: str, code: str) -> dict[str, Any]:
    found = verify(compiled(text))
    for shown, scenario in found.scenarios():
        if shown.finding.code.id == code:
            assert scenario is not None
            return scenario
    raise AssertionError(f"there is no {code}")


def test_a_dead_end_goes_round_until_the_limit() -> None:
    """Nothing a step returns leads out; the scenario runs until a limit ends it."""
    scenario = scenario_of(TWINS["MF5701"][0], "MF5701")
    assert scenario["expect"]["error"] == "LIMIT"


def test_output_that_is_missing_needs_the_input_that_leads_there() -> None:
    scenario = scenario_of(TWINS["MF5702"][0], "MF5702")
    assert scenario["input"].get("vip") is not True
    assert scenario["expect"] == {
        "status": "failed",
        "path": [],
        "error": "VALIDATION",
    }


def test_a_wait_that_nothing_ends_is_a_run_that_waits() -> None:
    scenario = scenario_of(TWINS["MF5704"][0], "MF5704")
    assert scenario["expect"] == {"status": "waiting", "path": ["paid"]}


def test_a_failed_compensation_is_in_the_scenario() -> None:
    scenario = scenario_of(TWINS["MF5706"][0], "MF5706")
    assert scenario["steps"]["charge/compensate"] == {"fails": "INTERNAL"}
    assert scenario["expect"]["compensation"] == "incomplete"


def test_compensation_with_retries_that_fails_is_only_noted() -> None:
    text = TWINS["MF5706"][0].replace(
        "timeout: 5s}}", "timeout: 5s, retry: {max_attempts: 3}}}"
    )
    found = verify(compiled(text))
    (mine,) = [s for s in found.shown if s.finding.code.id == "MF5706"]
    assert mine.finding.severity is not None
    assert mine.finding.severity.value == "note"


def test_failures_alike_are_one_finding() -> None:
    text = TWINS["MF5703"][0].replace(
        "  output: {}", "    - {name: ship, timeout: 5s}\n  output: {}"
    )
    found = verify(compiled(text))
    (mine,) = [s.finding for s in found.shown if s.finding.code.id == "MF5703"]
    assert "`charge` or `ship`" in mine.message
    assert "INTERNAL, TIMEOUT" in mine.message
    assert [node for node, _ in mine.others] == ["ship"]


@pytest.mark.parametrize(
    ("action", "is_found"),
    [("rollback", True), ("continue", False)],
)
def test_a_policy_for_all_failures_is_an_answer(action: str, is_found: bool) -> None:
    text = TWINS["MF5703"][1].replace("continue", action)
    found = verify(compiled(text))
    assert "MF5703" not in codes_of(found)
    assert any(end.status == "failed" for end in found.ends) is is_found


def test_a_bound_that_is_reached_is_not_complete() -> None:
    found = verify(compiled(TWINS["MF5708"][0]), bound=2)
    assert not found.graph.complete
    assert found.graph.frontier


def test_values_that_are_too_many_are_not_complete() -> None:
    names = [f"p{number}" for number in range(8)]
    properties = ", ".join(f"{name}: {{type: boolean}}" for name in names)
    condition = " && ".join(f"$.input.{name} == true" for name in names)
    found = verify(compiled(f"""\
  input_schema: {{type: object, required: [{", ".join(names)}], properties: {{{properties}}}}}
  output_schema: {{type: object, properties: {{}}}}
  steps:
    - {{name: charge, timeout: 5s, condition: "{condition}"}}
  output: {{}}
"""))
    assert found.graph.sampled == ("@input",)
    assert not found.graph.complete
