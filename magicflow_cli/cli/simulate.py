"""`magic-flow simulate`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from magicflow_cli.cli import options
from magicflow_cli.cli.app import Command, application
from magicflow_cli.cli.build import Build, build
from magicflow_cli.cli.failure import NotDone
from magicflow_cli.cli.output import show, wants_color, write_product
from magicflow_cli.diagnostics import codes

if TYPE_CHECKING:
    from magicflow_cli.plan.models import Plan

app = application()
SimulationFormat: TypeAlias = Literal["text", "json"]
MOST_RUNS = 10_000_000
FAULTS = 0.05


@app.command(
    cls=Command,
    epilog="""
    magic-flow simulate workflow.yaml
    magic-flow simulate workflow.yaml --runs 10000 --seed 7 --faults 0.2
    magic-flow simulate workflow.yaml --outcomes peak.scenario.yaml --diagram heat.html
    """,
)
def simulate(
    paths: options.Paths = None,
    workflow: options.Workflow = None,
    context: options.Context = None,
    runs: Annotated[
        int, typer.Option("--runs", metavar="N", help="How many runs.")
    ] = 1000,
    seed: Annotated[
        int,
        typer.Option(
            "--seed",
            metavar="S",
            help="Another seed gives other runs, the same the same.",
        ),
    ] = 0,
    outcomes: Annotated[
        Path | None,
        typer.Option(
            "--outcomes",
            metavar="FILE",
            help="A scenario that says what becomes of steps, also by chance.",
        ),
    ] = None,
    faults: Annotated[
        str,
        typer.Option(
            "--faults",
            metavar="RATE",
            help="Share of attempts that fail, from 0 to 1.",
        ),
    ] = str(FAULTS),
    format: Annotated[
        SimulationFormat, typer.Option(help="How to show the results.")
    ] = "text",
    diagram: Annotated[
        Path | None,
        typer.Option(
            "--diagram",
            metavar="FILE",
            help="Draw how often what was taken, as FILE.svg or a page, FILE.html.",
        ),
    ] = None,
    name: options.Name = None,
    strict: options.Strict = False,
) -> int:
    """Run a workflow many times in virtual time and measure it.

    Inputs and results are random values that fit their schemas. How long steps take is
    said by annotations (`magic-flow.io/latency.STEP: 50ms..2s`), else a default. Prints
    which paths runs take and how often, how long they last, and what of the workflow
    they reach. The same seed gives the same output.
    """
    rate = _rate(faults)
    if not 1 <= runs <= MOST_RUNS:
        raise NotDone(
            codes.MF0016,
            f"`--runs {runs}` is out of range",
            help=f"give a number from 1 to {MOST_RUNS:,}",
        )
    if seed < 0:
        raise NotDone(
            codes.MF0016, f"`--seed {seed}` is negative", help="give 0 or more"
        )
    if diagram is not None and diagram.suffix not in (".svg", ".html"):
        raise NotDone(
            codes.MF0005,
            f"`{diagram}` is no drawing that is known",
            help="name a file that ends in `.svg` or `.html`",
        )
    selection = options.choose(paths, workflow)
    if outcomes is not None:
        selection.files += options.existing("--outcomes", outcomes)
    built = build(selection, context=options.chosen_context(context), strict=strict)
    if built.has_errors:
        show(built.diagnostics, built.sources)
        return 1
    from magicflow_cli.cli.compiled import only_one
    from magicflow_cli.compile import compile_workflow
    from magicflow_cli.plan import to_json

    chosen = only_one(built, name)
    script = _script(built, outcomes, chosen.workflow.metadata.name)
    plan = compile_workflow(chosen).plan
    return _simulate(plan, to_json(plan), runs, seed, rate, script, format, diagram)


def _simulate(
    plan: Plan,
    json: dict[str, Any],
    runs: int,
    seed: int,
    rate: float,
    script: dict[str, Any] | None,
    format: SimulationFormat,
    diagram: Path | None,
) -> int:
    from magicflow_cli.cli import simulate_report as report
    from magicflow_cli.simulate.simulation import simulate as simulate_runs
    from magicflow_cli.simulate.world import NotPossible

    progress = _progress(runs)
    try:
        found = simulate_runs(
            json,
            runs=runs,
            seed=seed,
            faults=rate,
            outcomes=script,
            on_run=progress,
        )
    except NotPossible as error:
        raise NotDone(codes.MF0017, str(error), help=error.help) from None
    finally:
        if progress is not None:
            sys.stderr.write("\r" + " " * 40 + "\r")
    conditions = report.Conditions(seed, rate)
    if diagram is not None:
        drawn = report.drawing(plan, found, conditions, diagram.suffix == ".html")
        write_product(drawn, diagram)
    if format == "json":
        sys.stdout.write(report.json_text(plan, found, conditions))
    else:
        color = wants_color(sys.stdout)
        sys.stdout.write(report.text(plan, found, conditions, color))
    return 0


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1:
        raise NotDone(
            codes.MF0016,
            f"`--faults {text}` is no share",
            help="give a number from 0, nothing fails, to 1, everything does",
        )
    return rate


def _script(
    built: Build, outcomes: Path | None, workflow: str
) -> dict[str, Any] | None:
    """The `spec` of the scenario of `--outcomes` that is of this workflow."""
    if outcomes is None:
        return None
    from magicflow_cli.load.nodes import plain

    for case in built.scenarios:
        if case.target.plan.workflow.name == workflow:
            spec = case.document.root.get("spec")
            assert spec is not None
            found = plain(spec)
            assert isinstance(found, dict)
            return found
    raise NotDone(
        codes.MF0015,
        f"`{outcomes}` holds no scenario of `{workflow}`",
        help="`--outcomes` names a file with a document of `kind: Scenario`",
    )


def _progress(runs: int) -> Callable[[int], None] | None:
    """On a terminal, and only when there is time to read it: how far it is."""
    if runs < 2_000 or not sys.stderr.isatty():
        return None

    def show_progress(done: int) -> None:
        if done % 500 == 0:
            sys.stderr.write(f"\r{done:,} of {runs:,} runs")
            sys.stderr.flush()

    return show_progress
