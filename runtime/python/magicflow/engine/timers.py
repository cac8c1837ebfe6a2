"""Durable timers in memory: one heap, one alarm. The store has the rows."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from magicflow.engine.clock import Clock, Handle

TimerId = tuple[str, str]
"""(run id, timer id): the occurrence that started it, never only a name."""


class Timers:
    """Calls `fire(run_id, timer_id)` at or after the due time, never before, once."""

    def __init__(self, clock: Clock, fire: Callable[[str, str], None]) -> None:
        self._clock = clock
        self._fire = fire
        self._due: dict[TimerId, int] = {}
        self._heap: list[tuple[int, TimerId]] = []
        self._alarm: Handle | None = None
        self._alarm_at = 0

    def __len__(self) -> int:
        return len(self._due)

    def start(self, run_id: str, timer_id: str, due: int) -> None:
        identity = (run_id, timer_id)
        self._due[identity] = due
        heapq.heappush(self._heap, (due, identity))
        self._arm()

    def load(self, timers: list[tuple[str, str, int]]) -> None:
        """Some of those that the store has, after a restart."""
        for run_id, timer_id, due in timers:
            identity = (run_id, timer_id)
            if identity not in self._due:
                self._due[identity] = due
                heapq.heappush(self._heap, (due, identity))
        self._arm()

    def cancel(self, run_id: str, timer_id: str) -> None:
        self._due.pop((run_id, timer_id), None)
        # a cancelled timer stays in the heap until its time; when most are cancelled
        # the heap is built anew, so memory follows the timers that are alive
        if len(self._heap) > 64 and len(self._heap) > 4 * len(self._due):
            self._heap = [(due, identity) for identity, due in self._due.items()]
            heapq.heapify(self._heap)

    def clear(self) -> None:
        self._due.clear()
        self._heap.clear()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _arm(self) -> None:
        if not self._heap:
            return
        due = self._heap[0][0]
        if self._alarm is not None:
            if self._alarm_at <= due:
                return
            self._alarm.cancel()
        self._alarm_at = due
        self._alarm = self._clock.call_at(due, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        now = self._clock.now()
        heap = self._heap
        while heap and heap[0][0] <= now:
            due, identity = heapq.heappop(heap)
            if self._due.get(identity) == due:
                del self._due[identity]
                self._fire(*identity)
        self._arm()
