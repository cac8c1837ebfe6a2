"""Clients of the server, blocking and for asyncio."""

from magicflow.client.asynchronous import AsyncClient
from magicflow.client.errors import (
    ApiError,
    ClientError,
    Conflict,
    ConnectionFailed,
    InvalidInput,
    NotAuthorized,
    NotFound,
    Overloaded,
    RunFailed,
    RunTimeout,
    ServerUnavailable,
)
from magicflow.client.model import Event, Execution, Retries
from magicflow.client.sync import Client
from magicflow.client.typed import (
    AsyncWorkflowClient,
    Contract,
    StartOptions,
    WorkflowCancelled,
    WorkflowClient,
    WorkflowFailed,
    WorkflowRejected,
    WorkflowTimedOut,
)

__all__ = [
    "ApiError",
    "AsyncClient",
    "AsyncWorkflowClient",
    "Client",
    "ClientError",
    "Conflict",
    "ConnectionFailed",
    "Contract",
    "Event",
    "Execution",
    "InvalidInput",
    "NotAuthorized",
    "NotFound",
    "Overloaded",
    "Retries",
    "RunFailed",
    "RunTimeout",
    "ServerUnavailable",
    "StartOptions",
    "WorkflowCancelled",
    "WorkflowClient",
    "WorkflowFailed",
    "WorkflowRejected",
    "WorkflowTimedOut",
]
