"""Handlers at work in this process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from magicflow.engine.tasks import AttemptKey, Task
from magicflow.worker.context import TaskContext
from magicflow.worker.invoke import Outcome

_LOGGER = logging.getLogger("magicflow.engine")


class LocalRunner(Protocol):
    """An executor of this process."""

    concurrency: int

    async def run(self, context: TaskContext) -> Outcome: ...

    def close(self) -> None: ...


class _LocalRun:
    """A handler at work. It outlives its task when the engine recovers from a failed
    store: then the attempt, scheduled again, takes the run over instead of a second."""

    __slots__ = ("began", "context", "outcome", "task", "work")

    def __init__(self, task: Task | None, context: TaskContext) -> None:
        self.task = task
        self.context = context
        self.work: asyncio.Task[None] | None = None
        self.began = False
        self.outcome: Outcome | None = None

    def stop(self) -> None:
        self.context.cancel()
        # what is cancelled before it has begun is never entered, and could not say so
        if self.work is not None and self.began:
            self.work.cancel()


class LocalRuns:
    """`finished(task, outcome)` hears the end of a handler, with None when it was
    cancelled; `freed(executor)` that there is a place again."""

    def __init__(
        self,
        finished: Callable[[Task, Outcome | None], None],
        freed: Callable[[str], None],
    ) -> None:
        self._finished = finished
        self._freed = freed
        self._runs: dict[AttemptKey, _LocalRun] = {}
        self._released = False
        """Whether some of them have no task, because the engine recovers."""
        self._busy: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._runs)

    def has_place(self, executor: str, runner: LocalRunner) -> bool:
        return self._busy.get(executor, 0) < runner.concurrency

    def start(
        self, task: Task, runner: LocalRunner, beat: Callable[[Task], None] | None
    ) -> None:
        """Call the handler. `beat` hears its heartbeats, on the loop."""
        loop = asyncio.get_running_loop()
        executor = task.message["executor"]
        self._busy[executor] = self._busy.get(executor, 0) + 1
        on_beat = None
        if beat is not None:
            tell: Callable[[Task], None] = beat

            def on_beat() -> None:
                loop.call_soon_threadsafe(tell, task)

        run = _LocalRun(task, TaskContext(task.message, on_beat))
        self._runs[task.attempt_key] = run
        run.work = loop.create_task(self._work(run, executor, runner))

    async def _work(self, run: _LocalRun, executor: str, runner: LocalRunner) -> None:
        run.began = True
        try:
            if not run.context.cancelled:
                run.outcome = await runner.run(run.context)
        except asyncio.CancelledError:
            run.outcome = None
        except Exception as error:
            # a defect of the runner: without an answer the run would wait for ever
            _LOGGER.exception("run %s: the runner failed", run.context.run_id)
            text = f"the runner failed: {type(error).__name__}"
            run.outcome = {"error": {"code": "INTERNAL", "message": text}}
        finally:
            self._busy[executor] -= 1
        task = run.task
        # without one the engine recovers; `attach` or `forget_orphans` comes for it
        if task is not None:
            self._runs.pop(task.attempt_key, None)
            self._finished(task, run.outcome)
        self._freed(executor)

    def attach(self, task: Task) -> bool:
        """Whether the attempt is at work already, from before a recovery: then the task
        takes it over, and hears at once when it has ended."""
        run = self._runs.get(task.attempt_key) if self._released else None
        if run is None:
            return False
        run.task = task
        task.state = "running"
        if run.work is not None and run.work.done():
            del self._runs[task.attempt_key]
            self._finished(task, run.outcome)
        return True

    def stop(self, task: Task) -> None:
        """Cancel the task's handler; a function in a thread has to look itself."""
        run = self._runs.get(task.attempt_key)
        if run is not None:
            run.stop()

    def release(self) -> None:
        """The tasks are forgotten, their handlers go on."""
        self._released = True
        for run in self._runs.values():
            run.task = None

    def forget_orphans(self) -> None:
        """Stop what no task came for."""
        for key, run in list(self._runs.items()):
            if run.task is None:
                del self._runs[key]
                run.stop()
        self._released = False

    async def drain(self, seconds: float) -> None:
        """Wait at most `seconds` for handlers at work, then stop them."""
        works = [run.work for run in self._runs.values() if run.work is not None]
        if works and seconds > 0:
            await asyncio.wait(works, timeout=seconds)
        for run in list(self._runs.values()):
            run.task = None
            if run.work is not None and not run.work.done():
                run.stop()
        if works:
            await asyncio.wait(works, timeout=1)
