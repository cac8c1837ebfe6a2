"""`magic-flow test` and `magic-flow simulate`: what they print, and with which exit code."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock
from xml.etree import ElementTree

import pytest

from magicflow_cli.cli.main import run

ROOT = Path(__file__).parents[3]
HEAD = "apiVersion: workflow.magic-flow.io/v2\n"
WORKFLOW = HEAD + """
kind: Workflow
metadata: {name: order}
spec:
  input_schema: {type: object, required: [id], properties: {id: {type: string, maxLength: 9}}}
  output_schema: {type: object, properties: {}}
  steps:
    - {name: pay, timeout: 5s, on_failure: sorry}
    - {name: ship, type: wait_for_event, event: shipped, timeout: 2d}
    - {name: note, type: emit, event: done, data: {ok: true}}
    - {name: sorry, handler: true}
    - {name: look, type: human_task, handler: true, form: {type: object, required: [ok], properties: {ok: {type: boolean}}}}
  output: {}
"""
SHIPPED = "  events: [{at: 1h, event: shipped, data: {}}]\n"


def scenario(name: str, body: str, workflow: str = "order") -> str:
    return (
        f"{HEAD}kind: Scenario\nmetadata: {{name: {name}}}\n"
        f"spec:\n  workflow: {workflow}\n{body}"
    )


WELL = scenario(
    "goes-well", SHIPPED + "  expect: {path: [pay, ship, note], events: [done]}\n"
)
BADLY = scenario(
    "goes-badly", "  expect: {path: [pay, ship], steps: {pay: {attempts: 2}}}\n"
)
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "order.yaml").write_text(WORKFLOW)
    return tmp_path


def call(*arguments: object) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.dict(os.environ, {"NO_COLOR": "1"}),
    ):
        status = run([str(each) for each in arguments])
    return status, out.getvalue(), err.getvalue()


def write(folder: Path, *texts: str, name: str = "a.scenario.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("---\n".join(texts))
    return path


# test


def test_scenarios_that_pass(folder: Path) -> None:
    write(folder, WELL)
    status, out, err = call("test")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "order 0.0.0  order.yaml"
    assert lines[1] == "  ✓ goes-well  1h"
    assert lines[2].startswith("  coverage 46 %: 3 of 4 steps, ")
    assert "    no path leads to `look`" in lines
    assert lines[-1] == "1 scenario: 1 passed"


def test_a_failure_shows_the_expected_path_beside_the_actual_one(folder: Path) -> None:
    write(folder, WELL, BADLY)
    status, out, _ = call("test", folder)
    assert status == 1
    assert out.split("goes-badly\n")[1].startswith(
        "      a.scenario.yaml:14  status: expected completed, the run is failed: "
        "ship: TIMEOUT the step took more than 172800000 ms\n"
        "      a.scenario.yaml:14  steps.pay.attempts: expected 2, got 1\n"
    )
    assert out.endswith("2 scenarios: 1 passed, 1 failed\n")
    wrong = scenario(
        "another-way", SHIPPED + "  expect:\n    path: [pay, sorry, note]\n"
    )
    write(folder, wrong)
    _, out, _ = call("test", folder)
    assert (
        "      a.scenario.yaml:8  path: the path is another\n"
        "          expected   actual\n"
        "          pay        pay\n"
        "        > sorry      ship\n"
        "          note       note\n"
    ) in out


def test_filter_and_fail_fast(folder: Path) -> None:
    write(folder, BADLY, WELL)
    assert call("test", "-k", "well")[0] == 0
    _, out, _ = call("test", "--fail-fast")
    assert out.endswith("1 scenario: 1 failed\n")
    status, _, err = call("test", "--filter", "nothing")
    assert status == 2 and "MF0015" in err


def test_coverage_that_is_asked_for(folder: Path) -> None:
    write(folder, WELL)
    assert call("test", "--min-coverage", 46)[0] == 0
    status, out, _ = call("test", "--min-coverage", 47)
    assert status == 1
    assert "the coverage is below the 47 % of `--min-coverage`" in out
    assert out.endswith("1 scenario: 1 passed, 1 workflow below 47 % coverage\n")
    assert call("test", "--min-coverage", 101)[0] == 2
    assert call("test", "--min-coverage", 90, "--format", "github")[1].startswith(
        "::error title=coverage,file=order.yaml,line=4,"
    )


def test_json(folder: Path) -> None:
    write(folder, WELL, BADLY)
    status, out, _ = call("test", "--format", "json")
    document = json.loads(out)
    assert status == 1 and (document["passed"], document["failed"]) == (1, 1)
    (workflow,) = document["workflows"]
    well, badly = workflow["scenarios"]
    assert well["path"] == ["pay", "ship", "note"] and well["duration"] == 3_600_000
    assert badly["differences"][1] == {
        "place": "steps.pay.attempts",
        "line": 14,
        "text": "expected 2, got 1",
    }
    assert workflow["coverage"]["goals"]["steps"] == {"reached": 3, "total": 4}
    assert call("test", "--format", "json") == call("test", "--format", "json")


def test_annotations(folder: Path) -> None:
    write(folder, BADLY)
    _, out, _ = call("test", "--format", "github")
    first = out.splitlines()[0]
    assert first.startswith("::error title=goes-badly,file=a.scenario.yaml,line=6,")
    assert "steps.pay.attempts: expected 2, got 1" in out


def test_junit(folder: Path) -> None:
    chance = scenario(
        "by-chance", "  steps: {pay: {one_of: [{returns: 1}, {never: true}]}}\n"
    )
    write(folder, WELL, BADLY, chance)
    assert call("test", "--junit", folder / "out" / "report.xml")[0] == 1
    suites = ElementTree.parse(folder / "out" / "report.xml").getroot()
    assert suites.attrib["tests"] == "3" and suites.attrib["failures"] == "1"
    (suite,) = suites
    cases = {case.attrib["name"]: case for case in suite.iter("testcase")}
    assert cases["goes-well"].find("failure") is None
    failure = cases["goes-badly"].find("failure")
    assert failure is not None and "expected 2, got 1" in (failure.text or "")
    assert cases["by-chance"].find("skipped") is not None


def test_where_a_workflow_is_looked_for(folder: Path) -> None:
    write(folder, WELL, name="tests/b.scenario.yaml")
    assert call("test", "tests")[0] == 0
    by_path = scenario("by-path", SHIPPED, "../order.yaml")
    write(folder, by_path, name="tests/b.scenario.yaml")
    assert call("test", "tests")[0] == 0
    (folder / "far").mkdir()
    (folder / "order.yaml").rename(folder / "far" / "order.yaml")
    write(folder, WELL, name="tests/b.scenario.yaml")
    status, _, err = call("test", "tests")
    assert status == 1 and "MF5501 error: there is no workflow `order`" in err
    (folder / "magic-flow.yaml").write_text("version: 1\nworkflows: [far]\n")
    assert call("test", "tests")[0] == 0


def test_other_commands_leave_scenarios_alone(folder: Path) -> None:
    write(folder, scenario("wrong", "  steps: {nobody: {never: true}}\n"))
    assert call("plan", folder)[0] == 0
    status, _, err = call("validate", folder)
    assert status == 1 and "MF5502" in err
    write(folder, WELL)
    assert "1 workflow and 1 scenario in 2 files" in call("validate", folder)[2]


def test_a_broken_workflow_is_shown(folder: Path) -> None:
    write(folder, WELL)
    (folder / "order.yaml").write_text(
        WORKFLOW.replace("on_failure: sorry", "on_success: nowhere")
    )
    status, out, err = call("test")
    assert (status, out) == (1, "") and "MF1001" in err


@pytest.mark.parametrize(
    ("body", "code", "line", "words"),
    [
        ("  steps: {note: {never: true}}\n", "MF5504", 6, "asks nobody"),
        ("  steps: {ship: {times_out: timeout}}\n", "MF5504", 6, "its timeout comes"),
        ("  steps: {ship: {fails: NO}}\n", "MF5504", 6, "these do not fail"),
        ("  steps: {pay: {times_out: queue_timeout}}\n", "MF5504", 6, "has no `queue_timeout`"),
        ("  steps: {pay: {fails: TIMEOUT}}\n", "MF5508", 6, "is no error code"),
        ("  steps: {look: {returns: {ok: 1}}}\n", "MF5503", 6, "`/ok`"),
        ("  steps: {pay: {returns: 1, after: soon}}\n", "MF0409", 6, "no duration"),
        ("  steps: {pay: {returns: 1, message: x}}\n", "MF7010", 6, "`message` has no effect"),
        ("  steps: {pay: {never: true, after: 1s}}\n", "MF7010", 6, "`after` has no effect"),
        ("  steps: {pay: {one_of: [{never: true, weight: 0}]}}\n", "MF0412", 6, "the weight 0"),
        ("  steps: {'pay~2': {never: true}, 'x[0]/pays': {never: true}}\n", "MF5502", 6, "no step `pays`"),
        ("  stubs: [payy]\n", "MF5502", 6, "`stubs` names"),
        ("  start: today\n", "MF0416", 6, "no date-time"),
        ("  expect: {path: [pay, shipp]}\n", "MF5502", 6, "`path` names"),
        ("  expect:\n    steps: {payy: {}}\n", "MF5502", 7, "`expect` names"),
        ("  expect: {events: [dine]}\n", "MF5506", 6, "never emits"),
        ("  events: [{at: 1s, event: shiped}]\n", "MF5505", 6, "nobody waits"),
        ("  input: {}\n", "MF5503", 6, "the input does not fit"),
        ("  inputs: {}\n", "MF0404", 6, "`inputs`"),
        ("  steps: {pay: {returns: 1, never: true}}\n", "MF0414", 6, ""),
    ],
)  # fmt: skip
def test_a_mistake_has_a_place_and_help(
    folder: Path, body: str, code: str, line: int, words: str
) -> None:
    write(folder, scenario("wrong", body))
    _, _, err = call("test")
    assert f"{code} " in err and words in err, err
    assert f"a.scenario.yaml:{line}:" in err and "= help: " in err
    assert "MF9000" not in err


def test_a_value_is_pointed_at_where_it_does_not_fit(folder: Path) -> None:
    text = "  events:\n    - at: 1s\n      event: shipped\n  input:\n    id: [1]\n"
    write(folder, scenario("wrong", text))
    _, _, err = call("test")
    assert "a.scenario.yaml:10:10" in err or "a.scenario.yaml:10:9" in err, err


def test_hostile_names_are_shown_safely(folder: Path) -> None:
    write(
        folder,
        scenario("a", '  steps: {pay: {fails: "\\e[31m\\u202Ex", retryable: false}}\n'),
    )
    status, out, _ = call("test")
    assert status == 1 and "\x1b" not in out and "\u202e" not in out


# simulate


def test_simulate_prints_the_same_for_the_same_seed(folder: Path) -> None:
    first = call("simulate", "order.yaml", "--runs", 50, "--seed", 3)
    assert first[0] == 0
    assert first == call("simulate", "order.yaml", "--runs", 50, "--seed", 3)
    assert first != call("simulate", "order.yaml", "--runs", 50, "--seed", 4)
    assert "order 0.0.0: 50 runs, seed 3, 5 % of attempts fail" in first[1]


def test_simulate_by_a_script(folder: Path) -> None:
    body = "  steps: {pay: {fails: NO}, ship: {never: true}}\n"
    file = write(folder, scenario("badly", body), name="badly.scenario.yaml")
    status, out, _ = call(
        "simulate", "order.yaml", "--outcomes", file, "--format", "json", "--runs", 9
    )
    document = json.loads(out)
    assert status == 0 and document["ends"]["failed"]["runs"] == 9
    assert document["errors"] == [{"step": "pay", "code": "NO", "attempts": 9}]
    other = write(
        folder, WORKFLOW.replace("name: order", "name: other"), name="other.yaml"
    )
    assert call("simulate", other, "--outcomes", file, "--name", "other")[0] == 2
    assert call("simulate", "order.yaml", "--outcomes", folder / "none")[0] == 2


def test_simulate_draws(folder: Path) -> None:
    for name in ("heat.svg", "heat.html"):
        assert (
            call("simulate", "order.yaml", "--runs", 20, "--diagram", folder / name)[0]
            == 0
        )
        assert "<svg " in (folder / name).read_text("utf-8")
    assert call("simulate", "order.yaml", "--diagram", "heat.png")[0] == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--runs", 0),
        ("--runs", 10**9),
        ("--seed", -1),
        ("--faults", 2),
        ("--faults", "x"),
        ("--runs", "x"),
    ],
)
def test_numbers_out_of_range(folder: Path, arguments: tuple[object, ...]) -> None:
    status, out, err = call("simulate", "order.yaml", *arguments)
    assert (status, out) == (2, "") and "MF00" in err


@pytest.mark.parametrize("command", ["test", "simulate"])
def test_help_has_examples(command: str) -> None:
    status, out, _ = call(command, "--help")
    assert status == 0 and "Examples:" in out and f"magic-flow {command}" in out


@pytest.mark.skipif(os.name == "nt", reason="signals are of POSIX")
def test_an_interrupt_ends_a_long_simulation(folder: Path) -> None:
    code = "from magicflow_cli.cli.main import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "simulate", "order.yaml", "--runs", "9000000"],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "runtime/python")]),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGINT
    assert out == b"" and b"Traceback" not in err


@pytest.mark.parametrize(
    ("example", "percent"), [("user-onboarding", 94), ("payment-processing", 100)]
)
def test_the_examples_scenarios_pass_and_reach_what_can_be_reached(
    example: str, percent: int
) -> None:
    """What is missing of user-onboarding can never happen: `verify` says why."""
    folder = ROOT / "examples" / example
    status, out, err = call("test", folder, "--min-coverage", percent)
    assert (status, err) == (0, ""), out
