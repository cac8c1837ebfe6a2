"""Running executor functions: handlers, their registry, and the polling worker."""

from typing import TYPE_CHECKING, Any

from magicflow.worker.context import TaskContext
from magicflow.worker.errors import RegistrationError, WorkflowError
from magicflow.worker.registry import Registry, Signature
from magicflow.worker.secrets import Secrets

if TYPE_CHECKING:
    from magicflow.worker.polling import Worker

__all__ = [
    "RegistrationError",
    "Registry",
    "Secrets",
    "Signature",
    "TaskContext",
    "Worker",
    "WorkflowError",
]


def __getattr__(name: str) -> Any:
    # the polling worker needs an HTTP client, which handlers in process do not
    if name == "Worker":
        from magicflow.worker.polling import Worker

        return Worker
    raise AttributeError(name)
