"""A server on a free loopback port, in this process, for tests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from magicflow.server import Server, ServerConfig

TOKEN = "test-token"


class Running:
    def __init__(
        self, server: Server, loop: asyncio.AbstractEventLoop, url: str
    ) -> None:
        self.server = server
        self.loop = loop
        self.url = url
        self.token = TOKEN

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@contextmanager
def serving(
    *plans: Mapping[str, Any],
    handlers: Mapping[str, Any] | None = None,
    executor: str = "svc",
    executors: Mapping[str, Mapping[str, Any]] | None = None,
    **config: Any,
) -> Iterator[Running]:
    """Serves on a thread of its own, with a real socket."""
    settings = ServerConfig(
        port=0,
        database=config.pop("database", None),
        tokens=(TOKEN,),
        drain=0.2,
        **config,
    )
    if executors is None:
        executors = {} if handlers is None else {executor: handlers}
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
