"""A folder that holds generated code beside its workflows."""

from __future__ import annotations

from pathlib import Path

import pytest

from magicflow_cli.cli.selection import select
from magicflow_cli.plan import canonical_json
from tests.unit.generate.plans import example_plan, run


def test_plans_are_left_alone(tmp_path: Path) -> None:
    plan = example_plan("user-onboarding")
    (tmp_path / "workflow.yaml").write_text("kind: Workflow\n")
    (tmp_path / "short.json").write_text('{"workflow": {"name": "a"}}')
    (tmp_path / "plan.json").write_text(canonical_json(plan))
    assert run(tmp_path / "generated", [plan]) == []
    selection = select([tmp_path])
    assert sorted(each.path.name for each in selection.files) == [
        "short.json",
        "workflow.yaml",
    ]


@pytest.mark.parametrize("text", ['{"workflow": {"name": "plan_version"}}'])
def test_a_workflow_may_speak_of_plans(tmp_path: Path, text: str) -> None:
    (tmp_path / "w.json").write_text(text)
    assert len(select([tmp_path]).files) == 1
