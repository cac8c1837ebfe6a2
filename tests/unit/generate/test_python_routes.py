"""Deleting a constant or a route from the generated code makes its own tests fail."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.generate.plans import compile_texts, run

WORKFLOW = """\
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: {name: shop, version: 1.0.0}
spec:
  timeout: 1h
  executor: cashier
  context: shop-context
  steps:
    - {name: charge-card, function: chargeCard, input: {amount: $.input.amount}, output: {id: $.response.id}, compensation: {function: refund, input: {id: $.charge-card.id}}}
    - {name: send-goods, executor: depot, function: send, input: {id: $.charge-card.id}}
    - {name: paid, type: wait_for_event, event: payment.received, timeout: 30m, correlate: {id: $.charge-card.id}}
---
apiVersion: workflow.magic-flow.io/v2
kind: WorkflowContext
metadata: {name: shop-context}
spec:
  input_schema: {type: object, additionalProperties: false, required: [amount], properties: {amount: {type: integer}}}
  output_schema: {type: object, additionalProperties: false, properties: {}}
  functions:
    chargeCard:
      input_schema: {type: object, additionalProperties: false, required: [amount], properties: {amount: {type: integer}}}
      output_schema: {type: object, additionalProperties: false, required: [id], properties: {id: {type: string}}}
      errors: {DECLINED: {retryable: false}}
    send:
      input_schema: {type: object, additionalProperties: false, required: [id], properties: {id: {type: string}}}
      output_schema: {type: object, additionalProperties: false, properties: {}}
  events:
    payment.received: {type: object, additionalProperties: false, required: [id], properties: {id: {type: string}}}
"""
CONSTANT = re.compile(r"^[A-Z_]+: Final = .*$", re.MULTILINE)
MEMBER = re.compile(r'^    [A-Z_]+ = ".*"$', re.MULTILINE)
ROUTE = re.compile(r"^    executor\.register_function\(.*\)$", re.MULTILINE)
USED = re.compile(r"^        self\.register_function\([^)]*\)$", re.MULTILINE)
SIGNATURE = re.compile(
    r"^        c\.(?:STEP|COMPENSATION)_[A-Z_]+: describe\((?:.|\n)*?\n?\s*\),\n",
    re.MULTILINE,
)
EVENT = re.compile(r"^        return self\.signal\((?:.|\n)*?\)$", re.MULTILINE)
START = re.compile(r"^START_PATH = .*$", re.MULTILINE)
WHERE = {
    "constants.py": (CONSTANT, MEMBER),
    "executor.py": (ROUTE, USED, SIGNATURE),
    "client.py": (EVENT,),
    "server.py": (START,),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    assert run(folder, compile_texts(WORKFLOW)) == []
    return folder


def own_tests(project: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def deletions(folder: Path) -> Iterator[tuple[Path, str, str]]:
    """File, what is deleted, and what is left, for every constant and route."""
    for name, patterns in WHERE.items():
        text = (folder / name).read_text("utf-8")
        for pattern in patterns:
            for match in pattern.finditer(text):
                left = text[: match.start()] + text[match.end() :]
                if match[0].lstrip().startswith(("self.", "return")):
                    indent = match[0][: len(match[0]) - len(match[0].lstrip())]
                    filler = 'return ""' if "return" in match[0] else "pass"
                    left = text[: match.start()] + indent + filler + text[match.end() :]
                yield folder / name, match[0].strip(), left


def test_as_it_is_they_pass(project: Path) -> None:
    done = own_tests(project)
    assert done.returncode == 0, done.stdout


def test_without_a_constant_or_a_route_they_fail(project: Path, tmp_path: Path) -> None:
    copy = tmp_path / "project"
    shutil.copytree(project, copy)
    found = list(deletions(copy / "workflows" / "shop"))
    kinds = [deleted.split("(")[0].split(":")[0] for _, deleted, _ in found]
    for expected in ("STEP_CHARGE_CARD", "EXECUTOR_DEPOT", "EVENT_PAYMENT_RECEIVED"):
        assert expected in kinds
    assert kinds.count("executor.register_function") == 3
    assert kinds.count("self.register_function") == 3
    assert kinds.count("return self.signal") == 1
    assert sum(kind.startswith("c.STEP_") for kind in kinds) == 2
    survived = []
    for file, deleted, left in found:
        before = file.read_text("utf-8")
        file.write_text(left, "utf-8")
        if own_tests(copy).returncode != 1:
            survived.append(deleted)
        file.write_text(before, "utf-8")
    assert survived == []
