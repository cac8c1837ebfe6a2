"""Runs the examples of the pages of MF4 codes: shell commands beside a workflow."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
WORKFLOW = """\
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: {name: greet, version: 1.0.0}
spec:
  input_schema:
    type: object
    additionalProperties: false
    properties: {name: {type: string, maxLength: 80}}
    required: [name]
  steps:
    - name: say-hello
      type: function
      executor: greeter
      function: hello
      timeout: 10s
      data_mapping:
        input: {name: $.input.name}
"""


def run_example(commands: str, folder: Path) -> tuple[int, str]:
    """Exit code and stderr of the last command of an example, in a folder that has
    `workflow.yaml`."""
    file = folder / "workflow.yaml"
    if not file.exists():
        file.write_text(WORKFLOW)
    bin = Path(sys.executable).parent
    done = subprocess.run(
        ["sh", "-c", commands],
        cwd=folder,
        env={**os.environ, "PATH": f"{bin}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr
