"""One compiled workflow: what plan, graph, explain and generate start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from magicflow_cli.cli import options
from magicflow_cli.cli.build import Build
from magicflow_cli.cli.failure import NotDone
from magicflow_cli.diagnostics import codes

if TYPE_CHECKING:
    from magicflow_cli.check.model import CheckedWorkflow
    from magicflow_cli.compile import Compiled


def compile_one(
    paths: list[Path] | None,
    workflow: Path | None,
    context: Path | None,
    name: str | None,
    strict: bool,
) -> Compiled | None:
    """The one workflow that the options name, compiled; None when it has errors, which
    are shown. Raises NotDone when the options name no workflow, or several."""
    built = options.build_for(paths, workflow, context, strict)
    if built is None:
        return None
    from magicflow_cli.compile import compile_workflow

    return compile_workflow(only_one(built, name))


def only_one(built: Build, name: str | None) -> CheckedWorkflow:
    """The one workflow there is, or the one of that name. Raises NotDone."""
    found = {checked.workflow.metadata.name: checked for checked in built.workflows}
    if name is not None:
        if name in found:
            return found[name]
        raise NotDone(
            codes.MF0004,
            f"there is no workflow `{name}`",
            help=f"there are {_listed(found)}",
        )
    if len(found) == 1:
        return next(iter(found.values()))
    if not found:
        raise NotDone(
            codes.MF0004,
            "there is no workflow in what was named",
            help="name a file with a document of `kind: Workflow`",
        )
    raise NotDone(
        codes.MF0007,
        f"there are {len(found)} workflows and the command takes one",
        help=f"choose one with `--name`: {_listed(found)}",
    )


def _listed(names: dict[str, CheckedWorkflow]) -> str:
    first = [f"`{name}`" for name in sorted(names)[:5]]
    return ", ".join(first) + (" …" if len(names) > 5 else "")
