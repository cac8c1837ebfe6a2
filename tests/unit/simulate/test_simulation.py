"""Random runs: the same for the same seed, everywhere; and what is counted of them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from magicflow_cli.cli.simulate_report import (
    Conditions,
    drawing,
    heat_of,
    json_text,
    print_time,
    text,
)
from magicflow_cli.plan import to_json
from magicflow_cli.simulate.simulation import simulate
from magicflow_cli.simulate.statistics import Statistics, percentiles
from magicflow_cli.simulate.world import NotPossible, latencies_of
from tests.unit.generate.plans import compile_texts, example_plan

ROOT = Path(__file__).parents[3]
Json = dict[str, Any]
HEAD = """
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: {name: w%s}
spec:
"""


def plan_of(spec: str, annotations: str = "") -> Json:
    (plan,) = compile_texts(HEAD % annotations + spec)
    return to_json(plan)


def digest() -> str:
    """Of everything that is printed and drawn of some runs."""
    plan = example_plan("user-onboarding")
    found = simulate(to_json(plan), runs=300, seed=11, faults=0.2)
    conditions = Conditions(11, 0.2)
    told = [
        text(plan, found, conditions, False),
        json_text(plan, found, conditions),
        drawing(plan, found, conditions, True),
    ]
    return hashlib.sha256("".join(told).encode()).hexdigest()


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_the_same_bytes_in_every_process(seed: str) -> None:
    path = os.pathsep.join([str(ROOT), str(ROOT / "runtime" / "python")])
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.simulate.test_simulation"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout.strip() == digest()


def test_another_seed_gives_other_runs() -> None:
    plan = to_json(example_plan("user-onboarding"))
    one, other = (simulate(plan, runs=50, seed=seed) for seed in (1, 2))
    assert one.all_times() != other.all_times()


def test_a_run_is_the_same_whatever_the_others_were() -> None:
    plan = to_json(example_plan("payment-processing"))
    few, many = (simulate(plan, runs=runs, seed=5, faults=0.3) for runs in (20, 40))
    assert few.runs == 20 and sum(many.statuses.values()) == 40
    for status, times in few.times.items():
        assert many.times[status][: len(times)] == times


RETRIED = """
  steps:
    - name: call
      timeout: 20s
      retry: {max_attempts: 2, initial_delay: 1s, backoff: fixed}
    - name: rest
"""


def test_without_faults_everything_goes_well() -> None:
    found = simulate(plan_of(RETRIED), runs=200, seed=1)
    assert dict(found.statuses) == {"completed": 200} and not found.errors


def test_everything_fails() -> None:
    found = simulate(plan_of(RETRIED), runs=100, seed=1, faults=1.0)
    assert dict(found.statuses) == {"failed": 100}
    assert {step for step, _ in found.errors} == {"call"}
    assert {code for _, code in found.errors} >= {"UNAVAILABLE", "INTERNAL", "TIMEOUT"}
    assert sum(found.errors.values()) == 200


def test_latencies_of_annotations() -> None:
    annotations = ", annotations: {magic-flow.io/latency.call: 1s..1500ms, magic-flow.io/latency: 10ms}"
    found = simulate(plan_of(RETRIED, annotations), runs=300)
    call = percentiles(found.steps["call"].times)
    rest = percentiles(found.steps["rest"].times)
    assert call is not None and call.least >= 1_000 and call.most <= 1_500
    assert rest is not None and (rest.least, rest.most) == (10, 10)
    with pytest.raises(NotPossible, match="is no duration"):
        latencies_of({"magic-flow.io/latency": "soon"})
    assert latencies_of({"other": "x"}) == {}


def test_a_latency_beyond_the_timeout_is_a_timeout() -> None:
    annotations = ", annotations: {magic-flow.io/latency.call: 1m}"
    found = simulate(plan_of(RETRIED, annotations), runs=20)
    assert dict(found.errors) == {("call", "TIMEOUT"): 40}


def test_an_outcome_script() -> None:
    steps = {
        "call": {
            "one_of": [
                {"returns": {}, "weight": 3, "after": "1s"},
                {"fails": "BUSY", "retryable": False},
            ]
        }
    }
    found = simulate(plan_of(RETRIED), runs=400, seed=3, outcomes={"steps": steps})
    assert 60 < found.statuses["failed"] < 140
    assert dict(found.errors) == {("call", "BUSY"): found.statuses["failed"]}


EVENTS = """
  input_schema: {type: object, required: [id], properties: {id: {type: string, maxLength: 9}}}
  output_schema: {type: object, properties: {}}
  steps:
    - {name: paid, type: wait_for_event, event: paid, correlate: {id: $.input.id}}
    - {name: look, type: human_task, form_schema: {type: object, required: [ok], properties: {ok: {type: boolean}}}}
  output: {}
"""


def test_people_and_events_come_or_never_do() -> None:
    plan = plan_of(EVENTS.replace("form_schema", "form"))
    well = simulate(plan, runs=100)
    assert dict(well.statuses) == {"completed": 100}
    times = percentiles(well.steps["look"].times)
    assert times is not None and 1_800_000 < times.p50 < 7_200_000  # an hour
    badly = simulate(plan, runs=100, faults=0.5)
    assert badly.statuses["waiting"] > 50
    assert sum(badly.waits.values()) == badly.statuses["waiting"]
    assert set(badly.waits) <= {"event paid", "person look"}


def test_events_of_the_script_come_at_their_times() -> None:
    given = {"input": {"id": "a"}, "steps": {"paid": {"never": True}}}
    events = [{"at": "1h", "event": "paid", "data": {"id": "a"}}]
    plan = plan_of(EVENTS.replace("form_schema", "form"))
    found = simulate(plan, runs=5, outcomes={**given, "events": events})
    times = percentiles(found.steps["paid"].times)
    assert times is not None and times.p99 == 3_600_000
    cancelled = simulate(
        plan,
        runs=5,
        outcomes={
            **given,
            "timeout": "9h",
            "events": [{"at": "1m", "cancel": "x"}, {"at": "1s", "pause": True}],
        },
    )
    assert dict(cancelled.statuses) == {"cancelled": 5}


def test_what_cannot_be_simulated() -> None:
    with pytest.raises(NotPossible, match="is refused"):
        simulate(
            plan_of(EVENTS.replace("form_schema", "form")),
            runs=1,
            outcomes={"input": 1},
        )


KINDS = """
  steps:
    - {name: fetch, type: http, url: "https://example.com/", method: GET, expect: [201], retry: {max_attempts: 2, initial_delay: 1s}}
    - {name: child, type: workflow, workflow: other}
    - name: guarded
      circuit_breaker: {failure_threshold: 2, recovery_timeout: 1m}
      compensation: {function: undo}
    - name: last
"""


def test_requests_children_circuits_and_compensation() -> None:
    plan = plan_of(KINDS)
    well = simulate(plan, runs=50)
    assert dict(well.statuses) == {"completed": 50}
    times = percentiles(well.steps["child"].times)
    assert times is not None and times.p50 > 500
    badly = simulate(plan, runs=400, faults=0.4)
    assert ("guarded", "CIRCUIT_OPEN") in badly.errors
    assert {step for step, _ in badly.errors} >= {"fetch", "child", "guarded", "last"}
    assert badly.steps["guarded"].ends["compensated"] > 10


def test_types_without_values_need_a_script() -> None:
    plan = plan_of(KINDS)
    never = {"kind": "never", "name": {"words": ["n"]}}
    unknown = {**plan, "types": {**plan["types"], "n": never}}
    with pytest.raises(NotPossible, match="no input is known") as told:
        simulate({**unknown, "input": {"type": "n"}}, runs=1)
    assert "--outcomes" in told.value.help
    nodes = {
        **plan["nodes"],
        "last": {**plan["nodes"]["last"], "result_type": {"type": "n"}},
    }
    with pytest.raises(NotPossible, match="no value for step `last`"):
        simulate({**unknown, "nodes": nodes}, runs=1)


LOOPS = """
  steps:
    - name: each
      type: loop
      iterate_over: $.input.items
      steps:
        - name: pack
    - name: last
"""


def test_a_path_names_a_step_once() -> None:
    plan = plan_of(LOOPS)
    given = {"input": {"items": [1, 2, 3]}}
    found = simulate(plan, runs=3, outcomes=given)
    (path,) = found.paths
    assert path.steps == ("each", "pack", "last")
    assert len(found.steps["pack"].times) == 9 and found.steps["pack"].runs == 3


def test_percentiles_by_nearest_rank() -> None:
    assert percentiles([]) is None
    assert percentiles([5]) == (5, 5, 5, 5, 5)
    assert percentiles(range(1, 101)) == (50, 95, 99, 1, 100)


@pytest.mark.parametrize(
    ("millis", "shown"),
    [
        (0, "0 ms"),
        (999, "999 ms"),
        (1_500, "1.50 s"),
        (65_000, "1 min 5 s"),
        (7_500_000, "2 h 5 min"),
        (200_000_000, "2 d 7 h"),
    ],
)
def test_times_as_people_write_them(millis: int, shown: str) -> None:
    assert print_time(millis) == shown


def told(plan: Any, found: Statistics) -> str:
    return text(plan, found, Conditions(0, 0.0), False)


def test_the_report_says_what_was_never_reached() -> None:
    plan = example_plan("user-onboarding")
    shown = told(plan, simulate(to_json(plan), runs=40))
    assert "external-verification" in shown and "no path leads here" in shown
    assert "not reached: create-account → create-guest-account (fallback)" in shown
    assert "validate-user → failed WORKFLOW_ERROR" in shown


def test_the_drawing_is_coloured_by_shares() -> None:
    plan = example_plan("user-onboarding")
    found = simulate(to_json(plan), runs=200, seed=1, faults=0.1)
    svg = drawing(plan, found, Conditions(1, 0.1), False)
    assert svg.startswith("<svg ") and 'class="step main heat heat-10"' in svg
    assert "cold" in svg and "taken-" in svg and "% of runs" in svg
    page = drawing(plan, found, Conditions(1, 0.1), True)
    assert page.startswith("<!doctype html>") and "<svg " in page and "<pre>" in page
    ElementTree.fromstring(svg)


def test_arrows_are_those_of_the_drawing() -> None:
    plan = plan_of("""
  steps:
    - {name: a, condition: $.input.go}
    - name: route
      type: switch
      cases: [{when: "$.input.n == 1", goto: last}]
    - {name: middle}
    - {name: last}
""")
    found = simulate(plan, runs=4, outcomes={"input": {"go": False, "n": 2}})
    assert heat_of(found).arrows == {
        ("a", "route", "flow"): 1.0,
        ("route", "middle", "flow"): 1.0,
        ("middle", "last", "flow"): 1.0,
        ("last", "@run", "flow"): 1.0,
    }
    found = simulate(plan, runs=4, outcomes={"input": {"go": True, "n": 1}})
    assert heat_of(found).arrows[("route", "last", "case")] == 1.0
    assert heat_of(found).ends == {"end": 1.0, "fails": 0.0}


def test_the_report_names_what_runs_wait_for() -> None:
    (plan,) = compile_texts(HEAD % "" + EVENTS.replace("form_schema", "form"))
    given = {"steps": {"paid": {"returns": 7}, "look": {"never": True}}}
    shown = told(plan, simulate(to_json(plan), runs=4, outcomes=given))
    assert "waiting           100 %" in shown
    assert "  100 % wait for ever: event paid" in shown


if __name__ == "__main__":
    print(digest())
