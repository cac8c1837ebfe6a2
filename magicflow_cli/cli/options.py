"""Options that several commands share, and what they mean together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from magicflow_cli.cli.build import Build, build
from magicflow_cli.cli.failure import NotDone
from magicflow_cli.cli.output import show
from magicflow_cli.cli.project import read_project
from magicflow_cli.cli.selection import (
    SUFFIXES,
    InputFile,
    Selection,
    named,
    select,
)
from magicflow_cli.diagnostics import codes

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[PATH]...",
        help="Workflow files, or folders with workflows.",
        show_default=False,
    ),
]
Workflow = Annotated[
    Path | None,
    typer.Option("--workflow", "-w", metavar="FILE", help="The workflow's file."),
]
Context = Annotated[
    Path | None,
    typer.Option(
        "--context",
        "-c",
        metavar="FILE",
        help="The file of its WorkflowContext; found beside the workflow if absent.",
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Treat warnings as errors.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write there, not to stdout."),
]

Name = Annotated[
    str | None,
    typer.Option(
        "--name", "-n", metavar="NAME", help="Which workflow, if there are several."
    ),
]


def choose(
    paths: list[Path] | None,
    workflow: Path | None,
    folder: Path | None = None,
    suffixes: tuple[str, ...] = SUFFIXES,
) -> Selection:
    """What the arguments name; without any, what the project file names, else the
    current folder; in folders, files with `suffixes`. Raises NotDone when that holds no
    file to check."""
    named_paths = [*(paths or []), *(path for path in (workflow, folder) if path)]
    if folder is not None and not folder.is_dir():
        raise NotDone(
            codes.MF0102,
            f"`{folder}` is not a folder",
            help="`--workflows` names a folder with workflows",
        )
    project = read_project(Path.cwd())
    if not named_paths:
        named_paths = [Path()] if project is None else project.paths("workflows")
    selection = select(named_paths, suffixes)
    if project is not None:
        selection.project = project
        selection.contexts = select(project.paths("contexts")).files
    if not selection.files and not (project and project.diagnostics):
        where = f"in `{named_paths[0]}`" if named_paths != [Path()] else "here"
        raise NotDone(
            codes.MF0004,
            f"there is no workflow {where}",
            help="name a file, or write one: `apiVersion: workflow.magic-flow.io/v2`",
        )
    return selection


def chosen_context(context: Path | None) -> InputFile | None:
    """The file of `--context`. Raises NotDone when there is none."""
    return None if context is None else existing("--context", context)[0]


def existing(option: str, file: Path) -> list[InputFile]:
    """The file of an option, in a list. Raises NotDone when there is none."""
    if not file.is_file():
        raise NotDone(
            codes.MF0102, f"`{file}` does not exist", help=f"check `{option}`"
        )
    return [named(file)]


def build_for(
    paths: list[Path] | None,
    workflow: Path | None,
    context: Path | None,
    strict: bool,
) -> Build | None:
    """Build what the options name and show what is wrong with it on stderr; None when
    that is an error."""
    built = build(
        choose(paths, workflow), context=chosen_context(context), strict=strict
    )
    if built.diagnostics:
        show(built.diagnostics, built.sources)
    return None if built.has_errors else built
