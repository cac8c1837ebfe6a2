"""Handlers at work in this process."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextvars import copy_context
from types import coroutine
from typing import Any, Protocol, TypeVar

from magicflow.engine.tasks import AttemptKey, Task
from magicflow.worker.context import TaskContext
from magicflow.worker.invoke import Outcome

_LOGGER = logging.getLogger("magicflow.engine")
T = TypeVar("T")


class LocalRunner(Protocol):
    """An executor of this process."""

    concurrency: int

    def run(self, context: TaskContext) -> Coroutine[Any, Any, Outcome]: ...

    def close(self) -> None: ...


class _LocalRun:
    """A handler at work. It outlives its task when the engine recovers from a failed
    store: then the attempt, scheduled again, takes the run over instead of a second."""

    __slots__ = ("context", "ended", "outcome", "runner", "task", "work")

    def __init__(
        self, task: Task | None, context: TaskContext, runner: LocalRunner
    ) -> None:
        self.task = task
        self.context = context
        self.runner = runner
        self.work: asyncio.Task[None] | None = None
        """Who calls the handler, from when it is entered until it has ended."""
        self.ended = False
        self.outcome: Outcome | None = None

    def stop(self) -> None:
        # a handler that is not entered yet never will be
        self.context.cancel()
        if self.work is not None:
            self.work.cancel()


class LocalRuns:
    """`finished(task, outcome)` hears the end of a handler, with None when it was
    cancelled; `freed(executor)` that there is a place again.

    Most handlers end without waiting for anything, and a task of asyncio's for each
    would cost more than they do. So one task, a *hand*, calls handler after handler;
    another comes after it, and goes on with the others when one of them waits.
    """

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
        self._entering: deque[_LocalRun] = deque()
        self._hand_comes = False
        self._at_work = 0
        self._quiet: asyncio.Future[None] | None = None
        """Ends when no handler is at work."""

    def __len__(self) -> int:
        return len(self._runs)

    def has_place(self, executor: str, runner: LocalRunner) -> bool:
        return self._busy.get(executor, 0) < runner.concurrency

    def start(
        self, task: Task, runner: LocalRunner, beat: Callable[[Task], None] | None
    ) -> None:
        """Call the handler. `beat` hears its heartbeats, on the loop."""
        executor = task.message["executor"]
        self._busy[executor] = self._busy.get(executor, 0) + 1
        self._at_work += 1
        on_beat = None
        if beat is not None:
            loop, tell = asyncio.get_running_loop(), beat

            def on_beat() -> None:
                loop.call_soon_threadsafe(tell, task)

        run = _LocalRun(task, TaskContext(task.message, on_beat), runner)
        self._runs[task.attempt_key] = run
        self._entering.append(run)
        self._call_hand()

    def _call_hand(self) -> None:
        if not self._hand_comes:
            self._hand_comes = True
            asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        """Enter the handlers that wait for it by now; those that come meanwhile are for
        the next hand, so that the loop has its turn in between."""
        self._hand_comes = False
        hand, entering = asyncio.current_task(), self._entering
        assert hand is not None
        for _ in range(len(entering)):
            if not entering:
                return  # others were quicker while a handler waited
            run = entering.popleft()
            if entering:
                self._call_hand()
            await self._call(run, hand)
            if hand.cancelling():
                break  # that was for the handler, and nobody else is to meet it
        if entering:
            self._call_hand()

    async def _call(self, run: _LocalRun, hand: asyncio.Task[None]) -> None:
        run.work = hand
        try:
            if not run.context.cancelled:
                run.outcome = await apart(run.runner.run(run.context))
        except asyncio.CancelledError:
            run.outcome = None
        except Exception as error:
            # a defect of the runner: without an answer the run would wait for ever
            _LOGGER.exception("run %s: the runner failed", run.context.run_id)
            text = f"the runner failed: {type(error).__name__}"
            run.outcome = {"error": {"code": "INTERNAL", "message": text}}
        finally:
            run.work = None
            run.ended = True
            self._leave(run)

    def _leave(self, run: _LocalRun) -> None:
        executor = run.context.message["executor"]
        self._busy[executor] -= 1
        task = run.task
        # without one the engine recovers; `attach` or `forget_orphans` comes for it
        if task is not None:
            self._runs.pop(task.attempt_key, None)
            self._finished(task, run.outcome)
        self._freed(executor)
        self._at_work -= 1
        if not self._at_work and self._quiet is not None and not self._quiet.done():
            self._quiet.set_result(None)

    def attach(self, task: Task) -> bool:
        """Whether the attempt is at work already, from before a recovery: then the task
        takes it over, and hears at once when it has ended."""
        run = self._runs.get(task.attempt_key) if self._released else None
        if run is None:
            return False
        run.task = task
        task.state = "running"
        if run.ended:
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
        if seconds > 0:
            await self._silence(seconds)
        for run in list(self._runs.values()):
            run.task = None
            if not run.ended:
                run.stop()
        await self._silence(1)

    async def _silence(self, seconds: float) -> None:
        """Until no handler is at work, at most `seconds`."""
        if self._at_work:
            self._quiet = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._quiet], timeout=seconds)


@coroutine
def apart(work: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
    """Await a coroutine in a copy of the context, as a task of its own would run it: what
    it sets there is for nobody else."""
    run = copy_context().run
    step: Callable[[Any], Any] = work.send
    given: Any = None
    while True:
        try:
            awaited = run(step, given)
        except StopIteration as ended:
            result: T = ended.value
            return result
        try:
            given = yield awaited
            step = work.send
        except BaseException as error:
            step, given = work.throw, error
