"""Magic Flow: the Python runtime.

    run_in_process(plan, input, handlers)     one run, without a server
    serve(plans, config, executors)           a server until a signal stops it
    Worker(executor, url, token)              an executor in a process of its own
    Client, AsyncClient                       start runs and ask about them
    WorkflowError, TaskContext, Registry      what handlers use

Names are loaded when they are first used, so that `import magicflow` is cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from magicflow.client import AsyncClient, Client
    from magicflow.engine.inprocess import RunResult, run_in_process
    from magicflow.server import ServerConfig, serve
    from magicflow.worker import (
        RegistrationError,
        Registry,
        Signature,
        TaskContext,
        Worker,
        WorkflowError,
    )

__all__ = [
    "AsyncClient",
    "Client",
    "RegistrationError",
    "Registry",
    "RunResult",
    "ServerConfig",
    "Signature",
    "TaskContext",
    "Worker",
    "WorkflowError",
    "run_in_process",
    "serve",
]
_MODULES = {
    "AsyncClient": "magicflow.client",
    "Client": "magicflow.client",
    "RegistrationError": "magicflow.worker",
    "Registry": "magicflow.worker",
    "RunResult": "magicflow.engine.inprocess",
    "ServerConfig": "magicflow.server",
    "Signature": "magicflow.worker",
    "TaskContext": "magicflow.worker",
    "Worker": "magicflow.worker",
    "WorkflowError": "magicflow.worker",
    "run_in_process": "magicflow.engine.inprocess",
    "serve": "magicflow.server",
}


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module `magicflow` has no `{name}`")
    return getattr(import_module(module), name)
