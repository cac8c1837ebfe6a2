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

__all__ = [
    "ApiError",
    "AsyncClient",
    "Client",
    "ClientError",
    "Conflict",
    "ConnectionFailed",
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
]
