"""One workflow with its own types, in the process that runs it; what generated servers
stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import orjson

from magicflow.client.model import Execution
from magicflow.client.typed import Contract, StartOptions
from magicflow.engine.inprocess import run_in_process
from magicflow.engine.requests import StartRequest
from magicflow.server.durations import parse_duration
from magicflow.server.serving import Server
from magicflow.worker.executor import WorkflowExecutor, shared_registries
from magicflow.worker.secrets import Secrets

I = TypeVar("I")  # noqa: E741 - input
O = TypeVar("O")  # noqa: E741 - output
PRIORITIES = {"low": -10, "normal": 0, "high": 10, "critical": 20}


def read_plan(file: Path) -> dict[str, Any]:
    """The plan of a JSON file."""
    plan: dict[str, Any] = orjson.loads(file.read_bytes())
    return plan


async def start_run(
    server: Server, contract: Contract[I, O], input: I, options: StartOptions
) -> str:
    """Start a run in the server's own process; it is durable when this returns its id.

    Raises Refused for input that does not fit, Overloaded, Unavailable.
    """
    given: dict[str, Any] = dict(options)
    request = StartRequest(
        contract.workflow,
        contract.input.to_json(input),
        given.pop("metadata", None) or {},
    )
    override = given.pop("timeout_override", None)
    if override is not None:
        request.timeout = parse_duration(override)
    priority = given.pop("priority", 0)
    request.priority = (
        PRIORITIES[priority] if isinstance(priority, str) else int(priority)
    )
    for name, value in given.items():
        setattr(request, name, value)
    live, done = server.engine.begin(request)
    if done is not None:
        await done
    return live.row.id


def run_once(
    contract: Contract[I, O],
    plan: Mapping[str, Any],
    input: I,
    executor: WorkflowExecutor | None = None,
    *,
    children: Iterable[Mapping[str, Any]] = (),
    on_event: Callable[[dict[str, Any]], None] | None = None,
    secrets: Secrets | None = None,
) -> O:
    """Run the workflow to its end in this thread, without a server and without a file.

    Raises WorkflowFailed, Refused.
    """
    registries = {} if executor is None else shared_registries([executor])
    result = run_in_process(
        plan,
        contract.input.to_json(input),
        registries,
        children=children,
        on_event=on_event,
        secrets=secrets,
    )
    ended = Execution(
        result.execution_id,
        contract.workflow,
        result.status,
        result.output,
        result.error,
    )
    return contract.result(ended)
