"""`magic-flow start`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from magicflow_cli.cli import options
from magicflow_cli.cli.app import Command, application
from magicflow_cli.cli.failure import NotDone
from magicflow_cli.cli.run import show_errors
from magicflow_cli.diagnostics import codes
from magicflow_cli.plan import to_json

app = application()


@app.command(
    cls=Command,
    epilog="""
    magic-flow start workflows --no-auth
    MAGICFLOW_TOKENS=a-secret magic-flow start workflows --port 8080
    magic-flow start workflows --no-auth --handlers steps.py
    """,
)
def start(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]",
            help="A folder with workflows, or one's file.",
            show_default=False,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="A server.yaml."),
    ] = None,
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", help="Port to listen on; 0 takes a free one."),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option("--database", metavar="FILE", help="The SQLite file of all runs."),
    ] = None,
    auth: Annotated[
        bool,
        typer.Option(
            "--auth/--no-auth",
            help="Whether requests need a token; without one on a loopback address only.",
        ),
    ] = True,
    handlers: Annotated[
        str | None,
        typer.Option(
            "--handlers",
            metavar="MODULE",
            help="A module or file with the steps' functions, run in this process.",
        ),
    ] = None,
    examples: Annotated[
        bool,
        typer.Option(
            "--examples", help="Steps without a function give examples of their output."
        ),
    ] = False,
    strict: options.Strict = False,
) -> int:
    """Serve every workflow of a folder on one SQLite file.

    Executors poll the server for the steps' tasks, unless `--handlers` or `--examples`
    says that it runs them itself. Ctrl-C lets what runs come to an end; a second one
    does not wait.
    """
    from magicflow_cli.cli.build import build

    built = build(
        options.choose(None if folder is None else [folder], None), strict=strict
    )
    if show_errors(built):
        return 1
    from magicflow_cli.compile import compile_workflow

    plans = [to_json(compile_workflow(checked).plan) for checked in built.workflows]
    if not plans:
        raise NotDone(
            codes.MF0004,
            "there is no workflow in what was named",
            help="name a folder with a document of `kind: Workflow`",
        )
    given = {
        "host": host,
        "port": port,
        "database": database,
        "auth": None if auth else False,
    }
    _serve(plans, config, given, _executors(plans, handlers, examples))
    return 0


def _serve(
    plans: list[dict[str, Any]],
    file: Path | None,
    given: dict[str, Any],
    executors: dict[str, Any],
) -> None:
    from magicflow.engine import Refused
    from magicflow.errors import ConfigError
    from magicflow.server.serving import serve
    from magicflow.settings import read_settings, server_settings
    from magicflow.store import StoreError
    from magicflow.worker.errors import RegistrationError

    names = ", ".join(plan["workflow"]["name"] for plan in plans)

    def ready(address: tuple[str, int]) -> None:
        sys.stderr.write(f"serving {names} on http://{address[0]}:{address[1]}\n")
        sys.stderr.flush()

    try:
        if file is not None and not file.is_file():
            raise ConfigError(f"there is no file {file}")
        config = server_settings(read_settings(file), **given)
        if config.database is not None:
            Path(config.database).parent.mkdir(parents=True, exist_ok=True)
        serve(plans, config, executors, ready)
    except (ConfigError, StoreError, RegistrationError, Refused, OSError) as error:
        raise NotDone(
            codes.MF0014,
            str(error).rstrip("."),
            help="see `magic-flow start --help`; on this machine only, `--no-auth` does"
            " without tokens",
        ) from error


def _executors(
    plans: list[dict[str, Any]], module: str | None, examples: bool
) -> dict[str, Any]:
    """Executors that run in this process, by name. Raises NotDone when one of them
    lacks a function: no other process would get its tasks; or when the module has no
    function for any of the workflows."""
    if module is None and not examples:
        return {}
    from magicflow.worker.executor import shared_registries

    from magicflow_cli.cli.handlers import NoFunctions, build_executor

    told = (lambda name: None) if examples else None
    built, without = [], []
    for plan in plans:
        try:
            built.append(build_executor(plan, module, told))
        except NoFunctions as none:
            without.append(none)
            built.append(build_executor(plan, None, told))
    if len(without) == len(plans):
        raise without[0]
    registries = shared_registries(built)
    found: dict[str, Any] = {}
    for name, registry in registries.items():
        missing = registry.missing()
        if missing and list(registry):
            names = ", ".join(f"`{step}`" for step in missing)
            raise NotDone(
                codes.MF0012,
                f"the executor `{name}` has no function for {names}",
                help="add them, or let the rest give examples: `--examples`",
            )
        if not missing:
            found[name] = registry
    return found
