"""Names that meet those of generated code, of Python and of each other, and names as
long as they may be: the project is still formatted, typed and tested."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.generate.plans import compile_texts, run

LONG = "a-very-long-name-of-a-step-that-nobody-should-ever-write-really"
STEPS = [
    *("self", "input", "context", "executor", "steps", "test-x", "start", "run", LONG),
    *("register-function", "build-executor", "overload", "t", "c", "e", "mf", "codec"),
    *("types", "constants", "print", "none", "type", "str", "super", "message", "main"),
    *("handlers", "init", "client", "server", "contract", "conftest", "2fa", "aux"),
]
EXECUTORS = ["function", "x-" + "y" * 61, "import", "register-function", "handlers"]
FUNCTIONS = ["def", "import", "chargeCard", "self", "a" * 60]
CONTEXT = """
---
apiVersion: workflow.magic-flow.io/v2
kind: WorkflowContext
metadata: {name: nasty-context}
spec:
  input_schema: {type: object, additionalProperties: false, required: [value], properties: {value: {type: string}}}
  output_schema: {type: object, additionalProperties: false, properties: {}}
"""


def workflow(name: str) -> str:
    lines = [
        "apiVersion: workflow.magic-flow.io/v2",
        "kind: Workflow",
        f"metadata: {{name: {name}, version: 1.0.0}}",
        "spec:",
        "  timeout: 10h",
        "  context: nasty-context",
        "  steps:",
    ]
    for index, step in enumerate(STEPS):
        executor = EXECUTORS[index % len(EXECUTORS)]
        function = FUNCTIONS[index % len(FUNCTIONS)]
        lines.append(
            f"    - {{name: {step}, executor: {executor}, function: {function}{index},"
            f" input: {{value: $.input.value, {step}: 1}},"
            f" output: {{got: $.response.value, {step}: $.response.class}}}}"
        )
    for index, event in enumerate((f"{'e' * 30}.{'f' * 30}", "signal")):
        lines.append(
            f"    - {{name: paid{index}, type: wait_for_event, event: {event},"
            " timeout: 30m, correlate: {id: $.input.value}}"
        )
    return "\n".join(lines) + CONTEXT


@pytest.mark.parametrize("name", ["x", f"main-{'w' * 58}"])
def test_the_project_is_as_it_should_be(name: str, tmp_path: Path) -> None:
    assert run(tmp_path, compile_texts(workflow(name))) == []
    rules = "--select=E4,E7,E9,F,I,B,UP"
    first = "--config=lint.isort.known-first-party=['magicflow', 'workflows']"
    for command in (
        ["black", "--check", "-q", "--diff", "workflows", "tests"],
        [
            "ruff",
            "check",
            "--no-cache",
            "--isolated",
            rules,
            first,
            "workflows",
            "tests",
        ],
        ["mypy", "--strict", "--cache-dir", os.devnull, "workflows", "tests"],
        ["pytest", "-q", "-p", "no:cacheprovider", "-W", "error"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": ""},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_function_is_a_type_error(tmp_path: Path) -> None:
    """mypy sees what registration sees."""
    assert run(tmp_path, compile_texts(workflow("shop"))) == []
    (tmp_path / "mine.py").write_text(
        "from workflows.shop import constants as c, types as t\n"
        "from workflows.shop.executor import ShopExecutor\n\n"
        "def right(input: t.StartInput) -> t.StartOutput:\n"
        "    raise NotImplementedError\n\n"
        "async def right_too(context: object, input: t.StartInput) -> t.StartOutput:\n"
        "    raise NotImplementedError\n\n"
        "def wrong(input: int) -> t.StartOutput:\n"
        "    raise NotImplementedError\n\n"
        "executor = ShopExecutor()\n"
        "executor.register_function(c.STEP_START, right)\n"
        "executor.register_function(c.STEP_START, right_too)\n"
        "executor.register_function(c.STEP_START, wrong)\n"
        "executor.register_function(c.STEP_RUN, right)\n"
        "executor.register_function('nothing', right)\n"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--cache-dir",
            os.devnull,
            "mine.py",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    lines = {
        line.split(":")[1] for line in done.stdout.splitlines() if ": error:" in line
    }
    assert lines == {"16", "17", "18"}, done.stdout
