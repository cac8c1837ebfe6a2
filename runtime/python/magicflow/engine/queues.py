"""Tasks that wait for a worker, by executor: priority first, then age."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from itertools import count

from magicflow.engine.tasks import Task


class TaskQueue:
    """Takes tasks in order of priority (greater first), then of arrival.

    A task that has left the state `queued` is dropped when it comes up; a step that is
    at its `max_concurrency` is put aside and holds up nobody else.
    """

    def __init__(self, counts: dict[tuple[str, str], int]) -> None:
        self._heap: list[tuple[int, int, Task]] = []
        self._aside: dict[tuple[str, str], deque[Task]] = {}
        self._order = count()
        self._counts = counts
        self.size = 0
        """Tasks in the state `queued`; the dispatcher keeps it."""
        self.pollers: deque[asyncio.Future[None]] = deque()
        self.last_poll: int | None = None

    def put(self, task: Task) -> None:
        self.size += 1
        self._sweep()
        self._push(task)

    def _sweep(self) -> None:
        """Drop what has left the state `queued` when that is most of what is kept:
        memory follows the tasks that wait, also while nobody asks for them."""
        kept = len(self._heap)
        if self._aside:
            kept += sum(map(len, self._aside.values()))
        if kept <= 64 or kept <= 4 * self.size:
            return
        self._heap = [each for each in self._heap if each[2].state == "queued"]
        heapq.heapify(self._heap)
        waiting = {
            key: deque(task for task in tasks if task.state == "queued")
            for key, tasks in self._aside.items()
        }
        self._aside = {key: tasks for key, tasks in waiting.items() if tasks}

    def _push(self, task: Task) -> None:
        priority = task.message.get("priority", 0)
        heapq.heappush(self._heap, (-priority, next(self._order), task))

    def take(self) -> Task | None:
        """The next task that may run now. It leaves the queue."""
        while self._heap:
            task = heapq.heappop(self._heap)[2]
            if task.state != "queued":
                continue
            limit = task.message.get("max_concurrency")
            if limit is not None and self._counts.get(task.limit_key, 0) >= limit:
                self._aside.setdefault(task.limit_key, deque()).append(task)
                continue
            self.size -= 1
            return task
        return None

    def release(self, limit_key: tuple[str, str]) -> bool:
        """A task of this step ended: one that was put aside may come up again."""
        aside = self._aside.get(limit_key)
        while aside:
            task = aside.popleft()
            if not aside:
                del self._aside[limit_key]
            if task.state == "queued":
                self._push(task)
                return True
        return False

    def wake(self) -> None:
        """Tell one poller that there is something."""
        while self.pollers:
            poller = self.pollers.popleft()
            if not poller.done():
                poller.set_result(None)
                return
