"""A whole server: engine, application, HTTP, signals."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from magicflow.engine import Engine, EngineSettings
from magicflow.engine.localruns import LocalRunner
from magicflow.eventloop import loop_factory
from magicflow.observe.logs import set_up_logs
from magicflow.observe.metrics import Gauge
from magicflow.observe.traces import exporting_traces
from magicflow.server.app import App
from magicflow.server.config import ConfigError, ServerConfig
from magicflow.server.egress import EgressPolicy
from magicflow.server.listener import Listener
from magicflow.server.requests import HttpExecutor
from magicflow.server.webhooks import Webhooks
from magicflow.store import MemoryStore, SqliteStore, Store
from magicflow.worker.local import LocalExecutor
from magicflow.worker.registry import Function, Registry
from magicflow.worker.secrets import Secrets

_LOGGER = logging.getLogger("magicflow.server")
YOUNG = 5_000
"""New objects after which the collector looks at them."""
Executors = Mapping[str, "LocalRunner | Registry | Mapping[str, Function]"]


class Server:
    """A server that was built and not started. `address` is known once it listens."""

    def __init__(
        self,
        plans: Iterable[Mapping[str, Any]],
        config: ServerConfig,
        executors: Executors | None = None,
    ) -> None:
        config.check()
        self.config = config
        store: Store = (
            MemoryStore() if config.database is None else SqliteStore(config.database)
        )
        settings = EngineSettings(
            max_live_runs=config.max_live_runs,
            max_waiting_writes=config.max_waiting_writes,
            lease=int(config.lease * 1000),
        )
        self.engine = Engine(store, settings=settings)
        secrets = Secrets(config.secrets_directory)
        try:
            for plan in plans:
                self.engine.deploy(plan)
            for name, executor in (executors or {}).items():
                self.engine.add_executor(name, _runner(name, executor, secrets))
        except BaseException:
            store.close()
            raise
        egress = EgressPolicy(config.egress_allow)
        self.engine.add_executor("@http", HttpExecutor(egress, secrets))
        webhooks = Webhooks(egress, config.webhook_secret)
        self.engine.effects.webhook = webhooks.call
        if config.events_url is not None:
            self.engine.effects.sinks.append(webhooks.sink(config.events_url))
        if config.traces:
            try:
                self.engine.traces = exporting_traces()
            except ImportError as error:
                store.close()
                raise ConfigError(
                    "traces need the packages of the extra `traces`"
                ) from error
        self.app = App(self.engine, config)
        self.address: tuple[str, int] | None = None
        self._socket: socket.socket | None = None
        self._listener: Listener | None = None
        self._stopping = asyncio.Event()
        _add_gauges(self.engine)

    def bind(self) -> tuple[str, int]:
        """Take the address. Raises ConfigError when it is not free."""
        family = socket.AF_INET6 if ":" in self.config.host else socket.AF_INET
        self._socket = socket.socket(family)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((self.config.host, self.config.port))
        except OSError as error:
            self._socket.close()
            at = f"{self.config.host}:{self.config.port}"
            raise ConfigError(f"cannot listen on {at}: {error.strerror}") from error
        self._socket.setblocking(False)
        self.address = self._socket.getsockname()[:2]
        return self.address

    async def serve(
        self, ready: Callable[[tuple[str, int]], None] | None = None
    ) -> None:
        """Serve until `stop`. A first SIGTERM or SIGINT drains, a second ends at once."""
        address = self.address or self.bind()
        await self.engine.open()
        # the plans live as long as the process: the collector need not look at them.
        # A batch makes thousands of objects and drops them again; looked for after each
        # 700 they cost 3 % of the time, after 5,000 a third of that, at most 3 ms at once
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)

        def listening() -> None:
            _LOGGER.info("listening on http://%s:%d", *address)
            if ready is not None:
                ready(address)

        try:
            await self.listen(listening)
        finally:
            await self.engine.close(self.config.drain)
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    async def listen(self, ready: Callable[[], None]) -> None:
        """Answer requests until `stop`. The engine is open, the address bound."""
        assert self._socket is not None
        self._listener = Listener(self.app, self._socket)
        await self._listener.open()
        ready()
        await self._stopping.wait()
        await self._listener.close(max(1.0, self.config.drain))

    def stop(self) -> None:
        """Drain: readiness goes first, then no new connection, then the handlers. Who
        waits for a run hears how far it is."""
        if self._stopping.is_set():
            _LOGGER.warning("stopping at once; open tasks run again after the start")
            os._exit(130)
        self.app.ready = False
        if self._listener is not None:
            self._listener.closing = True
        self.engine.dispatcher.stop_polls()
        for live in self.engine.runs:
            for listener in live.listeners:
                listener([])  # streams look up and see that it ends
            live.wake()
        self._stopping.set()


def _runner(
    name: str,
    executor: LocalRunner | Registry | Mapping[str, Function],
    secrets: Secrets,
) -> LocalRunner:
    if isinstance(executor, Registry):
        return LocalExecutor(executor, secrets=secrets)
    if isinstance(executor, Mapping):
        registry = Registry(name)
        for key, function in executor.items():
            registry.register_function(key, function)
        return LocalExecutor(registry, secrets=secrets)
    return executor


def _add_gauges(engine: Engine) -> None:
    dispatcher, clock = engine.dispatcher, engine.clock
    numbers = {"closed": 0.0, "half-open": 1.0, "open": 2.0}

    def queued() -> dict[tuple[str, ...], float]:
        return {(name,): queue.size for name, queue in dispatcher.queues.items()}

    def circuits() -> dict[tuple[str, ...], float]:
        states = dispatcher.breakers.states(clock.now())
        return {(name,): numbers[state] for name, state in states.items()}

    one: Any = ()
    engine.metrics.gauges += [
        Gauge("magicflow_runs_open", "Open runs", lambda: {one: engine.open_runs}),
        Gauge(
            "magicflow_runs_in_memory",
            "Runs in memory",
            lambda: {one: len(engine.runs)},
        ),
        Gauge("magicflow_timers", "Timers that run", lambda: {one: len(engine.timers)}),
        Gauge("magicflow_tasks_open", "Open tasks", lambda: {one: len(dispatcher)}),
        Gauge("magicflow_tasks_queued", "Tasks without a worker", queued, "executor"),
        Gauge(
            "magicflow_circuit_state",
            "0 closed, 1 half-open, 2 open",
            circuits,
            "function",
        ),
        Gauge(
            "magicflow_stale_reports",
            "Reports with an old token",
            lambda: {one: dispatcher.stale_reports},
        ),
        Gauge(
            "magicflow_store_bytes",
            "Size of the store",
            lambda: {one: engine.store.size()},
        ),
    ]


def serve(
    plans: Iterable[Mapping[str, Any]],
    config: ServerConfig | None = None,
    executors: Executors | None = None,
    ready: Callable[[tuple[str, int]], None] | None = None,
) -> None:
    """Run a server in this thread until it is stopped by a signal.

    `executors` maps an executor's name to its handlers (by step or function name), a
    `Registry` or a runner of your own; the others are polled for by workers.

    Raises ConfigError, StoreInUse, StoreError, PlanError before it listens.
    """
    config = config or ServerConfig.from_environment()
    set_up_logs(config.log_level, config.log_format)
    server = Server(plans, config, executors)
    try:
        server.bind()
    except ConfigError:
        server.engine.store.close()
        raise
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(server.serve(ready))
