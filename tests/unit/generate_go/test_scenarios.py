"""A generated Go project plays scenario files against its own functions, and comes to
what Python comes to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.languages import go, need
from tests.unit.generate.plans import compile_texts, run
from tests.unit.generate.test_scenarios import SCENARIOS, WORKFLOW

HANDLER = """\
package steps

import (
	"context"
	"fmt"

	"workflows/shop"

	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// Charge declines what is too much.
func (s *Steps) Charge(ctx context.Context, input *shop.ChargeInput) (*shop.ChargeOutput, error) {
	if input.Total > 100 {
		return nil, worker.Fail("DECLINED", "too much")
	}
	return &shop.ChargeOutput{ID: fmt.Sprintf("c-%d-%d", input.Total, worker.TaskFrom(ctx).Attempt)}, nil
}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need("go")
    folder = tmp_path_factory.mktemp("shop")
    plans = compile_texts(*WORKFLOW.split("---\n"))
    assert run(folder, plans, ("types", "executor"), language="go") == []
    (folder / "shop/steps/charge_step.go").write_text(HANDLER)
    scenarios = folder / "shop" / "steps" / "testdata" / "scenarios"
    scenarios.mkdir(parents=True)
    (scenarios / "all.scenario.yaml").write_text("---".join(SCENARIOS.values()))
    return folder


def test_the_same_files_against_real_functions(project: Path) -> None:
    done = go("test", "./shop/steps", "-v", cwd=project)
    told = done.stdout + done.stderr
    found = re.findall(r"--- (PASS|FAIL): TestScenarios/(\S+)", told)
    assert {name: result for result, name in found} == {
        "handler-works": "PASS",
        "handler-fails": "PASS",
        "after-a-failure": "PASS",
        "stubbed": "PASS",
        "wrong": "FAIL",
        "unknown": "FAIL",
        "misfit": "FAIL",
    }, told
    assert (
        "status: expected completed, the run is failed: charge: DECLINED too much"
        in told
    )
    assert "  > ship" in told
    assert "cannot be played: the workflow has no step `chrge`" in told
    assert "cannot be played: the input is refused: " in told


def test_a_project_without_scenarios_says_so(project: Path, tmp_path: Path) -> None:
    environment = {"MAGICFLOW_SCENARIOS": str(tmp_path)}
    done = go("test", "./shop/steps", "-v", cwd=project, env=environment)
    assert done.returncode == 0 and "there is no scenario of shop" in done.stdout
