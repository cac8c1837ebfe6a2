"""The socket that a server listens on, and its connections."""

from __future__ import annotations

import asyncio
import socket

from magicflow.server.connection import Application, Connection

TICK = 5.0
"""Seconds between two looks at silent connections."""
SILENCE = 15
"""Ticks after which a connection without a request, or with a part of one, is closed."""


class Listener:
    """Takes connections of a bound socket. `closing` tells them to take no request."""

    def __init__(self, app: Application, at: socket.socket) -> None:
        self.app = app
        self.closing = False
        self.tick = 0
        self._socket = at
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._emptied = asyncio.Event()

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self), sock=self._socket, backlog=2048
        )
        self._alarm = loop.call_later(TICK, self._look)

    def opened(self, connection: Connection) -> None:
        self._connections.add(connection)

    def lost(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._emptied.set()

    def _look(self) -> None:
        self.tick += 1
        for connection in list(self._connections):
            if self.tick - connection.heard > SILENCE and connection.silent:
                connection.close()
        self._alarm = asyncio.get_running_loop().call_later(TICK, self._look)

    async def close(self, seconds: float) -> None:
        """Take no new request, give those under way `seconds`, then end them."""
        self.closing = True
        if self._server is not None:
            self._server.close()
        if self._alarm is not None:
            self._alarm.cancel()
        for connection in list(self._connections):
            if not connection.busy:
                connection.close()
        if not await self._empty(seconds):
            for connection in list(self._connections):
                connection.stop()
            await self._empty(1.0)

    async def _empty(self, seconds: float) -> bool:
        if not self._connections:
            return True
        self._emptied.clear()
        try:
            await asyncio.wait_for(self._emptied.wait(), seconds)
        except TimeoutError:
            return False
        return True
