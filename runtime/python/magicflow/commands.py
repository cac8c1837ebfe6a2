"""`python -m <package> server|executor|all`: the main of a generated project."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from magicflow.errors import ConfigError
from magicflow.worker.errors import RegistrationError
from magicflow.worker.executor import WorkflowExecutor

BuildExecutor = Callable[[], WorkflowExecutor]
LoadPlan = Callable[[], Any]


def main(
    plans: Sequence[LoadPlan] = (),
    executors: Sequence[BuildExecutor] = (),
    arguments: Sequence[str] | None = None,
    program: str | None = None,
) -> int:
    """Carry out a command line; returns its exit code, 2 for what cannot be done."""
    options = _parser(bool(plans), bool(executors), program).parse_args(arguments)
    try:
        if options.command == "executor":
            return _run_executors(options, executors)
        return _run_server(options, plans, executors)
    except (ConfigError, RegistrationError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2


def _parser(
    has_plans: bool, has_executors: bool, program: str | None
) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program)
    commands = parser.add_subparsers(dest="command", required=True)
    if has_plans:
        _server_options(commands.add_parser("server", help="run the server"))
    if has_executors:
        executor = commands.add_parser("executor", help="run the steps' functions")
        _option(executor, "--config", Path, "configuration file")
        _option(executor, "--url", str, "the server (MAGICFLOW_URL)")
        _option(executor, "--token", str, "its token (MAGICFLOW_TOKEN)")
        _option(executor, "--concurrency", int, "tasks at once")
        _option(executor, "--health-port", int, "where /health answers")
        executor.add_argument(
            "--executor",
            action="append",
            dest="executors",
            help="which to run, may be repeated; all without it",
        )
    if has_plans and has_executors:
        both = commands.add_parser(
            "all", help="run the server and the functions in one process"
        )
        _server_options(both)
    return parser


def _server_options(parser: argparse.ArgumentParser) -> None:
    _option(parser, "--config", Path, "configuration file")
    _option(parser, "--host", str, "address to listen on (MAGICFLOW_HOST)")
    _option(parser, "--port", int, "port, 0 for a free one (MAGICFLOW_PORT)")
    _option(parser, "--database", str, "SQLite file (MAGICFLOW_DATABASE)")
    parser.add_argument(
        "--no-auth",
        action="store_true",
        help="take requests without a token; on a loopback address only",
    )


def _option(parser: argparse.ArgumentParser, name: str, kind: Any, help: str) -> None:
    parser.add_argument(name, type=kind, help=help)


def _run_server(
    options: argparse.Namespace,
    plans: Sequence[LoadPlan],
    executors: Sequence[BuildExecutor],
) -> int:
    from magicflow.server.serving import serve
    from magicflow.settings import read_settings, server_settings
    from magicflow.store import StoreError, StoreInUse
    from magicflow.worker.executor import shared_registries

    file = _file(options.config, "server.yaml")
    config = server_settings(
        read_settings(file),
        host=options.host,
        port=options.port,
        database=options.database,
        auth=False if options.no_auth else None,
    )
    registries: dict[str, Any] = {}
    if options.command == "all":
        built = [build() for build in executors]
        for each in built:
            each.check()
        registries = dict(shared_registries(built))
    if config.database is not None:
        Path(config.database).parent.mkdir(parents=True, exist_ok=True)
    try:
        serve([load() for load in plans], config, registries)
    except (StoreInUse, StoreError) as error:
        raise ConfigError(f"{config.database}: {error}") from None
    return 0


def _run_executors(
    options: argparse.Namespace, executors: Sequence[BuildExecutor]
) -> int:
    from magicflow.settings import executor_settings, read_settings
    from magicflow.worker.service import run_executors
    from magicflow.worker.transport import TransportRefused

    config = executor_settings(
        read_settings(_file(options.config, "executor.yaml")),
        url=options.url,
        token=options.token,
        concurrency=options.concurrency,
        health_port=options.health_port,
        executors=tuple(options.executors) if options.executors else None,
    )
    try:
        run_executors([build() for build in executors], config)
    except TransportRefused as error:
        raise ConfigError(str(error)) from None
    return 0


def _file(given: Path | None, name: str) -> Path | None:
    """The file of `--config`, else the one in `config/` if there is one."""
    if given is None:
        return Path("config") / name
    if not given.is_file():
        raise ConfigError(f"there is no file {given}")
    return given
