"""`magic-flow verify`."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from magicflow_cli.cli import options
from magicflow_cli.cli.app import Command, application
from magicflow_cli.cli.build import build
from magicflow_cli.cli.compiled import only_one
from magicflow_cli.cli.failure import NotDone
from magicflow_cli.cli.output import Format, show
from magicflow_cli.diagnostics import codes

if TYPE_CHECKING:
    from magicflow_cli.check.model import CheckedWorkflow
    from magicflow_cli.cli.verify_report import Verified

app = application()
DEFAULT_BOUND = 20_000
ROOM = 60
_OFTEN = 0.2
"""Seconds between two lines of progress."""


@app.command(
    cls=Command,
    epilog="""
    magic-flow verify workflow.yaml
    magic-flow verify workflow.yaml --bound 200000 --scenarios ./found
    magic-flow verify ./workflows --strict --format sarif > findings.sarif
    """,
)
def verify(
    paths: options.Paths = None,
    workflow: options.Workflow = None,
    context: options.Context = None,
    bound: Annotated[
        int,
        typer.Option(
            "--bound",
            "-b",
            metavar="N",
            help="Explore at most so many states of each workflow.",
        ),
    ] = DEFAULT_BOUND,
    scenarios: Annotated[
        Path | None,
        typer.Option(
            "--scenarios",
            metavar="DIR",
            help="Write a scenario there for everything that is found.",
        ),
    ] = None,
    name: options.Name = None,
    strict: options.Strict = False,
    format: Annotated[Format, typer.Option(help="How to show what is found.")] = "full",
) -> int:
    """Explore every combination of outcomes of a workflow, before it runs.

    Every call returns each kind of value that the workflow tells apart, fails with each
    code and times out; events come or do not, people answer or do not. What is found
    (runs that do not end, failures that nothing answers, compensation left incomplete
    and the like) is shown with the shortest run that leads there. Warnings of
    `magic-flow validate` are not repeated.
    """
    if bound < 1:
        raise NotDone(
            codes.MF0016,
            f"`--bound {bound}` is no number of states",
            help="give 1 or more",
        )
    selection = options.choose(paths, workflow)
    built = build(selection, context=options.chosen_context(context))
    if built.has_errors:
        show(built.diagnostics, built.sources)
        return 1
    chosen = built.workflows if name is None else [only_one(built, name)]
    if not chosen:
        only_one(built, name)
    from magicflow_cli.cli import verify_report as report

    found = [_verify(checked, bound) for checked in chosen]
    if scenarios is not None:
        for each in found:
            report.write_scenarios(each, scenarios)
    diagnostics = report.diagnostics_of(found, built.sources, strict)
    machine = format in ("json", "github", "sarif")
    if format == "json":
        sys.stdout.write(report.json_text(found, diagnostics, built.sources))
    elif machine:
        show(diagnostics, built.sources, format=format, stream=sys.stdout)
    elif diagnostics:
        show(diagnostics, built.sources, format=format)
    summary = "".join(map(report.text, found))
    (sys.stderr if machine else sys.stdout).write(summary)
    return 1 if any(d.severity.value == "error" for d in diagnostics) else 0


def _verify(checked: CheckedWorkflow, bound: int) -> Verified:
    from magicflow_cli.cli.verify_report import Verified
    from magicflow_cli.compile import compile_workflow
    from magicflow_cli.plan import to_json
    from magicflow_cli.verify.verification import verify as explore

    compiled = compile_workflow(checked)
    progress = _Progress(compiled.plan.workflow.name)
    try:
        result = explore(to_json(compiled.plan), bound=bound, progress=progress.show)
    finally:
        progress.clear()
    return Verified(checked, compiled, result)


class _Progress:
    """On a terminal, and only when there is time to read it: how far the search is."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.shown = time.monotonic()
        self.dirty = False

    def show(self, states: int, waiting: int) -> None:
        now = time.monotonic()
        if now - self.shown < _OFTEN or not sys.stderr.isatty():
            return
        self.shown, self.dirty = now, True
        line = f"{self.name}: {states:,} states, {waiting:,} to go"
        sys.stderr.write(f"\r{line[:ROOM]:<{ROOM}}")
        sys.stderr.flush()

    def clear(self) -> None:
        if self.dirty:
            sys.stderr.write("\r" + " " * ROOM + "\r")
