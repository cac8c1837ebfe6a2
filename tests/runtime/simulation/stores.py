"""Stores that fail: before they have written, or after it, without saying so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from magicflow.store import MemoryStore, SqliteStore, StoreError, Write

Fault = Literal["before", "after"]


class _Failing:
    """`fault` is asked before every commit, `broken` before every reopening."""

    fault: Callable[[], Fault | None]
    broken: Callable[[], bool]

    def commit(self, writes: Sequence[Write]) -> None:
        fault = self.fault()
        if fault == "before":
            raise StoreError("nothing was written")
        super().commit(writes)  # type: ignore[misc]
        if fault == "after":
            raise StoreError("written, and nobody heard")

    def reopen(self) -> None:
        if self.broken():
            raise StoreError("still broken")
        super().reopen()  # type: ignore[misc]


def never() -> None:
    return None


class FailingMemory(_Failing, MemoryStore):
    fault = staticmethod(never)
    broken = staticmethod(lambda: False)


class FailingSqlite(_Failing, SqliteStore):
    fault = staticmethod(never)
    broken = staticmethod(lambda: False)
