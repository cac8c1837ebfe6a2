"""A server on a free loopback port: Python's in this process, or Go's beside it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from magicflow.server import Server, ServerConfig

from tests.languages import need
from tests.runtime.go_serving import go_process, polling

TOKEN = "test-token"
LANGUAGES = ("python", "go")
"""Whose servers there are."""


class Running:
    """`server` and `loop` are there for the Python server only."""

    def __init__(
        self, server: Server | None, loop: asyncio.AbstractEventLoop | None, url: str
    ) -> None:
        self._server = server
        self._loop = loop
        self.url = url
        self.token = TOKEN

    @property
    def server(self) -> Server:
        assert self._server is not None, "the server is another process"
        return self._server

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        assert self._loop is not None, "the server is another process"
        return self._loop

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@contextmanager
def serving(
    *plans: Mapping[str, Any],
    handlers: Mapping[str, Any] | None = None,
    executor: str = "svc",
    executors: Mapping[str, Mapping[str, Any]] | None = None,
    language: str = "python",
    **config: Any,
) -> Iterator[Running]:
    """Serves on a thread of its own, with a real socket; Go's server is a process, for
    which the functions are polled for."""
    if executors is None:
        executors = {} if handlers is None else {executor: handlers}
    if language == "go":
        need("go")
        # a worker hears with its next heartbeat that a task is cancelled
        config = {"database": None, "drain": 0.2, "lease": 1.0, **config}
        with (
            go_process(*plans, tokens=(TOKEN,), **config) as (_, url),
            polling(executors, url, TOKEN),
        ):
            yield Running(None, None, url)
        return
    settings = ServerConfig(
        port=0,
        database=config.pop("database", None),
        tokens=(TOKEN,),
        drain=0.2,
        **config,
    )
    server = Server(plans, settings, executors)
    host, port = server.bind()
    up = threading.Event()
    found: list[asyncio.AbstractEventLoop] = []

    async def main() -> None:
        found.append(asyncio.get_running_loop())
        await server.engine.open()
        try:
            await server.listen(up.set)
        finally:
            await server.engine.close(0.2)

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert up.wait(10)
    try:
        yield Running(server, found[0], f"http://{host}:{port}")
    finally:
        found[0].call_soon_threadsafe(server.stop)
        thread.join(10)
        assert not thread.is_alive()
