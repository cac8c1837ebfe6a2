"""`magic-flow plan`."""

from __future__ import annotations

from typing import Annotated

import typer

from magicflow_cli.cli import options
from magicflow_cli.cli.app import Command, application
from magicflow_cli.cli.compiled import compile_one
from magicflow_cli.cli.output import write_product

app = application()


@app.command(
    cls=Command,
    epilog="""
    magic-flow plan workflow.yaml
    magic-flow plan --workflow workflow.yaml --context context.yaml --output plan.json
    magic-flow plan workflow.yaml --map
    """,
)
def plan(
    paths: options.Paths = None,
    workflow: options.Workflow = None,
    context: options.Context = None,
    output: options.Output = None,
    map: Annotated[
        bool,
        typer.Option("--map", help="Print the places of the plan's parts instead."),
    ] = False,
    name: options.Name = None,
    strict: options.Strict = False,
) -> int:
    """Compile a workflow and print its plan as canonical JSON.

    The plan is what generators and runtimes read. `--map` prints where each part of it
    stands in the YAML, by JSON pointer.
    """
    compiled = compile_one(paths, workflow, context, name, strict)
    if compiled is None:
        return 1
    if map:
        from magicflow.canonical import canonical

        product = canonical(compiled.map_json())
    else:
        from magicflow_cli.plan import canonical_json

        product = canonical_json(compiled.plan)
    write_product(product + "\n", output)
    return 0
