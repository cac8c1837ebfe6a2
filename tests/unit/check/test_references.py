"""Names of steps: what they resolve to, what they declare, who runs implicit steps."""

from __future__ import annotations

from magicflow_cli.check.model import End
from tests.unit.check.structures import steps, structure


def test_steps_follow_each_other_and_the_last_ends_the_block() -> None:
    checked, codes = steps("name: first", "name: second")
    assert codes == []
    assert checked.steps["first"].after is checked.steps["second"]
    assert checked.steps["second"].after is End.BLOCK


def test_on_success_end_ends_the_block_and_an_end_step_the_run() -> None:
    checked, _ = steps("name: a, on_success: end", "name: b, type: end")
    assert checked.steps["a"].after is End.BLOCK
    assert checked.steps["b"].after is End.RUN


def test_the_list_goes_on_past_handlers() -> None:
    checked, codes = steps(
        "name: a, on_failure: h", "name: h, handler: true", "name: b"
    )
    assert codes == []
    assert checked.steps["a"].after is checked.steps["b"]
    assert checked.steps["h"].after is End.RETHROW


def test_a_handler_rejoins_or_ends() -> None:
    checked, _ = steps(
        "name: a, on_failure: h",
        "name: b, on_failure: i",
        "name: h, handler: true, on_success: b",
        "name: i, handler: true, on_success: end",
    )
    assert checked.steps["h"].after is checked.steps["b"]
    assert checked.steps["i"].after is End.BLOCK


def test_a_fallback_goes_nowhere() -> None:
    checked, _ = steps("name: a, fallback_step: f", "name: f, handler: true")
    assert checked.steps["f"].role == "fallback"
    assert checked.steps["f"].after is None


def test_a_step_that_nothing_falls_into_is_a_handler_by_its_place() -> None:
    checked, codes = steps(
        "name: a, on_failure: h, on_success: end", "name: h", "name: i, handler: true"
    )
    assert checked.steps["h"].handler
    assert codes == ["MF3001"]  # nobody names `i`


def test_handler_false_keeps_a_step_on_the_main_line() -> None:
    checked, codes = steps(
        "name: a", "name: b, on_failure: c", "name: c, handler: false"
    )
    assert codes == []
    assert not checked.steps["c"].handler
    assert checked.steps["b"].on_failure is checked.steps["c"]


def test_the_first_step_cannot_become_a_handler_by_its_place() -> None:
    _, codes = steps("name: a", "name: b, on_failure: a")
    assert "MF3004" in codes


def test_an_implicit_step_runs_on_the_first_executor_that_names_it() -> None:
    checked, codes = structure("""
        workflow: {name: order, executor: general}
        steps:
          - {name: a, on_failure: h}
          - {name: b, executor: special, on_failure: h}
          - {name: c, on_failure: i}
        """)
    assert codes == ["MF1003", "MF1003"]
    assert checked.steps["h"].executor == "special"
    assert checked.steps["i"].executor == "general"
    assert checked.steps["a"].executor == "general"


def test_without_any_executor_the_workflow_gives_its_name() -> None:
    checked, _ = steps("name: a, fallback_step: f")
    assert checked.steps["a"].executor == "order"
    assert checked.steps["f"].executor == "order"


def test_a_rule_may_define_the_handler_of_a_step() -> None:
    checked, codes = structure("""
        workflow:
          name: order
          error_handling:
            - condition: $.error.code == 'X'
              action: {type: compensate, steps: [{name: tidy, executor: e, function: f}]}
        steps:
          - {name: a, on_failure: tidy}
          - {name: b}
        """)
    assert codes == []
    tidy = checked.steps["tidy"]
    assert tidy.handler and tidy.block is checked.root and tidy.function == "f"
    assert [s.name for s in checked.blocks["/rule/1"].steps] == ["tidy"]


def test_a_rule_may_name_a_written_step_bare() -> None:
    checked, codes = structure("""
        workflow:
          name: order
          error_handling:
            - condition: $.error.code == 'X'
              action: {type: compensate, steps: [{name: tidy}]}
        steps:
          - {name: a, on_failure: tidy}
          - {name: tidy, handler: true}
        """)
    assert codes == []
    assert checked.blocks["/rule/1"].steps == [checked.steps["tidy"]]


def test_the_map_form_names_a_handler_or_an_outcome() -> None:
    for outcome, action, count in [
        ("fail", "", 0),
        ("rollback", "compensate", 1),
        ("continue", "continue", 1),
        ("clean-up", "goto", 1),
    ]:
        checked, _ = structure(f"""
            workflow: {{name: order, error_handling: {{on_failure: {outcome}}}}}
            steps: [{{name: a}}]
            """)
        assert [rule.action for rule in checked.rules] == [action] * count


def test_a_failure_key_stays_in_its_block() -> None:
    _, codes = structure("""
        workflow: {name: order}
        steps:
          - name: fan
            type: parallel
            branches:
              - {name: left, steps: [{name: a, on_failure: h}]}
              - {name: right, steps: [{name: b}]}
          - {name: h, handler: true}
        """)
    assert codes == ["MF3002"]


def test_a_misspelt_jump_is_answered_with_the_name() -> None:
    _, codes = steps("name: charge, on_success: shop", "name: ship")
    assert codes == ["MF1001"]


def test_an_unknown_jump_without_a_near_name() -> None:
    _, codes = steps("name: charge, on_success: elsewhere", "name: ship")
    assert codes == ["MF1001"]


def test_a_rule_jumps_to_written_steps_only() -> None:
    _, codes = structure("""
        workflow:
          name: order
          error_handling: [{condition: $.error.code == 'X', action: {type: goto, step: nowhere}}]
        steps: [{name: a}]
        """)
    assert codes == ["MF1001"]


def test_the_timeout_of_the_run_may_declare_its_fallback() -> None:
    checked, codes = structure("""
        workflow: {name: order, timeout: 1h, timeout_action: fallback, fallback_step: give-up}
        steps: [{name: a}]
        """)
    assert codes == ["MF1003"]
    assert checked.timeout_fallback is checked.steps["give-up"]


def test_switch_cases_jump() -> None:
    checked, codes = steps(
        "name: s, type: switch, cases: [{when: true, goto: b}, {when: false, goto: end}]",
        "name: a",
        "name: b",
    )
    assert codes == []
    targets = [target for _, target in checked.steps["s"].gotos]
    assert targets == [checked.steps["b"], End.BLOCK]


def test_a_switch_cannot_jump_to_what_is_not_there() -> None:
    _, codes = steps("name: s, type: switch, cases: [{when: true, goto: nowhere}]")
    assert codes == ["MF1001"]
