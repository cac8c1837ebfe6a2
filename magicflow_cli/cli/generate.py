"""`magic-flow generate`: a group with a command per kind of output."""

from __future__ import annotations

from typing import Any

import typer

from magicflow_cli.cli import generate_options as options
from magicflow_cli.cli.app import LazyGroup, application
from magicflow_cli.cli.commands import GENERATE


class _Targets(LazyGroup):
    entries = GENERATE

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        from magicflow_cli.cli.generate_targets import COMMANDS, command_for

        if cmd_name in COMMANDS:
            command = typer.main.get_command(command_for(cmd_name))
            command.name = cmd_name
            command.short_help = COMMANDS[cmd_name]
            return command
        return super().get_command(ctx, cmd_name)


app = application(
    cls=_Targets,
    epilog="""
    magic-flow generate
    magic-flow generate all --workflow workflow.yaml --output ./generated
    magic-flow generate types --workflow workflow.yaml --output ./generated --check
    magic-flow generate docs --format openapi --output openapi.json workflow.yaml
    """,
)


@app.callback(invoke_without_command=True)
def generate(
    context: typer.Context,
    check: options.Check = False,
    diff: options.Diff = False,
    dry_run: options.DryRun = False,
    force: options.Force = False,
    adopt: options.Adopt = False,
    strict: options.Strict = False,
) -> int | None:
    """Generate typed services from workflows.

    Without a command it does what `magic-flow.yaml` says.
    """
    if context.invoked_subcommand is not None:
        return None
    from magicflow_cli.cli.generate_targets import generate_project

    mode = options.mode_of(check, diff, dry_run)
    return generate_project(mode, options.Permitted(force, adopt), strict)
