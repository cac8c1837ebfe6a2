"""Hostile texts wherever a plan has texts: generated Python parses, runs nothing of them,
and gives them back as they were."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from magicflow_cli.generate.model import Options, Request
from magicflow_cli.generate.registry import load_language
from magicflow_cli.generate.render import render_files
from magicflow_cli.plan import from_json, to_json
from tests.hostile.texts import MARK, TEXTS
from tests.unit.generate.plans import ALL, compile_texts, run

WORKFLOW = """\
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: {name: shop, version: 1.0.0, description: TEXT, owner: TEXT, tags: [TEXT], labels: {a: TEXT}}
spec:
  timeout: 1h
  executor: cashier
  context: shop-context
  steps:
    - {name: charge, description: TEXT, function: charge, input: {amount: $.input.amount, note: TEXT}, output: {id: $.response.id}}
    - {name: paid, description: TEXT, type: wait_for_event, event: paid, timeout: 30m, correlate: {id: $.charge.id}}
    - {name: stop, type: fail, code: STOPPED, message: TEXT, condition: $.input.amount == 0}
---
apiVersion: workflow.magic-flow.io/v2
kind: WorkflowContext
metadata: {name: shop-context}
spec:
  input_schema:
    type: object
    description: TEXT
    additionalProperties: false
    required: [amount]
    properties: {amount: {type: integer, title: TEXT, description: TEXT}, note: {type: string, default: TEXT, examples: [TEXT]}}
  output_schema: {type: object, additionalProperties: false, properties: {}}
  functions:
    charge:
      description: TEXT
      input_schema: {type: object, additionalProperties: false, required: [amount], properties: {amount: {type: integer}, note: {type: string}}}
      output_schema: {type: object, description: TEXT, additionalProperties: false, required: [id], properties: {id: {type: string, examples: [TEXT]}}}
      errors: {DECLINED: {retryable: false, description: TEXT}}
  events:
    paid: {type: object, description: TEXT, additionalProperties: false, required: [id], properties: {id: {type: string, examples: [TEXT]}}}
"""


def hostile(text: str) -> Any:
    """The plan with the text in every place."""
    (plan,) = compile_texts(WORKFLOW)

    def put(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: put(item) for key, item in value.items()}
        if isinstance(value, list):
            return [put(item) for item in value]
        return text if value == "TEXT" else value

    return from_json(put(to_json(plan)))


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_text_is_only_text(text: str) -> None:
    plan = hostile(text)
    assert json.dumps(to_json(plan)).count(json.dumps(text)) >= 15
    request = Request((plan,), load_language("python"), ALL, Options())
    files = {file.path: file.content for file in render_files(request, ())}
    ours = {k: v for k, v in files.items() if not k.startswith("magicflow/")}
    assert json.loads(ours["workflows/shop/plan.json"]) == to_json(plan)
    texts: set[str] = set()
    for path, content in ours.items():
        if not path.endswith(".py"):
            continue
        tree = ast.parse(content, path)
        for node in ast.walk(tree):
            assert not (isinstance(node, ast.Name) and node.id == "__import__"), path
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
    assert text in texts  # the example of an output, in a stub and in tests


@pytest.mark.parametrize(
    "text", ['"""\n' + MARK + '\n"""', "\\", "\u2028\u202e{{ x }}\x00"]
)
def test_a_project_full_of_it_passes_its_tests(text: str, tmp_path: Path) -> None:
    assert run(tmp_path, [hostile(text)]) == []
    for command in (
        ["pytest", "-q", "-p", "no:cacheprovider", "-W", "error"],
        ["black", "--check", "-q", "--diff", "workflows", "tests"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
