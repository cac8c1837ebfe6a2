"""What the issue asks for: user-onboarding in 5 s, 50 steps with 3 parallel branches
within the bound. (`tests/bench/bench_verify.py` measures the whole command.)"""

from __future__ import annotations

from pathlib import Path
from time import process_time

from magicflow_cli.cli.build import build
from magicflow_cli.cli.selection import select
from magicflow_cli.compile import compile_workflow
from magicflow_cli.plan import to_json
from magicflow_cli.verify.explore import DEFAULT_BOUND
from magicflow_cli.verify.verification import Verification, verify
from tests.bench.bench_verify import UNDONE, fifty_steps

EXAMPLES = Path(__file__).parents[3] / "examples"


def verified(path: Path, bound: int = DEFAULT_BOUND) -> tuple[Verification, float]:
    began = process_time()
    (checked,) = build(select([path])).workflows
    found = verify(to_json(compile_workflow(checked).plan), bound=bound)
    return found, process_time() - began


def test_user_onboarding_is_explored_completely() -> None:
    found, seconds = verified(EXAMPLES / "user-onboarding")
    assert found.graph.complete
    assert seconds < 5


def test_fifty_steps_with_three_branches(tmp_path: Path) -> None:
    file = tmp_path / "workflow.yaml"
    file.write_text(fifty_steps(), encoding="utf-8")
    found, seconds = verified(file)
    assert len(found.workflow.json["steps"]) == 50
    assert found.graph.complete and found.graph.states < 1_000
    assert seconds < 10


def test_more_than_the_bound_is_left_and_told(tmp_path: Path) -> None:
    file = tmp_path / "workflow.yaml"
    file.write_text(fifty_steps(UNDONE), encoding="utf-8")
    found, _ = verified(file, bound=400)
    assert found.graph.states == 401, "and the one before the start"
    assert found.graph.frontier and not found.graph.complete
    assert not [each for each in found.shown if each.finding.code.id == "MF5710"]


def test_a_schema_that_nothing_fits_is_not_complete(tmp_path: Path) -> None:
    file = tmp_path / "workflow.yaml"
    head, _, rest = fifty_steps().partition("  input_schema:")
    never = "  input_schema: {type: integer, minimum: 5, maximum: 4}\n"
    file.write_text(head + never + rest.partition("\n")[2], encoding="utf-8")
    found, _ = verified(file)
    assert found.graph.sampled == ("@input",)
    assert found.graph.states == 1 and found.shown == []
