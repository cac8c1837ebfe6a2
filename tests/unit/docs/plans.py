"""Plans to describe: every workflow of the goldens and examples that compiles."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from magicflow_cli.cli.build import build
from magicflow_cli.cli.selection import select
from magicflow_cli.compile import compile_workflow
from magicflow_cli.plan.models import Plan

ROOT = Path(__file__).resolve().parents[3]


@cache
def plans() -> dict[str, Plan]:
    """By folder and workflow name."""
    folders = [
        *sorted((ROOT / "tests" / "golden" / "dsl").glob("*/in")),
        *(path.parent for path in sorted((ROOT / "examples").glob("*/workflow.yaml"))),
    ]
    found: dict[str, Plan] = {}
    for folder in folders:
        built = build(select([folder]))
        if built.has_errors:
            continue
        for checked in built.workflows:
            plan = compile_workflow(checked).plan
            name = folder.parent.name if folder.name == "in" else folder.name
            found[f"{name}/{plan.workflow.name}"] = plan
    return found


def compile_text(tmp_path: Path, text: str) -> Plan:
    """The plan of one workflow file, which must have no errors."""
    file = tmp_path / "workflow.yaml"
    file.write_text(text, encoding="utf-8")
    built = build(select([file]))
    assert not built.has_errors, built.diagnostics
    return compile_workflow(built.workflows[0]).plan


def steps(text: str, spec: str = "") -> str:
    """A workflow with these steps (YAML list items, not indented)."""
    indented = "".join(f"    {line}\n" for line in text.strip("\n").splitlines())
    return (
        "apiVersion: workflow.magic-flow.io/v2\nkind: Workflow\n"
        f"metadata: {{name: w, version: 1.2.3}}\nspec:\n{spec}  steps:\n{indented}"
    )
