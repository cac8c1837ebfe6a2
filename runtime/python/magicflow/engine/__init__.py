"""The embedded engine: runs, tasks and timers of one process on one store."""

from magicflow.engine.clock import Clock, SystemClock, VirtualClock
from magicflow.engine.engine import Engine
from magicflow.engine.requests import (
    EngineSettings,
    Overloaded,
    Refused,
    StartRequest,
    Unavailable,
)
from magicflow.engine.tasks import NotFound, Stale, Unreadable

__all__ = [
    "Clock",
    "Engine",
    "EngineSettings",
    "NotFound",
    "Overloaded",
    "Refused",
    "Stale",
    "StartRequest",
    "SystemClock",
    "Unavailable",
    "Unreadable",
    "VirtualClock",
]
