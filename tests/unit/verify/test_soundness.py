"""Whatever happens in a random run of the driver, `verify` has seen that it can."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from magicflow.plan import load_plan
from magicflow.simulation import Simulation
from magicflow.types import TypeSet

from magicflow_cli.simulate.coverage import Coverage
from magicflow_cli.simulate.world import RandomWorld
from magicflow_cli.verify.verification import verify
from tests.unit.verify.random_branches import workflow
from tests.unit.verify.workflows import WORKFLOWS, compiled

Json = dict[str, Any]
ROOT = Path(__file__).parents[3]
GOLDENS = sorted((ROOT / "tests" / "golden" / "dsl").glob("*/expected/plan.json"))
RUNS = 120
ENGINE = {"INTERNAL", "UNAVAILABLE", "CIRCUIT_OPEN"}
"""Codes that are one where the workflow does not tell them apart."""

SEEDS = [
    *(pytest.param(json.loads(p.read_text("utf-8")), id=p.parts[-3]) for p in GOLDENS),
    *(pytest.param(compiled(text), id=name) for name, text in WORKFLOWS.items()),
    *(
        pytest.param(compiled(workflow(seed)), id=f"random-{seed}")
        for seed in range(100, 112)
    ),
]


def end_of(status: str, error: Json | None, compensation: str | None) -> Any:
    code = (error or {}).get("code")
    code = "engine's" if code in ENGINE else code
    return status, code, (error or {}).get("step"), compensation


@pytest.mark.parametrize("plan", SEEDS)
def test_no_random_run_does_what_verify_did_not_see(plan: Json) -> None:
    found = verify(plan)
    assert found.graph.complete, "only a complete search has seen everything"
    ends = {
        end_of(end.status, {"code": end.code, "step": end.step}, end.compensation)
        for end in found.ends
    }
    coverage = Coverage(plan)
    loaded, types = load_plan(plan), TypeSet(plan["types"])
    for faults in (0.1, 0.5, 0.9):
        world = RandomWorld(plan, types, faults=faults)
        make_input = world.input()
        for number in range(RUNS):
            world.dice.seed(number)
            run = Simulation(loaded, world)
            assert run.start(make_input(world.dice)) is None
            run.run()
            trace = run.trace()
            if trace.is_over:
                end = end_of(trace.status, trace.error, trace.compensation)
                assert end in ends
            else:
                assert found.graph.endless
            assert coverage.covered(trace.history) <= found.findings.goals
