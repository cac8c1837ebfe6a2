"""Running executor functions: handlers, their registry, and the polling worker."""

from magicflow.worker.context import TaskContext
from magicflow.worker.errors import RegistrationError, WorkflowError
from magicflow.worker.registry import Registry, Signature
from magicflow.worker.secrets import Secrets

__all__ = [
    "RegistrationError",
    "Registry",
    "Secrets",
    "Signature",
    "TaskContext",
    "WorkflowError",
]
