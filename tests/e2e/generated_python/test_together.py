"""Two workflows in one project, which share a step's name and an executor."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.e2e.generated_python.conftest import Process, clean_environment

WORKFLOW = """\
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: {{name: {name}, version: 1.0.0}}
spec:
  context: {name}-context
  timeout: 1m
  executor: shop
  steps:
    - {{name: count, function: count, output: {{got: $.response}}}}
  output: {{got: $.count.got}}
---
apiVersion: workflow.magic-flow.io/v2
kind: WorkflowContext
metadata: {{name: {name}-context}}
spec:
  input_schema: {{type: object, additionalProperties: false, properties: {{}}}}
  output_schema:
    type: object
    additionalProperties: false
    properties: {{got: {{type: {type}}}}}
    required: [got]
  functions:
    count: {{output_schema: {{type: {type}}}}}
"""
USE = """
import sys
from workflows.{name}.client import *
from workflows.{name}.contract import Input
with {client}(sys.argv[1]) as client:
    print(repr(client.execute(Input()).got))
"""


def test_both_run_on_one_server(command: Path, python: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    for name, type in (("orders", "string"), ("invoices", "integer")):
        file = tmp_path / f"{name}.yaml"
        file.write_text(WORKFLOW.format(name=name, type=type))
        done = subprocess.run(
            [command, "generate", "all", "--workflow", file, "--output", project],
            cwd=tmp_path,
            env=clean_environment(),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr
    process = Process(
        subprocess.Popen(
            [python, "-m", "workflows", "all", "--no-auth", "--port", "0"],
            cwd=project,
            env=clean_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
    )
    try:
        url = process.wait_for("listening on ")
        found = [
            subprocess.run(
                [python, "-c", USE.format(name=name, client=client), url],
                cwd=project,
                env=clean_environment(),
                capture_output=True,
                encoding="utf-8",
                check=True,
            ).stdout.strip()
            for name, client in (
                ("orders", "OrdersClient"),
                ("invoices", "InvoicesClient"),
            )
        ]
        assert found == ["'string'", "1"]
    finally:
        assert process.stop() == 0
