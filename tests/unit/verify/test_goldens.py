"""What `verify` says of the compiler's goldens and of the examples, looked at by hand.

`--update-golden` rewrites the file; read the difference.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from magicflow_cli.cli.build import build
from magicflow_cli.cli.selection import select
from magicflow_cli.compile import compile_workflow
from magicflow_cli.plan import to_json
from magicflow_cli.verify.verification import verify

ROOT = Path(__file__).parents[3]
SHOWN = Path(__file__).with_name("goldens.txt")
GOLDENS = sorted((ROOT / "tests" / "golden" / "dsl").glob("*/expected/plan.json"))
EXAMPLES = ("payment-processing", "short-form", "user-onboarding")


def told() -> str:
    plans = {path.parts[-3]: json.loads(path.read_text("utf-8")) for path in GOLDENS}
    for name in EXAMPLES:
        folder = ROOT / "examples" / name
        (checked,) = build(select([folder])).workflows
        plans[name] = to_json(compile_workflow(checked).plan)
    lines = []
    for name, plan in plans.items():
        found = verify(plan)
        assert found.graph.complete and found.untimed == 0
        lines.append(f"{name}\n")
        lines += [
            f"  {shown.finding.code.id} {shown.finding.message}\n"
            for shown in found.shown
        ]
    return "".join(lines)


def test_what_is_said_of_the_goldens(request: pytest.FixtureRequest) -> None:
    text = told()
    if request.config.getoption("--update-golden"):
        SHOWN.write_text(text, encoding="utf-8")
    assert text == SHOWN.read_text("utf-8")
