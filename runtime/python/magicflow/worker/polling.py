"""A worker in its own process: leases tasks over HTTP, works, reports.

Results are sent in batches: while one report is on its way the next gathers, so a busy
worker needs few requests. A result that could not be delivered is kept and sent again
until the server takes it or says that it is too late (409).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import signal
import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from magicflow.eventloop import loop_factory
from magicflow.worker.context import TaskContext
from magicflow.worker.errors import RegistrationError
from magicflow.worker.health import HealthServer
from magicflow.worker.invoke import Outcome, invoke
from magicflow.worker.registry import Function, Registry, Signature
from magicflow.worker.secrets import Secrets
from magicflow.worker.transport import HttpTransport, TransportFailed, TransportRefused
from magicflow.worker.wire import result_message

Json = dict[str, Any]
_LOGGER = logging.getLogger("magicflow.worker")
POLL_WAIT = 20.0
MAX_RESULTS = 100


class _Job:
    __slots__ = ("beat", "context", "message", "next_beat", "started", "work")

    def __init__(self, message: Json, context: TaskContext) -> None:
        self.message = message
        self.context = context
        self.work: asyncio.Task[None] | None = None
        self.next_beat = 0.0
        self.started = time.monotonic()
        self.beat = False

    def token(self) -> Json:
        names = ("id", "attempt", "delivery")
        return {name: self.message[name] for name in names}


class Worker:
    """Serves one executor of a server.

    `concurrency` bounds the tasks at once (and the threads of plain functions);
    `health_port` opens `/health` and `/health/workflow` on loopback; `drain` is how long
    running tasks may take at the end, in seconds.
    """

    def __init__(
        self,
        executor: str,
        url: str = "http://127.0.0.1:8080",
        token: str | None = None,
        *,
        signatures: Mapping[str, Signature] | None = None,
        concurrency: int = 10,
        drain: float = 30.0,
        health_port: int | None = None,
        health_host: str = "127.0.0.1",
        secrets: Secrets | None = None,
        transport: HttpTransport | None = None,
        registry: Registry | None = None,
    ) -> None:
        self.registry = registry or Registry(executor, signatures)
        self.executor = executor
        self.concurrency = concurrency
        self._drain = drain
        self._secrets = secrets or Secrets()
        worker_id = f"{socket.gethostname()}-{os.getpid()}"
        self._transport = transport or HttpTransport(url, token, worker_id)
        self._health = (
            None
            if health_port is None
            else HealthServer(self, health_host, health_port)
        )
        self._jobs: dict[str, _Job] = {}
        self._results: list[Json] = []
        self._alone = 0
        """How many of the next results go in a report of their own."""
        self._wake = asyncio.Event()
        self._freed = asyncio.Event()
        self._stopping = False
        self._poll: asyncio.Task[None] | None = None
        self._threads = ThreadPoolExecutor(concurrency, "magicflow-task")
        self.connected = False
        self.counts: dict[str, dict[str, int]] = {}
        """Outcomes by step: completed, failed, stale."""

    # handlers

    def register_function(self, name: str, function: Function) -> Function:
        """Register a handler by step or function name. Raises RegistrationError."""
        return self.registry.register_function(name, function)

    def handler(self, name: str) -> Callable[[Function], Function]:
        """`register_function` as a decorator."""
        return self.registry.handler(name)

    # life

    def start(self) -> None:
        """Work in this thread until SIGTERM or SIGINT. Raises RegistrationError when a
        declared step has no handler."""
        missing = self.registry.missing()
        if missing:
            names = ", ".join(f"`{name}`" for name in missing)
            raise RegistrationError(f"executor `{self.executor}` lacks {names}")
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(self.run(handle_signals=True))

    async def run(self, *, handle_signals: bool = False) -> None:
        """Work until `stop`; then running tasks finish and their results are sent."""
        loop = asyncio.get_running_loop()
        if handle_signals:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._signalled)
        if self._health is not None:
            await self._health.open()
        reporter = loop.create_task(self._report_forever())
        self._poll = loop.create_task(self._poll_forever())
        try:
            await asyncio.gather(self._poll, return_exceptions=False)
        except asyncio.CancelledError:
            if not self._stopping:
                raise
        finally:
            self._stopping = True
            await self._finish(reporter)

    async def _finish(self, reporter: asyncio.Task[None]) -> None:
        works = [job.work for job in self._jobs.values() if job.work is not None]
        if works:
            _LOGGER.info("draining: %d tasks are running", len(works))
            await asyncio.wait(works, timeout=self._drain)
        for job in list(self._jobs.values()):
            if job.work is not None:
                job.context.cancel()
                job.work.cancel()
        self._wake.set()
        try:
            await asyncio.wait_for(reporter, timeout=10)
        except TimeoutError:
            _LOGGER.warning("%d results were not delivered", len(self._results))
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._health is not None:
            await self._health.close()
        await self._transport.close()

    def stop(self) -> None:
        """Take no more tasks; what runs may finish."""
        self._stopping = True
        self._freed.set()
        if self._poll is not None:
            self._poll.cancel()

    def _signalled(self) -> None:
        if self._stopping:
            _LOGGER.warning("stopping at once; leased tasks are delivered again")
            os._exit(130)
        self.stop()

    @property
    def stopping(self) -> bool:
        return self._stopping

    @property
    def handlers(self) -> list[str]:
        """Names that have a handler, sorted."""
        return list(self.registry)

    @property
    def missing(self) -> list[str]:
        """Declared steps without a handler."""
        return self.registry.missing()

    @property
    def running(self) -> int:
        return len(self._jobs)

    # polling

    async def _poll_forever(self) -> None:
        failures = 0
        while not self._stopping:
            free = self.concurrency - len(self._jobs)
            if free <= 0:
                self._freed.clear()
                await self._freed.wait()
                continue
            try:
                # the first poll does not wait: it tells whether there is a server
                wait = POLL_WAIT if self.connected else 0.0
                tasks = await self._transport.poll([self.executor], free, wait)
                failures, self.connected = 0, True
            except TransportRefused:
                self.connected = False
                raise
            except TransportFailed as error:
                self.connected = False
                failures += 1
                delay = max(_backoff(failures), error.retry_after or 0)
                _LOGGER.warning("no tasks, again in %.1f s: %s", delay, error)
                await asyncio.sleep(delay)
                continue
            for message in tasks:
                self._begin(message)

    def _begin(self, message: Json) -> None:
        loop = asyncio.get_running_loop()
        job = _Job(message, TaskContext(message))

        def beat() -> None:
            job.beat = True
            loop.call_soon_threadsafe(self._wake.set)

        job.context = TaskContext(message, beat)
        job.next_beat = loop.time() + self._transport.lease / 3
        self._jobs[message["id"]] = job
        job.work = loop.create_task(self._do(job))
        self._wake.set()  # the reporter has a lease to prolong

    async def _do(self, job: _Job) -> None:
        outcome = await self._outcome(job)
        self._jobs.pop(job.message["id"], None)
        self._freed.set()
        if outcome is not None:
            self._count(
                job.message["step"], "failed" if "error" in outcome else "completed"
            )
            took = int((time.monotonic() - job.started) * 1000)
            self._results.append(result_message(job.message, outcome, took))
            self._wake.set()

    async def _outcome(self, job: _Job) -> Outcome | None:
        message = job.message
        handler = self.registry.find_for(message)
        if handler is None:
            text = f"this worker has no handler for step `{message['step']}`"
            return {"error": {"code": "UNAVAILABLE", "message": text}}
        try:
            return await invoke(handler, job.context, self._secrets, self._threads)
        except asyncio.CancelledError:
            if not job.context.cancelled:
                raise
            error = {"code": "CANCELLED", "message": "the task was cancelled"}
            return {"error": error} if not self._stopping else None

    def _count(self, step: str, what: str) -> None:
        counts = self.counts.setdefault(step, {})
        counts[what] = counts.get(what, 0) + 1

    # reporting

    async def _report_forever(self) -> None:
        failures = 0
        while True:
            await self._await_news()
            results = self._results[: 1 if self._alone else MAX_RESULTS]
            beating = self._beating()
            if not results and not beating:
                if self._stopping and not self._jobs:
                    return
                continue
            try:
                beats = [job.token() for job in beating]
                answers, beat_answers = await self._transport.report(results, beats)
                failures = 0
            except TransportRefused as error:
                _LOGGER.error("a report was refused: %s", error)
                self._take_refusal(results, error)
                continue
            except TransportFailed as error:
                failures += 1
                delay = max(_backoff(failures), error.retry_after or 0)
                _LOGGER.warning("no report, again in %.1f s: %s", delay, error)
                await asyncio.sleep(delay)
                continue
            del self._results[: len(results)]
            self._alone = max(self._alone - 1, 0)
            self._take_answers(results, answers)
            for job, answer in zip(beating, beat_answers, strict=True):
                self._take_beat(job, answer)

    def _take_refusal(self, results: list[Json], error: TransportRefused) -> None:
        """A report of several was refused, perhaps for one of them: each is sent alone.
        A result that is refused alone fails its attempt instead."""
        if len(results) > 1:
            self._alone = len(results)
            return
        self._alone = max(self._alone - 1, 0)
        for result in results:
            self._results.remove(result)
            if result["success"] and error.status not in (401, 403):
                code = "LIMIT" if error.status == 413 else "INTERNAL"
                message = f"the server did not take the result: {error}"
                failure = {"code": code, "message": message, "retryable": False}
                del result["result"]
                self._results.append({**result, "success": False, "error": failure})

    async def _await_news(self) -> None:
        if self._results:
            return
        if self._stopping and not self._jobs:
            return
        now = asyncio.get_running_loop().time()
        due = min((job.next_beat for job in self._jobs.values()), default=now + 3600)
        self._wake.clear()
        if any(job.beat for job in self._jobs.values()):
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), max(due - now, 0.001))

    def _beating(self) -> list[_Job]:
        """Jobs whose lease wants prolonging, or whose handler said that it lives."""
        now = asyncio.get_running_loop().time()
        due = [job for job in self._jobs.values() if job.beat or job.next_beat <= now]
        for job in due:
            job.beat = False
            job.next_beat = now + self._transport.lease / 3
        return due

    def _take_answers(self, results: list[Json], answers: list[Json]) -> None:
        for result, answer in zip(results, answers, strict=True):
            status = answer.get("status")
            if status == 409:
                self._count(str(result["id"]).partition(":")[2], "stale")
                _LOGGER.warning("result of %s came too late", result["id"])
            elif status in (429, 503):
                self._results.append(result)
            elif status != 200:
                _LOGGER.error("result of %s: %s", result["id"], answer.get("detail"))

    def _take_beat(self, job: _Job, answer: Json) -> None:
        lost = answer.get("status") in (404, 409)
        if (answer.get("cancel") or lost) and job.work is not None:
            job.context.cancel()
            job.work.cancel()


def _backoff(failures: int) -> float:
    delay = min(0.1 * 2.0 ** (failures - 1), 10.0)
    return delay / 2 + random.random() * delay / 2
