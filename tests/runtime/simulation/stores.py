"""Stores that fail: before they have written, or after it, without saying so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from magicflow.store import (
    Effect,
    MemoryStore,
    RunRow,
    SqliteStore,
    StoreError,
    Write,
)

Fault = Literal["before", "after"]


class _Failing:
    """`fault` is asked before every commit, `broken` before every reopening, `unread`
    before reads of a run or of who listens."""

    fault: Callable[[], Fault | None]
    broken: Callable[[], bool]
    unread: Callable[[], bool]

    def commit(self, writes: Sequence[Write]) -> None:
        fault = self.fault()
        if fault == "before":
            raise StoreError("nothing was written")
        super().commit(writes)  # type: ignore[misc]
        if fault == "after":
            raise StoreError("written, and nobody heard")

    def _read_or_fail(self) -> None:
        if self.unread():
            raise StoreError("cannot read")

    def run(self, run_id: str) -> RunRow | None:
        self._read_or_fail()
        return super().run(run_id)  # type: ignore[misc, no-any-return]

    def run_of_key(self, workflow: str, key: str) -> str | None:
        self._read_or_fail()
        return super().run_of_key(workflow, key)  # type: ignore[misc, no-any-return]

    def listeners(self, event: str) -> list[Effect]:
        self._read_or_fail()
        return super().listeners(event)  # type: ignore[misc, no-any-return]

    def reopen(self) -> None:
        if self.broken():
            raise StoreError("still broken")
        super().reopen()  # type: ignore[misc]


def never() -> None:
    return None


class FailingMemory(_Failing, MemoryStore):
    fault = staticmethod(never)
    broken = staticmethod(lambda: False)
    unread = staticmethod(lambda: False)


class FailingSqlite(_Failing, SqliteStore):
    fault = staticmethod(never)
    broken = staticmethod(lambda: False)
    unread = staticmethod(lambda: False)
