"""Handing out tasks: in process or by lease, with limits, fences and circuit breakers.

What starts at a lease is measured here and told to the core as `timed_out`. Nothing
here is replayed: after a restart the outbox gives the tasks back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from magicflow.engine.breaker import Breakers
from magicflow.engine.clock import Clock, not_before
from magicflow.engine.faults import Faults
from magicflow.engine.localruns import LocalRunner, LocalRuns
from magicflow.engine.queues import TaskQueue
from magicflow.engine.requests import Unavailable
from magicflow.engine.tasks import Stale, Task, TaskKey
from magicflow.worker.invoke import Outcome

Event = dict[str, Any]
Settled = asyncio.Future[None]


class Reports(Protocol):
    """Where the dispatcher reports to: the engine."""

    def task_event(self, task: Task, event: Event, done: Settled | None = None) -> bool:
        """Feed an event of a task to its run; `done` ends when it is durable. False
        when nobody wants it any more."""

    def save_leases(self, tasks: Sequence[Task]) -> Settled:
        """Make deliveries durable before anybody works on them."""


@dataclass(slots=True)
class LeaseSettings:
    """Milliseconds, and how often one attempt is handed out at most."""

    lease: int = 30_000
    max_deliveries: int = 5


class Dispatcher:
    def __init__(
        self,
        clock: Clock,
        reports: Reports,
        settings: LeaseSettings | None = None,
        faults: Faults | None = None,
        observe: Callable[[str, Task, Any], None] | None = None,
    ) -> None:
        self._clock = clock
        self._reports = reports
        self._settings = settings or LeaseSettings()
        self._faults = faults or Faults(None)
        self._observe = observe or (lambda name, task, value: None)
        self.breakers = Breakers()
        self.local: dict[str, LocalRunner] = {}
        self.queues: dict[str, TaskQueue] = {}
        self.stale_reports = 0
        self.closing = False
        self._draining = False
        self._recovering = False
        self._tasks: dict[TaskKey, Task] = {}
        self._counts: dict[tuple[str, str], int] = {}
        self._local_runs = LocalRuns(self.finish_local, self.place_freed)

    def __len__(self) -> int:
        return len(self._tasks)

    # scheduling

    def schedule(self, task: Task) -> None:
        """Take a task over, durable already, and hand it out as soon as it may run."""
        message = task.message
        self._tasks[task.key] = task
        if "queue_timeout" in message:
            due = task.scheduled_at + message["queue_timeout"]
            alarm = not_before(self._clock, due, lambda: self._time_out(task, "queue"))
            task.alarms.append(alarm)
        if self._local_runs.attach(task):
            if task.state == "running":
                self._count(task)
                self._start_limits(task)
            return
        executor = message["executor"]
        local = self.local.get(executor)
        if task.delivery > 0 and local is None:
            # handed out before the restart: whoever has it may still report
            self._count(task)
            self._lease(task, task.worker)
            return
        if (
            local is not None
            and not self._draining
            and "max_concurrency" not in message
            and self._local_runs.has_place(executor, local)
        ):
            self._start_local(task, local)
            return
        queue = self._queue(executor)
        queue.put(task)
        if local is not None:
            self._start_waiting(executor)
        else:
            queue.wake()

    def _queue(self, executor: str) -> TaskQueue:
        queue = self.queues.get(executor)
        if queue is None:
            queue = self.queues[executor] = TaskQueue(self._counts)
        return queue

    def _admit(self, task: Task) -> bool:
        breaker = self.breakers.of(task.message)
        if breaker is None:
            return True
        if breaker.admit(self._clock.now()):
            task.admitted = True
            return True
        name = f"{task.message['executor']}/{task.message['function']}"
        error = {"code": "CIRCUIT_OPEN", "message": f"the circuit of {name} is open"}
        self._report(task, {"type": "task_result", "error": error})
        return False

    def _count(self, task: Task) -> None:
        if "max_concurrency" in task.message:
            task.counted = True
            key = task.limit_key
            self._counts[key] = self._counts.get(key, 0) + 1

    # in process

    def _start_waiting(self, executor: str) -> None:
        runner = self.local[executor]
        queue = self._queue(executor)
        while not self._draining and self._local_runs.has_place(executor, runner):
            task = queue.take()
            if task is None:
                return
            self._start_local(task, runner)

    def _start_local(self, task: Task, runner: LocalRunner) -> None:
        message = task.message
        if "circuit_breaker" in message and not self._admit(task):
            return
        if "max_concurrency" in message:
            self._count(task)
        task.state = "running"
        if "timeout" in message or "heartbeat_timeout" in message:
            self._start_limits(task)
        beat = self._renew if "heartbeat_timeout" in message else None
        self._local_runs.start(task, runner, beat)

    def finish_local(self, task: Task, outcome: Outcome | None) -> None:
        """A handler of this process ended; None when it was cancelled."""
        if task.state != "running":
            return
        self._faults.reach("before_record")
        if outcome is not None:
            self._report(task, {"type": "task_result", **outcome})
        elif task.cancelling is not None:
            self._report(task, {"type": "task_stopped"})
        else:
            error = {"code": "UNAVAILABLE", "message": "the server stops"}
            self._report(task, {"type": "task_result", "error": error})

    def place_freed(self, executor: str) -> None:
        if executor in self.queues:
            self._start_waiting(executor)

    # by lease

    async def poll(
        self, executors: Sequence[str], limit: int, wait: int, worker: str
    ) -> list[Task]:
        """Lease up to `limit` tasks, waiting at most `wait` milliseconds for the first.

        The leases are durable when this returns. Raises StoreError through the future
        of `save_leases`.
        """
        end = self._clock.now() + wait
        while not self.closing:
            # looked up again each time: a recovery makes new queues
            queues = [self._queue(name) for name in executors]
            for queue in queues:
                queue.last_poll = self._clock.now()
            leased = self._take(queues, limit, worker)
            if leased:
                await self._reports.save_leases(leased)
                return [task for task in leased if task.state == "leased"]
            if self._clock.now() >= end:
                return []
            await self._wait(queues, end)
        return []

    def _take(self, queues: list[TaskQueue], limit: int, worker: str) -> list[Task]:
        leased: list[Task] = []
        for queue in queues:
            while len(leased) < limit and (task := queue.take()) is not None:
                if not self._admit(task):
                    continue
                task.delivery += 1
                self._count(task)
                self._lease(task, worker)
                leased.append(task)
        return leased

    async def _wait(self, queues: list[TaskQueue], end: int) -> None:
        poller: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        for queue in queues:
            queue.pollers.append(poller)
        alarm = not_before(self._clock, end, lambda: finish(poller))
        try:
            await poller
        finally:
            alarm.cancel()
            for queue in queues:
                if poller in queue.pollers:
                    queue.pollers.remove(poller)

    def _lease(self, task: Task, worker: str) -> None:
        task.state = "leased"
        task.worker = worker
        task.effect.delivery = task.delivery
        self._start_limits(task)

    def _expire(self, task: Task) -> None:
        """The lease ran out: the same attempt is delivered again, without using one."""
        if task.state != "leased":
            return
        self._release(task)
        self._observe("lease_expired", task, None)
        if task.delivery >= self._settings.max_deliveries:
            text = f"no worker reported a result in {task.delivery} deliveries"
            error = {"code": "UNAVAILABLE", "message": text}
            event = {"type": "task_result", "error": error, "unknown": True}
            self._report(task, event)
            return
        if task.cancelling is not None:
            self._report(task, {"type": "task_stopped"})
            return
        task.silence()
        task.state = "queued"
        queue = self._queue(task.message["executor"])
        queue.put(task)
        queue.wake()

    def report(
        self, key: TaskKey, attempt: int, delivery: int, outcome: Outcome
    ) -> Settled:
        """A worker's result. Raises Stale unless the token is the newest, Unavailable
        while nobody knows."""
        task = self._held(key, attempt, delivery)
        self._faults.reach("before_record")
        error = outcome.get("error")
        settled: Settled = asyncio.get_running_loop().create_future()
        event: Event = {"type": "task_result", **outcome}
        if (
            task.cancelling is not None
            and isinstance(error, dict)
            and error.get("code") == "CANCELLED"
        ):
            event = {"type": "task_stopped"}
        if not self._report(task, event, settled):
            if self._recovering:
                raise Unavailable("the engine is not open")
            raise Stale("the run no longer waits for this task")
        return settled

    def heartbeat(self, key: TaskKey, attempt: int, delivery: int) -> str | None:
        """Prolong a lease. Gives the reason when the task is to be cancelled."""
        task = self._held(key, attempt, delivery)
        self._renew(task)
        return task.cancelling

    def _held(self, key: TaskKey, attempt: int, delivery: int) -> Task:
        task = self._tasks.get(key)
        if task is None and self._recovering:
            # not stale: the task comes back, and its worker is to report again
            raise Unavailable("the engine is not open")
        if (
            task is None
            or task.state != "leased"
            or task.message["attempt"] != attempt
            or task.delivery != delivery
        ):
            self.stale_reports += 1
            raise Stale("another delivery is the newest, or the task has ended")
        return task

    # limits

    def _start_limits(self, task: Task) -> None:
        timeout = task.message.get("timeout")
        if timeout is not None:
            due = self._clock.now() + timeout
            alarm = not_before(self._clock, due, lambda: self._time_out(task, "lease"))
            task.alarms.append(alarm)
        if task.state == "leased" or "heartbeat_timeout" in task.message:
            self._renew(task)

    def _renew(self, task: Task) -> None:
        task.silence_renewed()
        if task.state not in ("leased", "running"):
            return
        now = self._clock.now()
        beat = task.message.get("heartbeat_timeout")
        if beat is not None:
            task.renewed.append(
                not_before(
                    self._clock,
                    now + beat,
                    lambda: self._time_out(task, "heartbeat"),
                )
            )
        if task.state == "leased":
            task.renewed.append(
                not_before(
                    self._clock,
                    now + self._settings.lease,
                    lambda: self._expire(task),
                )
            )

    def _time_out(self, task: Task, kind: str) -> None:
        if task.state == "ended" or (kind == "queue" and task.state != "queued"):
            return
        if kind == "queue":
            self._queue(task.message["executor"]).size -= 1
        self._report(task, {"type": "timed_out", "kind": kind})
        self._local_runs.stop(task)

    # ending

    def cancel(self, key: TaskKey, attempt: int, reason: str, wait: bool) -> None:
        """The run no longer wants the task. With `wait` it wants to hear that it ended."""
        task = self._tasks.get(key)
        if task is None or task.message["attempt"] != attempt:
            return
        task.cancelling = reason
        if task.state == "queued":
            self._queue(task.message["executor"]).size -= 1
            self._drop(task)
            if wait:
                self._reports.task_event(
                    task, _event_of(task, {"type": "task_stopped"})
                )
        elif task.state == "running":
            if not wait:
                self._drop(task)
            self._local_runs.stop(task)
        elif not wait:
            self._drop(task)

    def _report(self, task: Task, event: Event, done: Settled | None = None) -> bool:
        if task.state == "ended":
            return False
        if task.admitted:
            self._tell_breaker(task, event)
        self._drop(task)
        return self._reports.task_event(task, _event_of(task, event), done)

    def _tell_breaker(self, task: Task, event: Event) -> None:
        breaker = self.breakers.of(task.message)
        task.admitted = False
        if breaker is None:
            return
        if event["type"] == "task_stopped":
            breaker.abandon()
        elif event["type"] == "timed_out":
            breaker.record(self._clock.now(), "TIMEOUT")
        else:
            breaker.record(self._clock.now(), (event.get("error") or {}).get("code"))

    def _drop(self, task: Task) -> None:
        if task.counted:
            self._release(task)
        if task.admitted:
            breaker = self.breakers.of(task.message)
            if breaker is not None:
                breaker.abandon()
            task.admitted = False
        if task.alarms or task.renewed:
            task.silence()
        task.state = "ended"
        if self._tasks.get(task.key) is task:
            del self._tasks[task.key]

    def _release(self, task: Task) -> None:
        if not task.counted:
            return
        task.counted = False
        key = task.limit_key
        self._counts[key] -= 1
        if not self._counts[key]:
            del self._counts[key]
        executor = task.message["executor"]
        queue = self.queues.get(executor)
        if queue is not None and queue.release(key):
            if executor in self.local:
                asyncio.get_running_loop().call_soon(self._start_waiting, executor)
            else:
                queue.wake()

    def reset(self) -> None:
        """Forget every task; the outbox gives them back. Handlers keep running."""
        self._recovering = True
        self._local_runs.release()
        for task in list(self._tasks.values()):
            task.silence()
            task.state = "ended"
        self._tasks.clear()
        self._counts.clear()
        pollers = {name: queue.pollers for name, queue in self.queues.items()}
        self.queues = {name: TaskQueue(self._counts) for name in self.queues}
        for name, waiting in pollers.items():
            self.queues[name].pollers = waiting

    def recovered(self) -> None:
        """All tasks are back: results that no task came for are of no use."""
        self._recovering = False
        self._local_runs.forget_orphans()

    def stop_polls(self) -> None:
        """Nothing is handed out any more; who waits for tasks gets none."""
        self.closing = True
        for queue in self.queues.values():
            while queue.pollers:
                finish(queue.pollers.popleft())

    def running_local(self) -> int:
        return len(self._local_runs)

    async def drain(self, seconds: float) -> None:
        """Wait for handlers at work, then stop them; their tasks run again later. What
        they lead to is begun by the next start: nobody would wait for it now."""
        self._draining = True
        await self._local_runs.drain(seconds)
        for runner in self.local.values():
            runner.close()

    def executors_without_workers(self, patience: int = 60_000) -> list[str]:
        """Executors with waiting tasks that nobody polled for within `patience` ms."""
        now = self._clock.now()
        return sorted(
            name
            for name, queue in self.queues.items()
            if name not in self.local
            and queue.size > 0
            and not queue.pollers
            and (queue.last_poll is None or now - queue.last_poll > patience)
        )


def _event_of(task: Task, event: Event) -> Event:
    message = task.message
    event["task_id"] = message["task_id"]
    event["attempt"] = message["attempt"]
    if task.delivery:
        event["delivery"] = task.delivery
    return event


def finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
