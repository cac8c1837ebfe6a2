"""`magic-flow test --suggest`: scenarios for what the written ones do not reach."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from magicflow_cli.cli.build import Build
from magicflow_cli.cli.output import count, write_product
from magicflow_cli.load.nodes import plain
from magicflow_cli.simulate.check import is_test

if TYPE_CHECKING:
    from magicflow_cli.check.model import CheckedWorkflow
    from magicflow_cli.simulate.coverage import Goal
    from magicflow_cli.simulate.testing import Json
    from magicflow_cli.verify.suggest import Suggested

ENDING = ".suggested.scenario.yaml"
HEADER = """\
# Written by `magic-flow test --suggest`, which writes this file anew each time: move what
# you want to keep to a file of your own.
"""
SHOWN = 4
"""So many things that a scenario adds are named in its description."""


def suggest_scenarios(built: Build) -> int:
    """Write beside each workflow what its scenarios lack; the scenarios that were
    suggested before are replaced. Gives the exit code."""
    for checked in built.workflows:
        _suggest(built, checked)
    return 0


def _suggest(built: Build, checked: CheckedWorkflow) -> None:
    from magicflow_cli.compile import compile_workflow
    from magicflow_cli.plan import to_json
    from magicflow_cli.simulate.testing import Suite
    from magicflow_cli.verify.suggest import suggest
    from magicflow_cli.verify.verification import verify

    name: str = checked.workflow.metadata.name
    source = Path(checked.document.document.source.file)
    path = source.with_name(f"{name}{ENDING}")
    plan: Json = to_json(compile_workflow(checked).plan)
    suite = Suite.of(plan)
    taken: set[str] = set()
    for case in built.scenarios:
        mine = case.target.checked is checked and Path(case.file) != path
        if mine and is_test(case.document):
            taken.add(case.name)
            spec = case.document.root.get("spec")
            assert spec is not None
            value = plain(spec)
            assert isinstance(value, dict)
            suite.play(case.name, value)
    found = suggest(plan, verify(plan), suite.reached, taken)
    if found.scenarios:
        write_product(_text(found.scenarios), path)
        for each in found.scenarios:
            suite.play(each.name, each.spec)
    elif path.exists():
        path.unlink()
    where = f" → {path}" if found.scenarios else ""
    goals = suite.coverage.goals
    sys.stdout.write(
        f"{name}: {count(len(found.scenarios), 'scenario')}{where}, "
        f"{len(suite.reached & goals)} of {len(goals)} reached\n"
    )
    for goal in suite.missing():
        sys.stdout.write(f"  not reached: {goal}{_why(goal, found.missed)}\n")


def _text(found: list[Suggested]) -> str:
    from magicflow_cli.simulate.writing import scenario_document, write_scenarios

    documents = [
        scenario_document(each.name, each.spec, _told(each.adds)) for each in found
    ]
    return HEADER + write_scenarios(documents)


def _told(goals: list[Goal]) -> str:
    first = "; ".join(str(goal) for goal in goals[:SHOWN])
    more = len(goals) - SHOWN
    return f"{first}; and {more} more" if more > 0 else first


def _why(goal: Goal, missed: list[Goal]) -> str:
    return (
        " (no times were found for it)" if goal in missed else " (no run comes there)"
    )
