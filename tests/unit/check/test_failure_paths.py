"""Fallbacks, declared errors, rules, parallel writes, names."""

from __future__ import annotations

import time

import pytest

from tests.unit.check.flows import found, only

ERRORS = """
input_schema: {type: object}
functions: {f: {errors: {DECLINED: {retryable: false}, BUSY: {retryable: true}}}}
"""

CASES = {
    # fallbacks that nothing leads to
    "steps: [{name: a, fallback_step: b, on_failure: c}]": ["MF6702"],
    "steps: [{name: a, fallback_step: b, on_failure: c, timeout: 1s}]": [],
    "steps: [{name: a, fallback_step: b, on_failure: c, circuit_breaker: {}}]": [],
    "steps: [{name: a, fallback_step: b, on_failure: c, timeout: 1s, timeout_action: ignore}]": [
        "MF6702"
    ],
    "steps: [{name: a, function: f, fallback_step: b, on_failure: c}, {name: d, function: f, circuit_breaker: {}}]": [],
    "steps: [{name: a, fallback_step: b}]": [],
    "timeout: 1m\nfallback_step: z\nsteps: [{name: a}, {name: z, handler: true}]": [
        "MF6702"
    ],
    "timeout: 1m\ntimeout_action: fallback\nfallback_step: z\nsteps: [{name: a}, {name: z, handler: true}]": [],
    # rules
    "steps: [{name: a}]\nerror_handling: [{condition: 'false', action: {type: fail}}]": [
        "MF6704"
    ],
    "steps: [{name: a}]\nerror_handling: [{condition: $.a.ok == false, action: {type: fail}},"
    " {condition: $.a.ok == false, action: {type: continue}}]": ["MF6704"],
    "steps: [{name: a}]\nerror_handling: [{condition: 'true', action: {type: fail}},"
    " {condition: $.error.code == 'A', action: {type: continue}}]": ["MF6704"],
    "steps: [{name: a}]\nerror_handling: [{condition: 'true', action: {type: fail}},"
    " {condition: $.a.ok == false, action: {type: continue}}]": [],
    "steps: [{name: a, on_failure: h}]\nerror_handling: [{condition: $.a.status == 'failed', action: {type: fail}}]": [
        "MF6704"
    ],
    "steps: [{name: a, fallback_step: h}]\nerror_handling: [{condition: \"'failed' == $.a.status\", action: {type: fail}}]": [
        "MF6704"
    ],
    "steps: [{name: a}]\nerror_handling: [{condition: $.a.status == 'failed', action: {type: fail}}]": [],
    "steps: [{name: a, on_failure: h}, {name: b}]\nerror_handling: [{condition: $.a.status == 'failed' && $.b.x == 1, action: {type: fail}}]": [],
    # rollback
    "steps: [{name: a}]\nerror_handling: {on_failure: rollback}": ["MF6705"],
    "steps: [{name: a, compensation: {function: u}}]\nerror_handling: {on_failure: rollback}": [],
    "steps: [{name: a, type: workflow, workflow: w}]\nerror_handling: {on_failure: rollback}": [],
    "steps: [{name: a}]\nerror_handling: [{condition: $.error.code == 'A', action: {type: compensate}}]": [
        "MF6705"
    ],
    "steps: [{name: a}]\nerror_handling: [{condition: $.error.code == 'A', action: {type: compensate, steps: [{name: u}]}}]": [],
    # jumps
    "steps: [{name: p, type: parallel, branches: [{name: a}, {name: b}]}, {name: z, handler: true}]\n"
    "error_handling: [{condition: $.a.x == 1, action: {type: goto, step: z}}]": [
        "MF6706"
    ],
    "steps: [{name: a}, {name: z, handler: true}]\n"
    "error_handling: [{condition: $.a.x == 1, action: {type: goto, step: z}}]": [],
}


@pytest.mark.parametrize("spec", CASES)
def test_cases(spec: str) -> None:
    assert found(spec, prefix="MF67") == CASES[spec]


DECLARED = {
    "steps: [{name: a, function: f}]": ["MF6703"],
    "steps: [{name: a, function: f, on_failure: h}, {name: h, handler: true, function: f}]": [],
    "steps: [{name: a, function: f, fallback_step: h}, {name: h, handler: true, function: f}]": [],
    "steps: [{name: p, type: parallel, on_failure: h, branches: [{name: a, function: f}]}, {name: h, handler: true, function: f}]": [],
    "steps: [{name: p, type: parallel, branches: [{name: a, function: f}]}]": [
        "MF6703"
    ],
    "steps: [{name: a, function: f}]\nerror_handling: {on_failure: fail}": [],
    "steps: [{name: a, function: f}]\nerror_handling: [{condition: $.error.code == 'DECLINED', action: {type: fail}}]": [],
    "steps: [{name: a, function: f}]\nerror_handling: [{condition: \"$.error.code in ['DECLINED', 'BUSY']\", action: {type: fail}}]": [],
    "steps: [{name: a, function: f}]\nerror_handling: [{condition: $.error.code == 'BUSY', action: {type: fail}}]": [
        "MF6703"
    ],
    "steps: [{name: a, function: f}]\nerror_handling: [{condition: exists($.error.message), action: {type: fail}}]": [],
    "steps: [{name: a, function: f}]\nerror_handling: [{condition: $.error.code == 'DECLIEND' && $.a.x == 1, action: {type: fail}}]": [
        "MF6703",
        "MF6704",
    ],
    "steps: [{name: a, function: f, on_failure: h}, {name: h, handler: true, function: f}]\n"
    "error_handling: [{condition: $.error.code == 'DECLIEND', action: {type: fail}}]": [
        "MF6704"
    ],
    "steps: [{name: a, function: f, on_failure: h}, {name: h, handler: true, type: fail, code: MINE, message: x}]\n"
    "error_handling: [{condition: $.error.code == 'MINE', action: {type: fail}}]": [],
}


WAITS = {
    "[{name: a, type: wait_for_event, event: e, correlate: {}, timeout: 1h}]": [
        "MF6703"
    ],
    "[{name: a, type: wait_for_event, event: e, correlate: {}}]": [],
    "[{name: a, type: human_task, timeout: 1h, timeout_action: ignore}]": [],
    "[{name: a, type: human_task, timeout: 1h, on_failure: h}]": [],
    "[{name: a, type: human_task, timeout: 1h}]": ["MF6703"],
    "[{name: s, type: switch, cases: [{when: $.input.x == 1, goto: a},"
    " {when: $.input.x == 1, goto: b}]}, {name: a}, {name: b}]": ["MF6707"],
    "[{name: s, type: switch, cases: [{when: 'true', goto: a},"
    " {when: $.input.x == 1, goto: b}]}, {name: a}, {name: b}]": ["MF6707"],
    "[{name: s, type: switch, cases: [{when: 'false', goto: a}]}, {name: a}]": [
        "MF6707"
    ],
    "[{name: s, type: switch, cases: [{when: $.input.x == 1, goto: a},"
    " {when: $.input.x == 2, goto: b}]}, {name: a}, {name: b}]": [],
}


@pytest.mark.parametrize("steps", WAITS)
def test_waits_and_cases(steps: str) -> None:
    assert found(f"steps: {steps}", prefix="MF67") == WAITS[steps]


def test_a_rule_answers_timeouts() -> None:
    spec = """
steps: [{name: a, type: human_task, timeout: 1h}]
error_handling: [{condition: $.error.code == 'TIMEOUT', action: {type: fail}}]
"""
    assert found(spec, prefix="MF6703") == []


@pytest.mark.parametrize("spec", DECLARED)
def test_declared_errors(spec: str) -> None:
    assert found(spec, ERRORS, prefix="MF67") == DECLARED[spec]


def test_a_code_is_suggested() -> None:
    spec = """
steps: [{name: a, function: f}]
error_handling: [{condition: $.error.code == 'DECLIEND', action: {type: fail}}]
"""
    assert "`DECLINED`" in only(spec, ERRORS, code="MF6704").help


PARALLEL = {
    "steps: [{name: p, type: parallel, branches: [{name: a, fallback_step: z}, {name: b, fallback_step: z}]}]": [
        "MF6601"
    ],
    "steps: [{name: p, type: parallel, branches: [{name: a, fallback_step: z}]}, {name: b, fallback_step: z}]": [],
    "steps: [{name: a, depends_on: [], fallback_step: z}, {name: b, depends_on: [], fallback_step: z}]": [
        "MF6601"
    ],
    "steps: [{name: a, depends_on: [], fallback_step: z}, {name: b, depends_on: [a], fallback_step: z}]": [],
    "steps: [{name: p, type: parallel, branches: [{name: a, steps: [{name: c, type: transform, output: {user: x}}]},"
    " {name: b, steps: [{name: d, type: transform, output: {user: y}}]}]}]": ["MF6601"],
    "steps: [{name: p, type: parallel, branches: [{name: a, steps: [{name: c, type: transform, output: {user: x}}]},"
    " {name: b, steps: [{name: d, type: transform, output: {user: y}}]}]}]\noutput: {user: $.c.user}": [],
    "steps: [{name: p, type: parallel, branches: [{name: a, steps: [{name: c, type: transform, output: {user: x}}]},"
    " {name: b}]}]": [],
}


@pytest.mark.parametrize("spec", PARALLEL)
def test_parallel_writes(spec: str) -> None:
    context = "input_schema: {type: object}\noutput_schema: {type: object, properties: {user: {type: string}}}"
    assert found(spec, context, prefix="MF66") == PARALLEL[spec]


NAMES = {
    "[{name: step-1}, {name: step1}]": ["MF1101"],
    "[{name: a-b}, {name: a_b}]": ["MF1101"],
    "[{name: fooBar}, {name: foo-bar}]": ["MF1101"],
    "[{name: a, on_failure: sendTheMailNow}, {name: send-the-mail-now}]": ["MF1101"],
    "[{name: a, executor: x-y}, {name: b, executor: x_y}]": ["MF1101"],
    "[{name: a, executor: x}, {name: b, executor: x}]": [],
    "[{name: step-1}, {name: step-2}]": [],
    "[{name: error}]": ["MF1102"],
    "[{name: l, type: loop, iterate_over: $.input.l, item_variable: input, steps: [{name: s}]}]": [
        "MF1103"
    ],
    "[{name: l, type: loop, iterate_over: $.input.l, item_variable: s, steps: [{name: s}]}]": [
        "MF1103"
    ],
    "[{name: l, type: loop, iterate_over: $.input.l, item_variable: item, steps: [{name: s}]}]": [],
    "[{name: l, type: loop, iterate_over: $.input.l, item_variable: x, steps:"
    " [{name: m, type: loop, iterate_over: $.x.m, item_variable: x, steps: [{name: s}]}]}]": [
        "MF1103"
    ],
}


@pytest.mark.parametrize("steps", NAMES)
def test_names(steps: str) -> None:
    assert found(f"steps: {steps}", prefix="MF11") == NAMES[steps]


def test_thousands_of_rules_and_cases_are_compared_fast() -> None:
    rules = ", ".join(
        f"{{condition: $.error.code == 'C{i}', action: {{type: continue}}}}"
        for i in range(1500)
    )
    cases = ", ".join(f"{{when: $.input.x == {i}, goto: b}}" for i in range(1500))
    started = time.process_time()
    switch = f"steps: [{{name: s, type: switch, cases: [{cases}]}}, {{name: b}}]"
    assert found(f"{switch}\nerror_handling: [{rules}]", prefix="MF67") == []
    assert time.process_time() - started < 5
