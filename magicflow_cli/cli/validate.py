"""`magic-flow validate`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from magicflow_cli.cli import options
from magicflow_cli.cli.app import Command, application
from magicflow_cli.cli.build import Build, build
from magicflow_cli.cli.output import Format, count, show
from magicflow_cli.cli.selection import SCENARIOS, SUFFIXES

app = application()
ROOM = 40
MANY = 100
"""From so many files on, progress is shown."""


@app.command(
    cls=Command,
    epilog="""
    magic-flow validate workflow.yaml
    magic-flow validate --workflow workflow.yaml --context context.yaml --strict
    magic-flow validate --workflows ./workflows --format sarif > findings.sarif
    """,
)
def validate(
    paths: options.Paths = None,
    workflow: options.Workflow = None,
    context: options.Context = None,
    workflows: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A folder with workflows."),
    ] = None,
    strict: options.Strict = False,
    format: Annotated[Format, typer.Option(help="How to show what is wrong.")] = "full",
) -> int:
    """Check workflows and scenarios and show what is wrong with them.

    Without a path it checks what `magic-flow.yaml` names, else the current folder. The
    formats json, github and sarif go to stdout, the others to stderr.
    """
    selection = options.choose(paths, workflow, workflows, (*SUFFIXES, *SCENARIOS))
    progress = _progress(len(selection.files))
    built = build(
        selection,
        context=options.chosen_context(context),
        strict=strict,
        on_read=progress,
    )
    if progress is not None:
        sys.stderr.write("\r" + " " * ROOM + "\r")
    machine = format in ("json", "github", "sarif")
    if built.diagnostics or machine:
        show(
            built.diagnostics,
            built.sources,
            format=format,
            stream=sys.stdout if machine else sys.stderr,
        )
    sys.stderr.write(_summary(built, selection.left_alone))
    return 1 if built.has_errors else 0


def _progress(total: int) -> Callable[[int], None] | None:
    """On a terminal, and only when there is time to read it: how far the run is."""
    if total < MANY or not sys.stderr.isatty():
        return None

    def show_progress(done: int) -> None:
        if done == total:
            sys.stderr.write(f"\r{f'checking {total} files':<{ROOM}}")
        elif done % 20 == 0:
            sys.stderr.write(f"\r{f'reading {done} of {total} files':<{ROOM}}")
        sys.stderr.flush()

    return show_progress


def _summary(built: Build, left_alone: int) -> str:
    """`2 workflows in 3 files: 1 error, 4 warnings`."""
    severities = [diagnostic.severity.value for diagnostic in built.diagnostics]
    found = [
        count(severities.count(kind), kind)
        for kind in ("error", "warning", "note")
        if kind in severities
    ]
    checked = count(len(built.workflows), "workflow")
    if built.scenarios:
        checked += f" and {count(len(built.scenarios), 'scenario')}"
    text = f"{checked} in {count(built.files, 'file')}: {', '.join(found) or 'fine'}"
    if left_alone:
        text += f" ({count(left_alone, 'other file')} left alone)"
    return text + "\n"
