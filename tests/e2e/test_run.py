"""`magic-flow run`: one workflow here, live."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.e2e.places import EXAMPLES, Run

WORKFLOW = EXAMPLES / "user-onboarding"
INPUT = '{"email": "ada@example.com", "name": "Ada"}'
HANDLERS = """
from magicflow import WorkflowError

def validate_user(input):
    if input["user_data"]["name"] == "stuck":
        import time; time.sleep(60)
    return {"valid": True, "errors": []}

async def createUserAccount(context, input):
    context.logger.info("attempt %d", context.attempt)
    if input["name"] == "broken":
        raise WorkflowError("BROKEN", "it \\x1b[31mbroke", retryable=False)
    return {"user_id": "user-1"}
"""


@pytest.fixture
def handlers(tmp_path: Path) -> Path:
    file = tmp_path / "steps.py"
    file.write_text(HANDLERS)
    return file


def test_a_run_prints_its_output(magic_flow: Run, handlers: Path) -> None:
    done = magic_flow("run", WORKFLOW, "--input", INPUT, "--handlers", handlers)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["user_id"] == "string"  # of send-welcome-email
    assert "send-welcome-email gave examples" in done.stderr
    assert "create-account gave" not in done.stderr
    events = [line.split()[2] for line in done.stderr.splitlines() if " s  " in line]
    assert events[0] == "run_started"
    assert events[-1] == "run_completed"
    assert events.count("step_completed") == 3


def test_input_may_be_a_file_and_an_example(magic_flow: Run, tmp_path: Path) -> None:
    (tmp_path / "input.json").write_text(INPUT)
    assert magic_flow("run", WORKFLOW, "--input", "@input.json").returncode == 0
    done = magic_flow("run", WORKFLOW)
    assert done.returncode == 0
    assert "input, an example: {" in done.stderr


def test_a_run_that_fails(magic_flow: Run, handlers: Path, tmp_path: Path) -> None:
    done = magic_flow(
        *("run", WORKFLOW, "--handlers", handlers, "--graph", "run.svg"),
        *("--input", INPUT.replace("Ada", "broken")),
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == "BROKEN"
    assert "handler_started" in done.stderr
    assert "\x1b" not in done.stderr
    drawing = (tmp_path / "run.svg").read_text("utf-8")
    for shown in ("run-completed", "run-failed", "run-untouched", "a run that failed"):
        assert shown in drawing


def test_a_module_of_generated_code(magic_flow: Run, tmp_path: Path) -> None:
    made = magic_flow(
        *("generate", "all", "--workflow", WORKFLOW / "workflow.yaml"),
        *("--context", WORKFLOW / "context.yaml", "--output", "."),
    )
    assert made.returncode == 0
    done = magic_flow(
        *("run", WORKFLOW, "--input", INPUT),
        *("--handlers", "workflows.user_onboarding.executor"),
    )
    assert done.returncode == 0, done.stderr
    assert "gave examples" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["--input", "{"], 2, "MF0013 error: the input is no JSON"),
        (["--input", '{"a": 1, "a": 2}'], 2, "MF0013"),
        (["--input", "@none.json"], 2, "MF0013 error: `none.json` cannot be read"),
        (["--input", "@."], 2, "MF0013"),
        (["--input", '{"email": "x", "name": 1}'], 1, "/email: "),
        (["--input", '{"email": "x", "name": 1}'], 1, "/name: "),
        (["--input", "[]"], 1, "MF0013 error: the input does not fit"),
        (["--handlers", "no.such"], 2, "MF0012 error: `no.such` cannot be imported"),
        (["--handlers", "none.py"], 2, "MF0102 error: `none.py` does not exist"),
        (["--handlers", "json"], 2, "MF0012 error: `json` has no function"),
        (["--handlers", "broken.py"], 2, "ZeroDivisionError"),
        (["--handlers", "odd.py"], 2, "a handler takes `(input)`"),
        (["--graph", "/proc/none/x.svg"], 2, "MF0005"),
        (["--name", "other"], 2, "MF0004"),
    ],
)
def test_what_cannot_be_used_is_told(
    magic_flow: Run, tmp_path: Path, arguments: list[str], code: int, expected: str
) -> None:
    (tmp_path / "broken.py").write_text("1 / 0\n")
    (tmp_path / "odd.py").write_text("def validate_user(a, b, c): ...\n")
    done = magic_flow("run", WORKFLOW, *arguments)
    assert done.returncode == code, done.stderr
    assert expected in done.stderr


def test_a_workflow_with_mistakes_is_not_run(magic_flow: Run) -> None:
    done = magic_flow("run", EXAMPLES / "mistakes" / "misspelt-step.yaml")
    assert done.returncode == 1
    assert "MF1001 error" in done.stderr
    assert done.stdout == ""


@pytest.mark.skipif(os.name == "nt", reason="signals are of POSIX")
def test_an_interrupt_ends_it(command: Path, handlers: Path, tmp_path: Path) -> None:
    stuck = INPUT.replace("Ada", "stuck")
    process = subprocess.Popen(
        [command, "run", WORKFLOW, "--input", stuck, "--handlers", handlers],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "step_scheduled" in line:
            break
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=10)
    assert process.returncode == -signal.SIGINT
    assert "Traceback" not in rest
