"""One HTTP/1.1 connection: httptools parses, the application answers, in order.

It is an ASGI server as far as the application needs one. What a request costs is what a
workflow costs, so a complete answer is one write, and nothing is kept for a request that
only other applications would ask for.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol, cast
from urllib.parse import unquote

import httptools

from magicflow.server.exchange import Exchange
from magicflow.server.http import (
    Answer,
    Header,
    Problem,
    Receive,
    Scope,
    problem_answer,
)

MAX_HEAD = 64 * 1024
"""Bytes of a request before its body."""
HIGH_WATER = 64 * 1024
"""Bytes of a body that may wait for the application before reading pauses."""


class Application(Protocol):
    """What answers requests: `magicflow.server.app.App`."""

    async def respond(self, scope: Scope, receive: Receive) -> Answer | None:
        """The answer, or None when it was sent by `scope["send"]`. Raises nothing."""


class Connections(Protocol):
    """What the connections of a server share: the listener."""

    app: Application
    closing: bool
    """Whether no request is taken any more."""
    tick: int
    """Rises every few seconds."""

    def opened(self, connection: Connection) -> None: ...

    def lost(self, connection: Connection) -> None: ...


class Connection(asyncio.Protocol):
    """`heard` is the tick of the last sign of life."""

    def __init__(self, shared: Connections) -> None:
        self._shared = shared
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._current: Exchange | None = None
        self._waiting: deque[Exchange] = deque()
        self._parsing: Exchange | None = None
        self._head_size = 0
        self._url = b""
        self._headers: list[Header] = []
        self._writable: asyncio.Future[None] | None = None
        self._write_paused = False
        self.gone = False
        self.heard = shared.tick

    # the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._shared.opened(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.gone = True
        self._shared.lost(self)
        self.resume_writing()
        if self._current is not None:
            self._current.leave()
        self._waiting.clear()

    def data_received(self, data: bytes) -> None:
        self.heard = self._shared.tick
        self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._take_no_more()  # it is answered as if it had not asked for that
        except httptools.HttpParserError:
            self._refuse(400, "this is no HTTP request")
        else:
            if self._parsing is None and self._head_size > MAX_HEAD:
                self._refuse(431, f"the headers have more than {MAX_HEAD} bytes")

    def pause_writing(self) -> None:
        self._write_paused = True

    def resume_writing(self) -> None:
        self._write_paused = False
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    # the parser

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers = []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        parser, headers = self._parser, self._headers
        path, query = _split(self._url)
        scope: Scope = {
            "type": "http",
            "method": parser.get_method().decode("latin-1"),
            "http_version": parser.get_http_version(),
            "path": path,
            "query_string": query,
            "headers": headers,
        }
        expects = (b"expect", b"100-continue") in headers
        # clients of the old version take an answer for the last unless they are told
        keep_alive = scope["http_version"] != "1.0" and parser.should_keep_alive()
        exchange = Exchange(self, scope, keep_alive, expects)
        scope["send"] = exchange.send
        scope["exchange"] = exchange
        self._parsing = exchange
        if self._current is None:
            self._begin(exchange)
        else:
            self._waiting.append(exchange)
            self._pause()

    def on_body(self, data: bytes) -> None:
        exchange = self._parsing
        if exchange is not None and exchange.add(data) > HIGH_WATER:
            self._pause()

    def on_message_complete(self) -> None:
        exchange, self._parsing = self._parsing, None
        self._head_size = 0
        if exchange is not None:
            exchange.finish()

    def _refuse(self, status: int, detail: str) -> None:
        """What follows cannot be understood."""
        if self._current is not None and self._current.complete:
            self._take_no_more()
            return
        if self._current is None or not self._current.started:
            refusal = Exchange(self, {"method": "GET"}, False, False)
            refusal.answer(problem_answer(Problem(status, "BAD_REQUEST", detail)))
        self.close()

    def _take_no_more(self) -> None:
        """Answer what is under way, then close."""
        self._waiting.clear()
        if self._current is not None:
            self._current.keep_alive = False
        self._pause()

    # exchanges

    def _begin(self, exchange: Exchange) -> None:
        self._current = exchange
        exchange.task = self._loop.create_task(self._run(exchange))

    async def _run(self, exchange: Exchange) -> None:
        try:
            answer = await self._shared.app.respond(exchange.scope, exchange.receive)
            if answer is not None and not self.gone:
                exchange.answer(answer)
        finally:
            self._end(exchange)

    def _end(self, exchange: Exchange) -> None:
        self._current = None
        self.heard = self._shared.tick
        if self.gone:
            return
        if not exchange.answered or not exchange.keep_alive or self._shared.closing:
            self.close()
        elif self._waiting:
            self._begin(self._waiting.popleft())
        else:
            self.read_on()

    # what exchanges and the listener ask for

    @property
    def busy(self) -> bool:
        """Whether the application has work for it."""
        return self._current is not None

    @property
    def silent(self) -> bool:
        """Whether it is the client's turn."""
        return self._current is None or not self._current.complete

    @property
    def closing(self) -> bool:
        return self._shared.closing

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self.gone:
            self._transport.write(data)

    async def drained(self) -> None:
        while self._write_paused and not self.gone:
            self._writable = self._loop.create_future()
            await self._writable

    def _pause(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def read_on(self) -> None:
        transport = self._transport
        if transport is not None and not self._waiting and not transport.is_closing():
            transport.resume_reading()

    def close(self) -> None:
        """Close when everything that was written has left."""
        if self._transport is not None:
            self._transport.close()

    def stop(self) -> None:
        """End the work for the request that is under way."""
        if self._current is not None and self._current.task is not None:
            self._current.task.cancel()


def _split(url: bytes) -> tuple[str, bytes]:
    """Path and query of a request's target."""
    if not url.startswith(b"/"):
        try:
            parsed = httptools.parse_url(url)
        except httptools.HttpParserInvalidURLError:
            return "", b""
        return (parsed.path or b"/").decode("latin-1"), parsed.query or b""
    path, _, query = url.partition(b"?")
    text = path.decode("latin-1")
    return unquote(text) if "%" in text else text, query
