"""The workflows that run while faults happen, and what must come out of them.

Whatever goes wrong outside, the outcome of each depends on its input alone, so the check
afterwards knows it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from tests.runtime.plans import call, obj, path, plan, step_output, three_steps

Json = dict[str, Any]
ROOT = Path(__file__).parents[3]

MIXED = """
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: {name: mixed, version: 1.0.0}
spec:
  executor: svc
  input_schema: &number
    type: object
    properties: {n: {type: integer}}
    required: [n]
  output_schema: *number
  steps:
  - name: unsteady
    function: flaky
    input: {n: $.input.n}
    retry: {max_attempts: 3, backoff: fixed, initial_delay: 20ms}
  - name: fan
    type: parallel
    branches:
    - name: left
      function: add
      input: {n: $.unsteady.n}
    - name: right
      function: add
      input: {n: $.unsteady.n}
    output: {n: $.branches.left.n + $.branches.right.n}
  - name: each
    type: loop
    iterate_over: "[1, 2]"
    parallel: true
    steps:
    - name: one
      function: add
      input: {n: $.item}
    collect: $.one.n
    output: {n: "$.iterations[0] + $.iterations[1]"}
  - name: pause
    type: wait
    duration: 50ms
  - name: child
    type: workflow
    workflow: three
    input: {n: $.fan.n}
    output: {n: $.response.n}
  output: {n: $.child.n + $.each.n}
"""
"""Retries, branches, a loop, a timer and a child. From n: 2·(n+2) + 3 + 5."""

UNDONE = """
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: {name: undone, version: 1.0.0}
spec:
  executor: svc
  input_schema:
    type: object
    properties: {n: {type: integer}}
    required: [n]
  steps:
  - name: book
    function: add
    input: {n: $.input.n}
    compensation: {function: undo}
  - name: refuse
    function: decline
  error_handling: {on_failure: rollback}
"""
"""Fails, and undoes what it did."""


@cache
def compiled(text: str) -> Json:
    """The plan that the compiler makes of a workflow."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "workflow.yaml"
        file.write_text(text)
        program = "from magicflow_cli.cli.main import main; main()"
        command = [sys.executable, "-c", program, "plan", "--workflow", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    made: Json = json.loads(done.stdout)
    return made


def slow() -> Json:
    """One step that takes `ms` milliseconds."""
    return plan(
        {"s": call("slow")}, ["s"], name="slow", output=obj(n=step_output("s", "n"))
    )


def waiting() -> Json:
    """Waits 30 seconds, then adds."""
    return plan(
        {
            "w": {"kind": "wait", "duration": 30_000},
            "a": call("add", input=obj(n=path("input", "n"))),
        },
        ["w", "a"],
        name="waits",
        output=obj(n=step_output("a", "n")),
    )


@cache
def plans() -> tuple[Json, ...]:
    """What a server under test has deployed."""
    return (three_steps(), compiled(MIXED), compiled(UNDONE), slow(), waiting())


def outcome(workflow: str, n: int) -> tuple[str, Any]:
    """Status and output of a run with this input."""
    return {
        "three": ("completed", {"n": n + 3}),
        "mixed": ("completed", {"n": 2 * (n + 2) + 3 + 5}),
        "undone": ("failed", None),
        "slow": ("completed", {"n": n + 1}),
        "waits": ("completed", {"n": n + 1}),
    }[workflow]
