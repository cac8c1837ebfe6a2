"""`magic-flow test`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from magicflow_cli.cli import options
from magicflow_cli.cli.app import Command, application
from magicflow_cli.cli.build import Build, build
from magicflow_cli.cli.failure import NotDone
from magicflow_cli.cli.output import count, show, wants_color, write_product
from magicflow_cli.cli.selection import SCENARIOS, SUFFIXES, Selection, select
from magicflow_cli.diagnostics import codes

if TYPE_CHECKING:
    from magicflow_cli.cli.scenarios import Case, Target
    from magicflow_cli.cli.test_report import Group

app = application()
TestFormat: TypeAlias = Literal["text", "json", "github"]
MANY = 200
"""From so many scenarios on, progress is shown."""


@app.command(
    cls=Command,
    epilog="""
    magic-flow test
    magic-flow test examples/user-onboarding --min-coverage 80 --junit report.xml
    magic-flow test order.scenario.yaml --filter declined
    magic-flow test workflow.yaml --suggest
    """,
)
def test(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH]...",
            help="Scenario files, or folders with them (*.scenario.yaml).",
            show_default=False,
        ),
    ] = None,
    context: options.Context = None,
    filter: Annotated[
        str | None,
        typer.Option(
            "--filter",
            "-k",
            metavar="TEXT",
            help="Only scenarios with this in their name.",
        ),
    ] = None,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", "-x", help="Stop at the first failure.")
    ] = False,
    min_coverage: Annotated[
        int | None,
        typer.Option(
            "--min-coverage",
            metavar="PERCENT",
            help="Fail when the scenarios of a workflow reach less of it.",
        ),
    ] = None,
    junit: Annotated[
        Path | None,
        typer.Option("--junit", metavar="FILE", help="Write a JUnit XML report."),
    ] = None,
    suggest: Annotated[
        bool,
        typer.Option(
            "--suggest", help="Write scenarios for what the others do not reach."
        ),
    ] = False,
    format: Annotated[
        TestFormat, typer.Option(help="How to show the results.")
    ] = "text",
) -> int:
    """Run scenarios in virtual time and compare what comes of them with what they expect.

    A scenario (`*.scenario.yaml`) says what happens to a run: its input, what becomes of
    each attempt of each step, events at their times; and what is expected: the path,
    the states, outputs and errors. Without a path those below this folder are run.
    """
    if min_coverage is not None and not 0 <= min_coverage <= 100:
        raise NotDone(
            codes.MF0016,
            f"`--min-coverage {min_coverage}` is no percentage",
            help="give a number from 0 to 100",
        )
    selection = _select(paths, suggest)
    built = build(selection, context=options.chosen_context(context))
    if _show_errors(built):
        return 1
    if suggest:
        from magicflow_cli.cli.suggest import suggest_scenarios

        return suggest_scenarios(built)
    cases = [case for case in built.scenarios if filter is None or filter in case.name]
    if not cases:
        raise NotDone(
            codes.MF0015,
            (
                f"no scenario has `{filter}` in its name"
                if filter is not None and built.scenarios
                else "the files hold no scenario"
            ),
            help="write a document of `kind: Scenario`; `magic-flow test --suggest` writes some",
        )
    from magicflow_cli.cli import test_report

    groups = _run(cases, fail_fast)
    if junit is not None:
        write_product(test_report.junit(groups), junit)
    write = {
        "text": test_report.text,
        "json": test_report.json_text,
        "github": test_report.github,
    }[format]
    sys.stdout.write(write(groups, wants_color(sys.stdout), min_coverage))
    failed = any(tested.verdict == "failed" for group in groups for tested in group)
    low = any(group.is_below(min_coverage) for group in groups)
    return 1 if failed or low else 0


def _select(paths: list[Path] | None, suggest: bool) -> Selection:
    """The scenario files, with the project file for what they mean by a workflow."""
    if suggest:
        return options.choose(paths, None, None, (*SUFFIXES, *SCENARIOS))
    from magicflow_cli.cli.project import read_project

    selection = select(paths or [Path()], SCENARIOS)
    selection.project = read_project(Path.cwd())
    if selection.project is not None:
        selection.contexts = select(selection.project.paths("contexts")).files
    if not selection.files:
        where = f"in `{paths[0]}`" if paths else "here"
        raise NotDone(
            codes.MF0015,
            f"there is no scenario {where}",
            help="write one, `NAME.scenario.yaml`; `magic-flow test WORKFLOW --suggest` writes some",
        )
    return selection


def _show_errors(built: Build) -> bool:
    """Show what is wrong; of what is only doubtful, what concerns scenarios."""
    if built.has_errors:
        show(built.diagnostics, built.sources)
        return True
    mine = [
        diagnostic
        for diagnostic in built.diagnostics
        if diagnostic.span is not None and diagnostic.span.file.endswith(SCENARIOS)
    ]
    if mine:
        show(mine, built.sources)
    return False


def _run(cases: list[Case], fail_fast: bool) -> list[Group]:
    from magicflow_cli.cli.test_report import Group

    groups: dict[int, Group] = {}
    shows = len(cases) >= MANY and sys.stderr.isatty()
    for number, case in enumerate(cases, 1):
        target: Target = case.target
        group = groups.get(id(target))
        if group is None:
            group = groups[id(target)] = Group.of(target)
        verdict = group.run(case)
        if shows and number % 20 == 0:
            sys.stderr.write(f"\r{number} of {count(len(cases), 'scenario')}")
            sys.stderr.flush()
        if fail_fast and verdict == "failed":
            break
    if shows:
        sys.stderr.write("\r" + " " * 40 + "\r")
    return list(groups.values())
