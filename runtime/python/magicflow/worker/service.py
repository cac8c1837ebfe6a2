"""The process that runs executors: one polling worker for each, one stop for all."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from magicflow.eventloop import loop_factory
from magicflow.observe.logs import set_up_logs
from magicflow.worker.config import ExecutorConfig
from magicflow.worker.executor import WorkflowExecutor, shared_registries
from magicflow.worker.health import HealthServer
from magicflow.worker.polling import Worker
from magicflow.worker.secrets import Secrets

_LOGGER = logging.getLogger("magicflow.worker")


def run_executors(
    executors: Iterable[WorkflowExecutor],
    config: ExecutorConfig | None = None,
    ready: Callable[[], None] | None = None,
) -> None:
    """Work in this thread until SIGTERM or SIGINT, which let running tasks finish; a
    second one ends at once.

    Raises RegistrationError when a step has no function, ConfigError.
    """
    config = config or ExecutorConfig.from_environment()
    set_up_logs(config.log_level, config.log_format)
    service = ExecutorService(executors, config)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(service.run(handle_signals=True, ready=ready))


class ExecutorService:
    """Workers for every executor that the workflows name, or those of the
    configuration."""

    def __init__(
        self, executors: Iterable[WorkflowExecutor], config: ExecutorConfig
    ) -> None:
        executors = list(executors)
        registries = shared_registries(executors, config.executors)
        for each in executors:
            for name, registry in each.registries.items():
                if name in registries and registry.missing():
                    each.check()
        self._config = config
        self._registries = registries
        self._workers: list[Worker] = []
        self._stopping = False
        self.health_address: tuple[str, int] | None = None

    async def run(
        self,
        *,
        handle_signals: bool = False,
        ready: Callable[[], None] | None = None,
    ) -> None:
        """Work until `stop`."""
        config = self._config
        loop = asyncio.get_running_loop()
        self._workers = [
            Worker(
                name,
                config.url,
                config.token,
                registry=registry,
                concurrency=config.concurrency,
                drain=config.drain,
                secrets=Secrets(config.secrets_directory),
            )
            for name, registry in self._registries.items()
        ]
        if handle_signals:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._signalled)
        health = None
        if config.health_port is not None:
            health = HealthServer(
                _Everything(self), config.health_host, config.health_port
            )
            await health.open()
            self.health_address = health.address
        names = ", ".join(self._registries)
        _LOGGER.info("polling %s for %s", config.url, names)
        works = [loop.create_task(worker.run()) for worker in self._workers]
        if ready is not None:
            ready()
        try:
            done, _ = await asyncio.wait(works, return_when=asyncio.FIRST_EXCEPTION)
            failures = [each.exception() for each in done if not each.cancelled()]
            self.stop()
            await asyncio.gather(*works, return_exceptions=True)
            for failure in failures:
                if failure is not None:
                    raise failure
        finally:
            if health is not None:
                await health.close()

    def stop(self) -> None:
        """Take no more tasks; what runs may finish."""
        self._stopping = True
        for worker in self._workers:
            worker.stop()

    @property
    def workers(self) -> list[Worker]:
        return self._workers

    @property
    def stopping(self) -> bool:
        return self._stopping

    def _signalled(self) -> None:
        if self._stopping:
            _LOGGER.warning("stopping at once; leased tasks are delivered again")
            os._exit(130)
        self.stop()


class _Everything:
    """All workers as the health endpoints see one."""

    def __init__(self, service: ExecutorService) -> None:
        self._service = service

    @property
    def _workers(self) -> list[Worker]:
        return self._service.workers

    @property
    def executor(self) -> str:
        return ", ".join(worker.executor for worker in self._workers)

    @property
    def connected(self) -> bool:
        return all(worker.connected for worker in self._workers)

    @property
    def stopping(self) -> bool:
        return self._service.stopping

    @property
    def running(self) -> int:
        return sum(worker.running for worker in self._workers)

    @property
    def concurrency(self) -> int:
        return sum(worker.concurrency for worker in self._workers)

    @property
    def handlers(self) -> list[str]:
        return sorted({step for worker in self._workers for step in worker.handlers})

    @property
    def missing(self) -> list[str]:
        return sorted({step for worker in self._workers for step in worker.missing})

    @property
    def counts(self) -> Mapping[str, Any]:
        found: dict[str, dict[str, int]] = {}
        for worker in self._workers:
            for step, counts in worker.counts.items():
                mine = found.setdefault(step, {})
                for what, number in counts.items():
                    mine[what] = mine.get(what, 0) + number
        return found
