"""Where runs live: the interface, its two implementations, and the group committer."""

from magicflow.store.interface import Store
from magicflow.store.memory import MemoryStore
from magicflow.store.model import (
    Conflict,
    Effect,
    Erasure,
    LogRow,
    OutboxChange,
    PlanRow,
    RunFilter,
    RunRow,
    Setting,
    StoreError,
    StoreInUse,
    Transition,
    Write,
)
from magicflow.store.sqlite import SqliteStore

__all__ = [
    "Conflict",
    "Effect",
    "Erasure",
    "LogRow",
    "MemoryStore",
    "OutboxChange",
    "PlanRow",
    "RunFilter",
    "RunRow",
    "Setting",
    "SqliteStore",
    "Store",
    "StoreError",
    "StoreInUse",
    "Transition",
    "Write",
]
