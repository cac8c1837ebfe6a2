"""What the engine needs of a store. `tests/runtime/store/contract.py` is its meaning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from magicflow.store.model import Effect, LogRow, PlanRow, RunFilter, RunRow, Write


class Store(Protocol):
    """Rows of runs, their log, and the outbox.

    `commit` is called by one thread at a time; reads come from other threads and see
    committed data only. Guarantees:

    - `commit` is atomic and durable: when it returns, all writes of the batch survive a
      crash of the process and of the machine; when it raises `Conflict`, none of them
      took hold; when it raises `StoreError`, nobody knows until the store is read again.
    - A transition takes hold only on the version before its own (compare-and-set).
      Version 0 is a run that is accepted and has not started; it has no log row.
    - Within a batch the log, its history and the outbox keep the order of the writes.
    - An idempotency key names at most one run of a workflow, for ever or until the run
      is erased.
    """

    def commit(self, writes: Sequence[Write]) -> None:
        """Keep all of the writes, or none. Raises Conflict, StoreError."""

    def reopen(self) -> None:
        """Forget connections and caches after a failed commit and prove that writing
        works again. Raises StoreError as long as it does not."""

    def close(self) -> None:
        """Give the store up; safe to call twice."""

    def run(self, run_id: str) -> RunRow | None: ...

    def runs(
        self, wanted: RunFilter, before: str | None = None, limit: int = 100
    ) -> list[RunRow]:
        """Newest first by id; `before` is the last id of the page before."""

    def run_of_key(self, workflow: str, key: str) -> str | None:
        """Id of the run that was started with this idempotency key."""

    def open_run_of(self, workflow: str, foreign_id: str) -> str | None:
        """Id of the newest run of this foreign id that has not ended."""

    def log(
        self, run_id: str, after: int = 0, limit: int | None = None
    ) -> list[LogRow]:
        """Transitions with a version beyond `after`, in order."""

    def effects(self, kinds: Iterable[str], run_id: str | None = None) -> list[Effect]:
        """Open outbox rows of these kinds, by run and key."""

    def timers(
        self, after: tuple[str, str] = ("", ""), limit: int = 1 << 40
    ) -> list[tuple[str, str, int]]:
        """(run id, key, due) of open timers, all that a restart needs of them, in the
        order of run and key; `after` is where the page before ended."""

    def expired(
        self, workflow: str, statuses: Iterable[str], before: int, limit: int
    ) -> list[str]:
        """Ids of runs of a workflow that ended in one of these states before a time."""

    def listeners(self, event: str) -> list[Effect]:
        """Open outbox rows of kind `listen` for an event."""

    def plan(self, hash: str) -> PlanRow | None: ...

    def plans(self) -> list[PlanRow]:
        """Every plan that was saved, oldest first."""

    def setting(self, name: str) -> str | None: ...

    def count_open(self) -> int:
        """How many runs have not ended."""

    def size(self) -> int:
        """Bytes that the store takes."""
