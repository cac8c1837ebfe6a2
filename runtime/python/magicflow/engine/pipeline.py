"""From a decided write to what follows from it: queue, commit, tell, carry out.

Writes are gathered while the event loop works through what is ready, handed to the
writer together, and settled in the order in which they were made.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from magicflow.engine.faults import Faults
from magicflow.engine.live import LiveRun
from magicflow.engine.requests import Unavailable
from magicflow.store import Conflict, OutboxChange, Store, Write
from magicflow.store.writer import Done, Writer

Json = dict[str, Any]
Settled = asyncio.Future[None]

ENOUGH = 32
"""Writes that are handed over before the loop has worked through what is ready. With
fewer at once the writer's thread and the loop take the interpreter's lock from each
other, which costs both more than waiting for a quick disk does."""


class Pending:
    """A write on its way: whom to tell, and what to do when it is durable."""

    __slots__ = ("commands", "done", "history", "live")

    def __init__(
        self,
        live: LiveRun | None = None,
        commands: Sequence[Json] = (),
        history: Sequence[Json] = (),
        done: Settled | None = None,
    ) -> None:
        self.live = live
        self.commands = commands
        self.history = history
        self.done = done


class Outcomes(Protocol):
    """Who hears what became of the writes: the engine."""

    def durable(self, settled: list[Pending]) -> None: ...

    def refused(self, pending: Pending, conflict: Conflict) -> None: ...

    def unknown(self, error: BaseException) -> None: ...


class Pipeline:
    def __init__(
        self,
        store: Store,
        make_writer: Callable[[Store, Done], Writer],
        outcomes: Outcomes,
        faults: Faults,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._outcomes = outcomes
        self._faults = faults
        self._writes: list[Write] = []
        self._in_flight: deque[Pending] = deque()
        self._flushing = False
        self._emptied: Settled | None = None
        self._store = store
        self._writer = make_writer(store, self._written)

    def __len__(self) -> int:
        """Writes whose fate is not known yet."""
        return len(self._in_flight)

    def write(self, write: Write, pending: Pending) -> None:
        self._writes.append(write)
        self._in_flight.append(pending)
        if pending.live is not None:
            pending.live.in_flight += 1
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)
        elif len(self._writes) >= ENOUGH:
            self._submit()

    def fence(self) -> Settled:
        """Ends when everything that is decided by now is durable."""
        done: Settled = self._loop.create_future()
        self.write(OutboxChange(), Pending(done=done))
        return done

    def _flush(self) -> None:
        self._flushing = False
        if self._writes:
            self._submit()

    def _submit(self) -> None:
        self._faults.reach("before_write")
        writes, self._writes = self._writes, []
        self._writer.submit(writes)

    def _written(self, writes: Sequence[Write], error: BaseException | None) -> None:
        """On the writer's thread."""
        self._loop.call_soon_threadsafe(self._settle, len(writes), error)

    def _settle(self, count: int, error: BaseException | None) -> None:
        self._faults.reach("before_acknowledge")
        in_flight = self._in_flight
        settled = [in_flight.popleft() for _ in range(count)]
        if error is None:
            for pending in settled:
                done = pending.done
                if done is not None and not done.done():
                    done.set_result(None)
            if self._faults.label == "before_dispatch":
                # let the answers leave the process first
                self._loop.call_later(0.05, self._carry_out_faulty, settled)
            else:
                self._outcomes.durable(settled)
        elif isinstance(error, Conflict):
            for pending in settled:
                fail(pending.done, error)
                self._outcomes.refused(pending, error)
        else:
            for pending in settled:
                fail(pending.done, Unavailable("the store did not take the write"))
            self._outcomes.unknown(error)
        if self._emptied is not None and not in_flight:
            self._emptied.set_result(None)
            self._emptied = None

    def _carry_out_faulty(self, settled: list[Pending]) -> None:
        self._faults.reach("before_dispatch")
        self._outcomes.durable(settled)

    async def empty(self) -> None:
        """Until nothing is under way: behind a failure everything comes back."""
        self._flush()
        if self._in_flight:
            self._emptied = self._loop.create_future()
            await self._emptied

    async def aside(self, call: Callable[[], None]) -> None:
        """Call something that may take long, where that holds nobody up."""
        await self._writer.run(call)

    async def reopen(self) -> None:
        """Make the store work again and write to it. Raises StoreError."""
        await self.aside(self._store.reopen)
        self._writer.resume()

    async def close(self) -> None:
        """Write what is decided, then stop."""
        self._flush()
        await self.aside(self._writer.close)
        await asyncio.sleep(0)


def fail(done: Settled | None, error: BaseException) -> None:
    if done is not None and not done.done():
        done.set_exception(error)
        done.exception()  # perhaps nobody waits for it: it must not complain
