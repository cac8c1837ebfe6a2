"""Time budgets: limits, delays, the longest path."""

from __future__ import annotations

import pytest

from magicflow_cli.check.policies import Retry, retry_of, shown, spoken
from magicflow_cli.check.worst_case import longest
from tests.unit.check.flows import found, only, run, text_at

CASES = {
    # zero
    "[{name: a, timeout: 0s}]": ["MF7001"],
    "[{name: a, compensation: {function: u, timeout: 0ms}}]": ["MF7001"],
    "[{name: a, timeout: 1ms}]": [],
    # retries
    "[{name: a, timeout_action: retry, timeout: 1s}]": ["MF7003"],
    "[{name: a, timeout_action: retry, timeout: 1s, retry: {max_attempts: 2}}]": [],
    "[{name: a, retry: {max_attempts: 1}}]": [],
    "[{name: a, retry: {max_attempts: 1, backoff: fixed}}]": ["MF7003"],
    "[{name: a, retry: {retry_on: [VALIDATION, LIMIT]}}]": ["MF7003"],
    "[{name: a, retry: {retry_on: [BUSY], non_retryable: [BUSY]}}]": ["MF7003"],
    "[{name: a, retry: {retry_on: [BUSY, TIMEOUT], non_retryable: [BUSY]}}]": [],
    "[{name: a, total_timeout: 2s, retry: {max_attempts: 2, backoff: fixed}}]": [],
    "[{name: a, total_timeout: 2s, retry: {max_attempts: 3, backoff: fixed}}]": [
        "MF7003"
    ],
    "[{name: a, total_timeout: 2s, retry: {max_attempts: 2}}]": ["MF7003"],  # 1s · 2¹
    # codes
    "[{name: a, retry: {retry_on: [TIMEOUT, UNAVAILABLE]}}]": [],
    "[{name: a, retry: {retry_on: [TIMEUOT]}}]": ["MF7008"],
    "[{name: a, retry: {retry_on: [MY_OWN]}}]": [],
    # delays
    "[{name: a, retry: {initial_delay: 61s}}]": ["MF7005"],
    "[{name: a, retry: {initial_delay: 61s, max_delay: 2m}}]": [],
    "[{name: a, compensation: {function: u, retry: {initial_delay: 2s, max_delay: 1s}}}]": [
        "MF7005"
    ],
    # limits of one step
    "[{name: a, timeout: 5s, heartbeat_timeout: 5s}]": ["MF7006"],
    "[{name: a, timeout: 5s, heartbeat_timeout: 1s}]": [],
    "[{name: a, timeout: 5s, total_timeout: 4s}]": ["MF7009"],
    "[{name: a, timeout: 5s, total_timeout: 5s}]": [],
    # circuit breakers
    "[{name: a, function: f, circuit_breaker: {failure_threshold: 5}},"
    " {name: b, function: f, circuit_breaker: {}}]": [],
    "[{name: a, function: f, circuit_breaker: {failure_threshold: 5}},"
    " {name: b, function: f, circuit_breaker: {failure_threshold: 6}}]": ["MF7007"],
    "[{name: a, function: f, circuit_breaker: {failure_threshold: 5}},"
    " {name: b, function: g, circuit_breaker: {failure_threshold: 6}}, {name: c, function: f}]": [],
    # keys without effect
    "[{name: a, timeout_action: ignore}]": ["MF7010"],
    "[{name: a, timeout_action: ignore, heartbeat_timeout: 1s}]": [],
    "[{name: a, type: loop, iterate_over: $.input.l, batch_size: 2, steps: [{name: b}]}]": [
        "MF7010"
    ],
    "[{name: a, type: loop, while: $.input.l, item_variable: x, steps: [{name: b}]}]": [
        "MF7010"
    ],
    "[{name: a, circuit_breaker: {minimum_calls: 3}}]": ["MF7010"],
    "[{name: a, circuit_breaker: {minimum_calls: 3, failure_rate_threshold: 0.5}}]": [],
}


@pytest.mark.parametrize("steps", CASES)
def test_steps(steps: str) -> None:
    assert found(f"steps: {steps}", prefix="MF7") == CASES[steps]


WORKFLOWS = {
    "timeout: 0s\nsteps: [{name: a}]": ["MF7001"],
    "timeout_action: ignore\nsteps: [{name: a}]": ["MF7010"],
    "timeout: 1m\nsteps: [{name: a, timeout: 2m}]": ["MF7002", "MF7004"],
    "timeout: 1m\ntimeout_action: ignore\nsteps: [{name: a, timeout: 2m}]": [],
    "timeout: 1m\nsteps: [{name: a, timeout: 30s}, {name: b, timeout: 30s}]": [],
    "timeout: 1m\nsteps: [{name: a, timeout: 30s}, {name: b, timeout: 31s}]": [
        "MF7002"
    ],
    "timeout: 1m\nretry_policy: {max_attempts: 3}\nsteps: [{name: a, timeout: 30s}]": [
        "MF7002"
    ],
    "timeout: 1m\nretry_policy: {max_attempts: 3}\nsteps: [{name: a, timeout: 30s, total_timeout: 1m}]": [],
    "timeout: 1m\nretry_policy: {max_attempts: 3}\nsteps: [{name: a, type: wait, duration: 30s}]": [],
    "timeout: 3s\nsteps: [{name: a, retry: {max_attempts: 2, initial_delay: 3s}}]": [
        "MF7002",
        "MF7003",
    ],
    "retry_policy: {initial_delay: 2m}\nsteps: [{name: a}]": ["MF7005"],
}


@pytest.mark.parametrize("spec", WORKFLOWS)
def test_workflows(spec: str) -> None:
    assert found(spec, prefix="MF7") == WORKFLOWS[spec]


def test_codes_that_a_function_does_not_declare() -> None:
    context = "functions: {f: {errors: {DECLINED: {retryable: true}}}}"
    spec = "steps: [{name: a, function: f, on_failure: h, retry: {retry_on: [BROKEN]}}]"
    problem = only(spec, context, code="MF7008")
    assert "`DECLINED`" in problem.help and text_at(problem, spec) == "BROKEN"


def worst(spec: str, context: str = "") -> int:
    checked, _ = run(spec, context)
    return longest(checked, checked.root)[0] // 1000


LINES = """
input_schema:
  type: object
  properties: {lines: {type: array, maxItems: 7, items: {type: object}}}
"""

LONGEST = {
    "[{name: a, timeout: 10s}]": 10,
    "[{name: a, timeout: 10s, queue_timeout: 5s}]": 15,
    "[{name: a, timeout: 10s, retry: {max_attempts: 3, backoff: linear}}]": 33,
    "[{name: a, timeout: 10s, retry: {max_attempts: 3}}]": 36,
    "[{name: a, timeout: 10s, fallback_step: b}, {name: b, handler: true, timeout: 4s}]": 14,
    "[{name: a, timeout: 10s, on_failure: b}, {name: b, handler: true, timeout: 4s}]": 14,
    "[{name: a, timeout: 10s, on_failure: b}, {name: c, timeout: 9s}, {name: b, handler: true, timeout: 4s}]": 19,
    "[{name: c, type: condition, condition: $.input.x, then: [{name: a, timeout: 3s}],"
    " else: [{name: b, timeout: 8s}]}, {name: d, timeout: 1s}]": 9,
    "[{name: p, type: parallel, branches: [{name: a, timeout: 3s}, {name: b, timeout: 8s}]}]": 8,
    "[{name: p, type: parallel, timeout: 5s, branches: [{name: a, timeout: 3s}, {name: b, timeout: 8s}]}]": 5,
    "[{name: p, type: parallel, retry: {max_attempts: 2, backoff: fixed}, branches: [{name: a, timeout: 3s}, {name: b, timeout: 8s}]}]": 17,
    "[{name: l, type: loop, iterate_over: $.input.lines, steps: [{name: a, timeout: 3s}]}]": 21,
    "[{name: l, type: loop, iterate_over: $.input.lines, max_iterations: 2, steps: [{name: a, timeout: 3s}]}]": 6,
    "[{name: l, type: loop, iterate_over: $.input.lines, parallel: true, steps: [{name: a, timeout: 3s}]}]": 3,
    "[{name: l, type: loop, iterate_over: $.input.lines, parallel: true, batch_size: 2, steps: [{name: a, timeout: 3s}]}]": 12,
    "[{name: l, type: loop, iterate_over: $.input.other, steps: [{name: a, timeout: 3s}]}]": 3,
    "[{name: l, type: loop, iterate_over: '[1, 2]', steps: [{name: a, timeout: 3s}]}]": 6,
    "[{name: w, type: wait, duration: 1m}]": 60,
    "[{name: a, timeout: 1s, depends_on: []}, {name: b, timeout: 2s, depends_on: []}, {name: c, timeout: 4s, depends_on: [a, b]}]": 6,
    "[{name: s, type: switch, cases: [{when: $.input.x, goto: b}]}, {name: a, timeout: 2s}, {name: b, timeout: 1s}]": 3,
    "[{name: a, timeout: 1s, retry: {max_attempts: 100000, backoff: fixed, initial_delay: 1s}}]": 199999,
}


@pytest.mark.parametrize("steps", LONGEST)
def test_the_longest_path(steps: str) -> None:
    assert worst(f"steps: {steps}", LINES) == LONGEST[steps]


def test_the_arithmetic_is_shown() -> None:
    spec = "timeout: 1m\nsteps: [{name: a, timeout: 30s, retry: {max_attempts: 3}, fallback_step: b}, {name: b, handler: true, timeout: 5s}]"
    problem = only(spec, code="MF7002")
    assert "3 × 30s + 6s of delays = 1m 36s + fallback `b` 5s" in problem.help
    assert text_at(problem, spec) == "1m"


def test_a_long_list_needs_no_recursion() -> None:
    steps = "\n".join(f"  - {{name: s{i}, timeout: 1s}}" for i in range(3000))
    assert worst("steps:\n" + steps) == 3000


def test_a_policy_is_merged_key_by_key() -> None:
    checked, _ = run(
        "retry_policy: {max_attempts: 7, max_delay: 5s}\nsteps: [{name: a, retry: {backoff: linear}}]"
    )
    from magicflow_cli.check.policies import written_retries

    retry = retry_of(written_retries(checked, checked.steps["a"]))
    assert retry == Retry(7, "linear", 1000, 5000, None, ())
    assert [retry.delay(n) for n in (1, 3, 6, 99)] == [1000, 3000, 5000, 5000]


def test_the_seeds_formulas() -> None:
    for backoff, delay in (("fixed", 100), ("linear", 300), ("exponential", 800)):
        assert Retry(9, backoff, 100, 60_000, None, ()).delay(3) == delay


@pytest.mark.parametrize(
    ("duration", "exact", "words"),
    [
        (0, "0s", "0s"),
        (500, "500ms", "500ms"),
        (1_500, "1500ms", "1s"),
        (90_000, "90s", "1m 30s"),
        (7_200_000, "2h", "2h"),
        (86_400_000, "1d", "1d"),
        (93_784_000, "93784s", "1d 2h"),
    ],
)
def test_durations_are_printed(duration: int, exact: str, words: str) -> None:
    assert (shown(duration), spoken(duration)) == (exact, words)
