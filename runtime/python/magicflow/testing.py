"""What generated tests use: one task through an executor, a server without sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from magicflow.server.config import ServerConfig
from magicflow.server.serving import Server
from magicflow.worker.context import TaskContext
from magicflow.worker.executor import WorkflowExecutor, shared_registries
from magicflow.worker.local import LocalExecutor


def run_task(
    executor: WorkflowExecutor, name: str, step: str, function: str, input: Any
) -> dict[str, Any]:
    """What the function of a step makes of an input, as the server would get it:
    `{"output": …}` or `{"error": …}`. `name` is the executor's."""
    runner = LocalExecutor(shared_registries([executor])[name])
    message = {
        "run_id": "test",
        "task_id": f"/{step}",
        "workflow": executor.workflow,
        "step": step,
        "executor": name,
        "function": function,
        "attempt": 1,
        "idempotency_key": f"test:/{step}",
        "input": input,
    }
    try:
        return asyncio.run(runner.run(TaskContext(message)))
    finally:
        runner.close()


@asynccontextmanager
async def running_server(
    plans: Iterable[Mapping[str, Any]], executors: Iterable[WorkflowExecutor] = ()
) -> AsyncIterator[tuple[Server, httpx.AsyncBaseTransport]]:
    """A server in this event loop, with its runs in memory, and the transport by which
    clients reach it without a socket."""
    config = ServerConfig(database=None, auth=False, port=0)
    server = Server(plans, config, dict(shared_registries(executors)))
    await server.engine.open()
    try:
        app: Any = server.app
        yield server, httpx.ASGITransport(app=app)
    finally:
        await server.engine.close(0)
