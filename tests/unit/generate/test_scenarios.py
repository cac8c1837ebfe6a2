"""A generated project plays scenario files against its own handlers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from magicflow.scenarios import read_scenarios
from magicflow.simulation.scenario import ScenarioError

from magicflow_cli.load import load_text
from magicflow_cli.load.nodes import plain
from tests.unit.generate.plans import compile_texts, run

WORKFLOW = """
apiVersion: workflow.magic-flow.io/v2
kind: WorkflowContext
metadata: {name: shop}
spec:
  input_schema: {type: object, required: [total], properties: {total: {type: integer}}}
  output_schema: {type: object, properties: {id: {type: string}}}
  functions:
    charge:
      input_schema: {type: object, required: [total], properties: {total: {type: integer}}}
      output_schema: {type: object, required: [id], properties: {id: {type: string}}}
      errors: {DECLINED: {retryable: false}}
---
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: {name: shop}
spec:
  steps:
    - name: charge
      executor: payments
      timeout: 30s
      retry: {max_attempts: 3, initial_delay: 1s}
      input: {total: $.input.total}
"""
HANDLER = '''\
"""Declines what is too much."""

from __future__ import annotations

from magicflow.worker import TaskContext, WorkflowError

from .. import types as t


def charge(context: TaskContext, input: t.ChargeInput) -> t.ChargeOutput:
    if input.total > 100:
        raise WorkflowError("DECLINED", "too much", retryable=False)
    return t.ChargeOutput(id=f"c-{input.total}-{context.attempt}")
'''
HEAD = """
apiVersion: workflow.magic-flow.io/v2
kind: Scenario
metadata: {name: %s}
spec:
  workflow: shop
  input: {total: %s}
"""
SCENARIOS = {
    "handler-works": HEAD % ("handler-works", 7)
    + "  steps: {charge: {returns: {id: nobody}}}\n  expect: {output: {id: c-7-1}}\n",
    "handler-fails": HEAD % ("handler-fails", 700) + "  expect: {error: DECLINED}\n",
    "after-a-failure": HEAD % ("after-a-failure", 7)
    + "  steps: {charge: [{fails: UNAVAILABLE}, {times_out: timeout}]}\n"
    + "  expect: {output: {id: c-7-3}, steps: {charge: {attempts: 3}}}\n",
    "stubbed": HEAD % ("stubbed", 700)
    + "  stubs: [charge]\n  steps: {charge: {returns: {id: s}}}\n"
    + "  expect: {output: {id: s}}\n",
    "wrong": HEAD % ("wrong", 700) + "  expect: {path: [charge, ship]}\n",
    "unknown": HEAD % ("unknown", 7) + "  steps: {chrge: {never: true}}\n",
    "misfit": HEAD % ("misfit", "many"),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    assert run(folder, compile_texts(*WORKFLOW.split("---\n"))) == []
    (folder / "workflows/shop/steps/charge.py").write_text(HANDLER)
    scenarios = folder / "tests" / "scenarios"
    (scenarios / "more").mkdir(parents=True)
    texts = list(SCENARIOS.values())
    (scenarios / "some.scenario.yaml").write_text("---".join(texts[:4]))
    (scenarios / "more" / "others.scenario.yml").write_text("---".join(texts[4:]))
    other = (HEAD % ("of-another", 7)).replace("shop", "another")
    (scenarios / "another.scenario.yaml").write_text(other)
    return folder


def test_the_same_files_against_real_handlers(project: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-W", "error", "-m", "pytest", "-q", "-rA"),
            *("-p", "no:cacheprovider", "tests/test_shop_scenarios.py"),
        ],
        cwd=project,
        env={**os.environ, "PYTHONPATH": "", "MAGICFLOW_SCENARIOS": ""},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    told = done.stdout
    results = {
        line.split("[")[1].split("]")[0]: line.split()[0]
        for line in told.splitlines()
        if line.startswith(("PASSED", "FAILED"))
    }
    assert results == {
        "handler-works": "PASSED",
        "handler-fails": "PASSED",
        "after-a-failure": "PASSED",
        "stubbed": "PASSED",
        "wrong": "FAILED",
        "unknown": "FAILED",
        "misfit": "FAILED",
    }, told
    assert "expected completed, the run is failed: charge: DECLINED too much" in told
    assert "> ship" in told
    assert "cannot be played: the workflow has no step `chrge`" in told
    assert "cannot be played: the input is refused: `/total`" in told


def test_files_may_lie_elsewhere(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = project / "tests" / "scenarios" / "some.scenario.yaml"
    monkeypatch.setenv("MAGICFLOW_SCENARIOS", f"{file}{os.pathsep}{tmp_path}")
    found = read_scenarios("shop", tmp_path / "none")
    assert [each.name for each in found] == list(SCENARIOS)[:4]
    monkeypatch.delenv("MAGICFLOW_SCENARIOS")
    assert read_scenarios("shop", tmp_path) == []


@pytest.mark.parametrize(
    "text", ["a: [", "kind: Scenario\n", "kind: Scenario\nmetadata: 1\n"]
)
def test_what_is_no_scenario_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.scenario.yaml").write_text(text)
    with pytest.raises(ScenarioError, match=r"a\.scenario\.yaml"):
        read_scenarios("shop", tmp_path)


def test_it_is_the_yaml_that_the_compiler_reads(tmp_path: Path) -> None:
    """YAML 1.2 in both: what 1.1 takes for dates, times and truth are texts."""
    values = """\
[yes, off, 12:30, 2026-01-01, 0o17, 0x1F, 017, 1e3, +1, -.5, ~, null, Null, true, FALSE,
 1_000, .5e-2, "7", '', text, 1.0]
"""
    head = "kind: Scenario\nmetadata: {name: a}\nspec:\n  workflow: shop\n  input: "
    (tmp_path / "a.scenario.yaml").write_text(head + values.replace("\n ", "\n    "))
    (scenario,) = read_scenarios("shop", tmp_path)
    (document,) = load_text(values.encode(), "a.yaml").documents
    assert scenario.spec["input"] == plain(document.root)
    assert [type(v) for v in scenario.spec["input"]] == [
        type(v) for v in plain(document.root)  # type: ignore[attr-defined]
    ]
