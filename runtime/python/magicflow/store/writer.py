"""Group commit: one thread drains a queue into one transaction at a time.

Order is kept. After the first failure nothing is written any more until `resume`: what
waits behind a failed batch is given back unwritten, so that a smaller, later write can
never overtake one whose fate is unknown.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Thread
from typing import Protocol

from magicflow.store.interface import Store
from magicflow.store.model import Conflict, StoreError, Write

MAX_BATCH = 512
"""Writes in one transaction; more would make the first of them wait for the last."""

_GIVE_WAY = 50e-6
"""Seconds. A thread that wakes up gets the interpreter's lock from a busy event loop only
after the switch interval, 5 ms; a loop that sleeps for a moment gives it at once."""

Done = Callable[[Sequence[Write], BaseException | None], None]
"""Called on the writer's thread, once per write group, in order."""


class Writer(Protocol):
    """Takes writes in order and tells their fate in the same order."""

    def submit(self, writes: list[Write]) -> None: ...

    def resume(self) -> None: ...

    async def run(self, call: Callable[[], None]) -> None:
        """Call something that may take long, where that holds nobody up."""

    def close(self) -> None: ...


class GroupWriter:
    """Writes on its own thread. `done(writes, None)` after a commit, `done(writes,
    error)` with a Conflict for writes that were refused, with a StoreError for writes
    whose fate is unknown or that were never tried."""

    def __init__(self, store: Store, done: Done) -> None:
        self._store = store
        self._done = done
        self._queue: SimpleQueue[list[Write] | None] = SimpleQueue()
        self._failed: StoreError | None = None
        self._idle = False
        self._thread = Thread(target=self._work, name="magicflow-writer", daemon=True)
        self._thread.start()

    def submit(self, writes: list[Write]) -> None:
        """Queue writes; the list is the writer's from now on. A writer that had nothing
        to do begins with them before the caller goes on."""
        self._queue.put(writes)
        if self._idle:
            time.sleep(_GIVE_WAY)

    def resume(self) -> None:
        """Write again, after the engine has read the truth back from the store. Nothing
        may be queued then: what waited behind a failure was given back."""
        self._failed = None

    async def run(self, call: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(None, call)

    def close(self) -> None:
        """Write what is queued, then stop."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        queue = self._queue
        batch: list[Write] = []
        closing = False
        while not closing or batch:
            if not batch and not closing:
                self._idle = True
                more = queue.get()
                self._idle = False
                closing = more is None
                batch = more or []
            while len(batch) < MAX_BATCH and not queue.empty():
                more = queue.get()
                closing = closing or more is None
                batch += more or ()
            rest = batch[MAX_BATCH:]
            del batch[MAX_BATCH:]
            if self._failed is not None:
                self._done(batch, self._failed)
            elif batch:
                commit_batch(self._store, batch, self._done, self._fail)
            batch = rest

    def _fail(self, error: StoreError) -> None:
        self._failed = error


class InlineWriter:
    """Writes on the caller's thread, at once: for virtual time and `magic-flow run`."""

    def __init__(self, store: Store, done: Done) -> None:
        self._store = store
        self._done = done
        self._failed: StoreError | None = None

    def submit(self, writes: list[Write]) -> None:
        if self._failed is not None:
            self._done(writes, self._failed)
        else:
            commit_batch(self._store, writes, self._done, self._fail)

    def _fail(self, error: StoreError) -> None:
        self._failed = error

    def resume(self) -> None:
        self._failed = None

    async def run(self, call: Callable[[], None]) -> None:
        call()

    def close(self) -> None:
        """Nothing is ever queued."""


def commit_batch(
    store: Store,
    batch: list[Write],
    done: Done,
    fail: Callable[[StoreError], None],
) -> bool:
    """Commit a batch and tell its writes' fate. False when it is unknown: then `fail`
    is called first, so that whoever hears of the failure finds the writer stopped.

    A conflict is a known outcome, nothing was kept: the writes are tried one by one, so
    that only those that conflict are refused.
    """
    try:
        store.commit(batch)
    except Conflict as conflict:
        if len(batch) == 1:
            done(batch, conflict)
            return True
        for position, write in enumerate(batch):
            if not commit_batch(store, [write], done, fail):
                rest = batch[position + 1 :]
                if rest:
                    done(rest, StoreError("a write before this one failed"))
                return False
        return True
    except Exception as error:
        failure = error if isinstance(error, StoreError) else StoreError(str(error))
        fail(failure)
        done(batch, failure)
        return False
    done(batch, None)
    return True
