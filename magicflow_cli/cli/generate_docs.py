"""`magic-flow generate docs`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from magicflow_cli.cli import options
from magicflow_cli.cli.app import Command, application
from magicflow_cli.cli.compiled import compile_one
from magicflow_cli.cli.output import write_product

app = application()
DocsFormat: TypeAlias = Literal["openapi", "markdown"]
FILE_NAMES: dict[DocsFormat, str] = {
    "openapi": "openapi.json",
    "markdown": "README.md",
}


@app.command(
    cls=Command,
    epilog="""
    magic-flow generate docs workflow.yaml --format openapi --output ./docs/api
    magic-flow generate docs workflow.yaml --format markdown > workflow.md
    """,
)
def docs(
    paths: options.Paths = None,
    workflow: options.Workflow = None,
    context: options.Context = None,
    format: Annotated[DocsFormat, typer.Option(help="What to write.")] = "openapi",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="A file, or a folder that gets openapi.json or README.md.",
        ),
    ] = None,
    name: options.Name = None,
    strict: options.Strict = False,
) -> int:
    """Describe the service of a workflow: OpenAPI 3.1, or Markdown for people.

    OpenAPI has the typed input, output, errors and events of the workflow.
    """
    compiled = compile_one(paths, workflow, context, name, strict)
    if compiled is None:
        return 1
    if format == "openapi":
        from magicflow.openapi import describe

        from magicflow_cli.plan import to_json

        document = describe([to_json(compiled.plan)])
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    else:
        from magicflow_cli.docs.markdown import write_markdown

        text = write_markdown(compiled.plan)
    write_product(text, _target(output, format))
    return 0


def _target(output: Path | None, format: DocsFormat) -> Path | None:
    """A name with a suffix is a file; any other is a folder."""
    if output is None or (output.suffix and not output.is_dir()):
        return output
    return output / FILE_NAMES[format]
