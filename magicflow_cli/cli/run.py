"""`magic-flow run`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from magicflow_cli.cli import options
from magicflow_cli.cli.app import Command, application
from magicflow_cli.cli.failure import NotDone
from magicflow_cli.cli.output import count, show, wants_color, write_product
from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Diagnostic
from magicflow_cli.plan import to_json

if TYPE_CHECKING:
    from magicflow.engine.inprocess import RunResult

    from magicflow_cli.cli.build import Build

app = application()


@app.command(
    cls=Command,
    epilog="""
    magic-flow run workflow.yaml --input '{"email": "a@example.com", "name": "A"}'
    magic-flow run workflow.yaml --input @input.json --handlers steps.py
    magic-flow run examples/user-onboarding --graph run.svg
    """,
)
def run(
    paths: options.Paths = None,
    workflow: options.Workflow = None,
    context: options.Context = None,
    input: Annotated[
        str | None,
        typer.Option(
            "--input", "-i", metavar="JSON|@FILE", help="The run's input, or its file."
        ),
    ] = None,
    handlers: Annotated[
        str | None,
        typer.Option(
            "--handlers",
            metavar="MODULE",
            help="A module or file with the steps' functions; without it they give examples.",
        ),
    ] = None,
    graph: Annotated[
        Path | None,
        typer.Option(
            "--graph", metavar="FILE", help="Draw the run as SVG when it has ended."
        ),
    ] = None,
    name: options.Name = None,
    strict: options.Strict = False,
) -> int:
    """Run one workflow in this process and show it as it goes on.

    Its output is printed as JSON. Steps without a function give an example of their
    output; without `--input` the input is an example too.
    """
    from magicflow_cli.cli.build import build

    built = build(
        options.choose(paths, workflow),
        context=options.chosen_context(context),
        strict=strict,
    )
    if show_errors(built):
        return 1
    from magicflow_cli.cli.compiled import only_one
    from magicflow_cli.compile import compile_workflow

    chosen = compile_workflow(only_one(built, name)).plan
    plan = to_json(chosen)
    children = [
        to_json(compile_workflow(checked).plan)
        for checked in built.workflows
        if checked.workflow.metadata.name != chosen.workflow.name
    ]
    result = _carry_out(plan, children, _input(input, plan), handlers)
    if result is None:
        return 1
    if graph is not None:
        from magicflow_cli.docs.diagrams import draw_run

        write_product(draw_run(chosen, statuses_of(result), result.status), graph)
    return _tell(result)


def show_errors(built: Build) -> bool:
    """Show what is wrong, and only count what may be; whether something is wrong."""
    if built.has_errors:
        show(built.diagnostics, built.sources)
        return True
    warnings = sum(d.severity.value == "warning" for d in built.diagnostics)
    if warnings:
        sys.stderr.write(f"{count(warnings, 'warning')}: `magic-flow validate` tells\n")
    return False


def statuses_of(result: RunResult) -> list[tuple[str, str]]:
    """Step and status of every occurrence, in the order in which they were entered."""
    rows = sorted(result.steps.values(), key=lambda row: row.get("n", 0))
    return [(row["step"], row["status"]) for row in rows]


def _input(text: str | None, plan: dict[str, Any]) -> Any:
    """The value of `--input`, or an example."""
    if text is None:
        from magicflow.types import NoExample, TypeSet, example

        try:
            value = example(TypeSet(plan["types"]), plan["input"])
        except NoExample:
            raise NotDone(
                codes.MF0013,
                "no example of the input is known",
                help="give it: `--input '{…}'`",
            ) from None
        sys.stderr.write(f"input, an example: {_json(value)}\n")
        return value
    from magicflow.types import DomainError, decode_json

    source = text
    if text.startswith("@"):
        try:
            source = Path(text[1:]).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise NotDone(
                codes.MF0013,
                f"`{text[1:]}` cannot be read",
                help=f"the reason: {reason}",
            ) from error
    try:
        return decode_json(source)
    except DomainError as error:
        raise NotDone(
            codes.MF0013,
            f"the input is no JSON: {error}",
            help="write JSON, `--input '{\"name\": 1}'`, or name a file, `--input @FILE`",
        ) from error


def _carry_out(
    plan: dict[str, Any],
    children: list[dict[str, Any]],
    value: Any,
    module: str | None,
) -> RunResult | None:
    """Run it and show it; None, with a diagnostic, when the input does not fit."""
    from magicflow.engine.inprocess import run_in_process
    from magicflow.engine.requests import Refused
    from magicflow.worker.executor import shared_registries

    from magicflow_cli.cli.handlers import build_executor
    from magicflow_cli.cli.live import RunDisplay, shown

    examples: list[str] = []
    executors = [
        build_executor(each, module, examples.append) for each in (plan, *children)
    ]
    display = RunDisplay(sys.stderr, color=wants_color(sys.stderr))
    try:
        with display:
            result = run_in_process(
                plan,
                value,
                shared_registries(executors),
                on_event=display.take,
                children=children,
            )
    except Refused as refused:
        problems = refused.details if isinstance(refused.details, list) else []
        listed = "; ".join(
            shown(f"{each.get('path') or '/'}: {each.get('message')}")
            for each in problems
            if isinstance(each, dict)
        )
        show(
            [
                Diagnostic(
                    codes.MF0013.id,
                    codes.MF0013.severity,
                    f"the input does not fit: {listed or shown(refused.message)}",
                    None,
                    "`magic-flow generate docs --format openapi` tells what it must be",
                )
            ]
        )
        return None
    if examples:
        names = ", ".join(dict.fromkeys(examples))
        sys.stderr.write(
            f"{names} gave examples: `--handlers` names a module with functions\n"
        )
    return result


def _tell(result: RunResult) -> int:
    """Print the outcome; 1 for a run that did not complete."""
    from magicflow_cli.cli.live import shown

    if result.status == "completed":
        sys.stderr.write("completed\n")
        sys.stdout.write(_json(result.output) + "\n")
        return 0
    error = result.error or {}
    told = shown(f"{error.get('code', '')} {error.get('message', '')}")
    sys.stderr.write(f"{result.status}: {told}\n")
    sys.stdout.write(_json({"status": result.status, "error": error}) + "\n")
    return 1


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
