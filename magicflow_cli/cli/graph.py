"""`magic-flow graph`."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import typer

from magicflow_cli.cli import options
from magicflow_cli.cli.app import Command, application
from magicflow_cli.cli.compiled import compile_one
from magicflow_cli.cli.output import write_product

app = application()
Drawing: TypeAlias = Literal["mermaid", "svg"]


@app.command(
    cls=Command,
    epilog="""
    magic-flow graph workflow.yaml --output workflow.svg
    magic-flow graph --workflow workflow.yaml --context context.yaml --format mermaid
    """,
)
def graph(
    paths: options.Paths = None,
    workflow: options.Workflow = None,
    context: options.Context = None,
    format: Annotated[Drawing, typer.Option(help="What to draw with.")] = "svg",
    output: options.Output = None,
    name: options.Name = None,
    strict: options.Strict = False,
) -> int:
    """Draw a workflow: its steps, where each leads, failures, retries and timeouts.

    The SVG stands alone and suits light and dark pages.
    """
    compiled = compile_one(paths, workflow, context, name, strict)
    if compiled is None:
        return 1
    from magicflow_cli.docs.diagrams import draw

    write_product(draw(compiled.plan, format), output)
    return 0
