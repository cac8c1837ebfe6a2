"""The typer application: a command is imported when it is named."""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, cast, get_args, get_origin

import typer
from typer.core import TyperCommand, TyperGroup

from magicflow_cli import __version__
from magicflow_cli.cli.commands import COMMANDS, Entry, top_level_help
from magicflow_cli.cli.failure import NotDone
from magicflow_cli.diagnostics import codes


class Command(TyperCommand):
    """A command whose epilog is a list of example lines, printed as they stand.

    Its parameters are converted here: typer would import pydantic for it, which costs
    more than validating a workflow.
    """

    def get_params(self, ctx: Any) -> list[Any]:
        return _convert_ourselves(super().get_params(ctx))

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        if self.epilog:
            with formatter.section("Examples"):
                for line in self.epilog.strip().splitlines():
                    formatter.write(f"  {line.strip()}\n")


class Converter:
    """Turns what was typed into a parameter's type: str, bool, Path, one of several
    words, or a list of these."""

    def __init__(self, param: Any) -> None:
        annotation = param.type_descriptor.annotation
        self.many = get_origin(annotation) is list
        self.type = get_args(annotation)[0] if self.many else annotation

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        if self.many:
            return [self._convert(item, param, ctx) for item in value or ()]
        return None if value is None else self._convert(value, param, ctx)

    def _convert(self, value: Any, param: Any, ctx: Any) -> Any:
        if get_origin(self.type) is Literal:
            words = get_args(self.type)
            if value not in words:
                listed = ", ".join(f"`{word}`" for word in words)
                raise typer.BadParameter(
                    f"`{value}` is not one of {listed}", ctx=ctx, param=param
                )
            return value
        if isinstance(value, self.type):
            return value
        if value == "" and issubclass(self.type, Path):
            # a shell's variable that is not set must not mean the current folder
            raise typer.BadParameter(
                "the path is empty, `.` is this folder", ctx=ctx, param=param
            )
        try:
            return self.type(value)
        except ValueError:
            raise typer.BadParameter(
                f"`{value}` is no whole number", ctx=ctx, param=param
            ) from None


def _convert_ourselves(params: list[Any]) -> list[Any]:
    for param in params:
        param._runtime_param = Converter(param)
    return params


class LazyGroup(TyperGroup):
    """The commands of a table, imported when they are asked for."""

    entries: tuple[Entry, ...] = ()

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        # typer suggests a name from the keys; the values are never read
        self.commands = cast(Any, dict.fromkeys(self.list_commands(None)))

    def list_commands(self, ctx: Any) -> list[str]:
        return [entry.name for entry in self.entries]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        for entry in self.entries:
            if entry.name == cmd_name:
                command = typer.main.get_command(import_module(entry.module).app)
                command.name = entry.name
                command.short_help = entry.summary
                return command
        return None

    def get_params(self, ctx: Any) -> list[Any]:
        return _convert_ourselves(super().get_params(ctx))

    format_epilog = Command.format_epilog


class _Stopped(Exception):
    """Carries an interrupt or a closed pipe past typer, which would make exit codes of
    them."""


class _TopLevel(LazyGroup):
    entries = COMMANDS

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, BrokenPipeError) as stop:
            raise _Stopped from stop

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write(top_level_help())


def application(**settings: Any) -> typer.Typer:
    """A typer application with the settings that all of ours share."""
    return typer.Typer(
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"max_content_width": 88},
        **{"add_completion": False, **settings},
    )


app = application(cls=_TopLevel, add_completion=True)


def _print_version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"magic-flow {__version__}\n")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True
    ),
) -> None:
    pass


def invoke(arguments: list[str]) -> int:
    """Run a command line; every failure but an interrupt and a closed pipe becomes an
    exit code and a diagnostic on stderr."""
    try:
        status = typer.main.get_command(app).main(
            arguments, prog_name="magic-flow", standalone_mode=False
        )
    except NotDone as failure:
        _complain(failure)
        return 2
    except typer.TyperException as error:
        _complain(_usage(error))
        return 2
    except (KeyboardInterrupt, BrokenPipeError):
        raise
    except _Stopped as stopped:
        assert stopped.__cause__ is not None
        raise stopped.__cause__ from None
    except Exception as error:
        _complain(_defect(error))
        return 2
    return status if isinstance(status, int) else 0


def _usage(error: typer.TyperException) -> NotDone:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "magic-flow"
    message = error.format_message().rstrip(".").replace("'", "`")
    return NotDone(
        codes.MF0001, message[:1].lower() + message[1:], help=f"see `{command} --help`"
    )


def _defect(error: Exception) -> NotDone:
    """One of our own bugs. `MAGIC_FLOW_TRACEBACK=1` prints where it came from."""
    if os.environ.get("MAGIC_FLOW_TRACEBACK"):
        traceback.print_exc()
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(frame.filename).name}:{frame.lineno}"
    return NotDone(
        codes.MF9000,
        f"the compiler failed with {type(error).__name__} in {where}",
        help="this is a defect of magic-flow; run again with MAGIC_FLOW_TRACEBACK=1 and report what it prints",
    )


def _complain(failure: NotDone) -> None:
    from magicflow_cli.cli.output import show

    show([failure.diagnostic])
