"""Time as the engine sees it: the system's, or a test's own."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable
from itertools import count
from typing import Protocol


class Handle(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    def now(self) -> int:
        """Milliseconds since 1970 UTC. May jump in both directions."""

    def call_at(self, at: int, call: Callable[[], None]) -> Handle:
        """Call once when `now()` has reached `at`, or earlier when the clock was moved
        or the time is far: who must not be early looks at `now()`, as `not_before`."""


class SystemClock:
    """Wall-clock time on the running event loop."""

    LONGEST = 30_000
    """A sleep is never longer, so that a moved clock is noticed within that time."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def call_at(self, at: int, call: Callable[[], None]) -> Handle:
        delay = min(max(at - self.now(), 0), self.LONGEST) / 1000
        return asyncio.get_running_loop().call_later(delay, call)


def not_before(clock: Clock, at: int, call: Callable[[], None]) -> Handle:
    """`Clock.call_at` that is never early: an alarm that rings too soon is set again."""
    return _PatientAlarm(clock, at, call)


class _PatientAlarm:
    __slots__ = ("_at", "_call", "_clock", "_handle")

    def __init__(self, clock: Clock, at: int, call: Callable[[], None]) -> None:
        self._clock = clock
        self._at = at
        self._call = call
        self._handle = clock.call_at(at, self._ring)

    def _ring(self) -> None:
        if self._clock.now() < self._at:
            self._handle = self._clock.call_at(self._at, self._ring)
        else:
            self._call()

    def cancel(self) -> None:
        self._handle.cancel()


class _Alarm:
    __slots__ = ("call", "cancelled")

    def __init__(self, call: Callable[[], None]) -> None:
        self.call = call
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class VirtualClock:
    """Time that only moves when a test says so."""

    def __init__(self, start: int = 1_700_000_000_000) -> None:
        self._now = start
        self._alarms: list[tuple[int, int, _Alarm]] = []
        self._order = count()

    def now(self) -> int:
        return self._now

    def call_at(self, at: int, call: Callable[[], None]) -> Handle:
        alarm = _Alarm(call)
        heapq.heappush(self._alarms, (at, next(self._order), alarm))
        return alarm

    def jump(self, milliseconds: int) -> None:
        """Move the time without calling anybody, as an operator's `date` does."""
        self._now += milliseconds

    def next_alarm(self) -> int | None:
        while self._alarms and self._alarms[0][2].cancelled:
            heapq.heappop(self._alarms)
        return self._alarms[0][0] if self._alarms else None

    async def advance(self, milliseconds: int) -> None:
        """Let time pass: alarms ring in order, and the loop settles after each."""
        end = self._now + milliseconds
        await settle()
        while (at := self.next_alarm()) is not None and at <= end:
            self._now = max(self._now, at)
            heapq.heappop(self._alarms)[2].call()
            await settle()
        self._now = max(self._now, end)

    async def run_until(self, done: Callable[[], bool], limit: int = 10**9) -> None:
        """Let time pass until `done`, at most `limit` milliseconds."""
        end = self._now + limit
        await settle()
        while not done():
            at = self.next_alarm()
            if at is None or at > end:
                raise TimeoutError("nothing is left that could happen")
            await self.advance(max(at - self._now, 0))


async def settle(rounds: int = 25) -> None:
    """Give everything that is ready on the loop its turn."""
    for _ in range(rounds):
        await asyncio.sleep(0)
