"""The options of `magic-flow generate` and its targets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from magicflow_cli.cli.options import Context, Paths, Strict, Workflow
from magicflow_cli.record import Value

__all__ = ["Context", "Paths", "Strict", "Workflow"]

Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="The folder that receives the files; else what magic-flow.yaml says.",
    ),
]
LanguageName = Annotated[
    str | None,
    typer.Option(
        "--language",
        "-l",
        metavar="NAME",
        help="Language of the code; else the project file's, else python.",
    ),
]
Languages = Annotated[
    str | None,
    typer.Option(
        metavar="A,B", help="Several languages, each into a folder of its name."
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A server.yaml or executor.yaml that the output starts from.",
    ),
]
Package = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Package or module name of the code."),
]
Check = Annotated[
    bool,
    typer.Option("--check", help="Write nothing; fail when anything is out of date."),
]
Diff = Annotated[
    bool, typer.Option("--diff", help="Write nothing; print what would change.")
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Write nothing; list the files that would change."),
]
Force = Annotated[
    bool,
    typer.Option(
        "--force", help="Overwrite edited and foreign files, keeping them as .orig."
    ),
]
Adopt = Annotated[
    bool,
    typer.Option(
        "--adopt", help="Take over files that carry the header of generated files."
    ),
]
TypeSafe = Annotated[
    bool, typer.Option("--type-safe", help="Accepted for old scripts: always true.")
]

Mode: TypeAlias = Literal["write", "dry-run", "diff", "check", "check+diff"]


class Permitted(Value):
    """What `--force` and `--adopt` allow."""

    force: bool
    adopt: bool


def mode_of(check: bool, diff: bool, dry_run: bool) -> Mode:
    """What to do with what was rendered; `--check --diff` prints and fails."""
    if check:
        return "check+diff" if diff else "check"
    if diff:
        return "diff"
    return "dry-run" if dry_run else "write"
