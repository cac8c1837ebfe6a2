"""`magic-flow schema`."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from magicflow_cli.cli import options
from magicflow_cli.cli.app import Command, application
from magicflow_cli.cli.failure import NotDone
from magicflow_cli.cli.output import write_product
from magicflow_cli.diagnostics import codes
from magicflow_cli.resources import resource

app = application()
KINDS = (
    "workflow",
    "context",
    "scenario",
    "project",
    "server",
    "executor",
    "plan",
    "messages",
)


@app.command(
    "schema",
    cls=Command,
    epilog="""
    magic-flow schema workflow
    magic-flow schema workflow --editor --output .vscode/magic-flow.schema.json
    magic-flow schema plan
    """,
)
def print_schema(
    kind: Annotated[
        str,
        typer.Argument(metavar="KIND", help=f"One of {', '.join(KINDS)}."),
    ] = "workflow",
    editor: Annotated[
        bool,
        typer.Option("--editor", help="With the aliases, for completion in an editor."),
    ] = False,
    output: options.Output = None,
) -> int:
    """Print a JSON Schema of the language.

    Without `--editor` a schema knows the canonical spelling only.
    """
    file = resource("schemas", f"{kind}.schema.json")
    if kind not in KINDS or not file.is_file():
        raise NotDone(
            codes.MF0008,
            f"there is no schema `{kind}`",
            help=f"there are {', '.join(KINDS)}",
        )
    text = file.read_text(encoding="utf-8")
    if editor:
        import json

        from magicflow_cli.documents.editor import SchemaName, editor_schema

        schema = editor_schema(cast(SchemaName, kind))
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    write_product(text, output)
    return 0
