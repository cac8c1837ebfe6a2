"""`magic-flow explain`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from magicflow_cli.cli import options
from magicflow_cli.cli.app import Command, application
from magicflow_cli.cli.compiled import compile_one
from magicflow_cli.cli.failure import NotDone
from magicflow_cli.cli.output import wants_color
from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.resources import resource

app = application()
_CODE = re.compile(r"(?i)MF[0-9]+\Z")


@app.command(
    cls=Command,
    epilog="""
    magic-flow explain MF3012
    magic-flow explain workflow.yaml
    magic-flow explain --workflow workflow.yaml --context context.yaml
    """,
)
def explain(
    subject: Annotated[
        str | None,
        typer.Argument(
            metavar="[CODE|PATH]",
            help="A diagnostic code, or a workflow's file or folder.",
            show_default=False,
        ),
    ] = None,
    workflow: options.Workflow = None,
    context: options.Context = None,
    name: options.Name = None,
    strict: options.Strict = False,
) -> int:
    """Explain a diagnostic code, or a workflow in plain words.

    Of a workflow it tells each step, where it leads, and how long it can take.
    """
    if subject is not None and _CODE.match(subject):
        _show_page(subject.upper())
        return 0
    paths = [Path(subject)] if subject is not None else None
    compiled = compile_one(paths, workflow, context, name, strict)
    if compiled is None:
        return 1
    from magicflow_cli.docs.telling import tell

    sys.stdout.write(tell(compiled.plan))
    return 0


def _show_page(code: str) -> None:
    page = resource("docs/diagnostics", f"{code}.md")
    if code not in codes.CODES or not page.is_file():
        near = suggest(code, codes.CODES)
        raise NotDone(
            codes.MF0006,
            f"there is no code `{code}`",
            help=f"did you mean `{near}`?" if near else "codes look like `MF3012`",
        )
    text = page.read_text(encoding="utf-8")
    if not wants_color(sys.stdout):
        sys.stdout.write(text)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(text))
