"""One request and its answer on an HTTP/1.1 connection."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, Protocol

from magicflow.server.http import Answer, Scope

_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode()
    for status in HTTPStatus
}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_DISCONNECT = {"type": "http.disconnect"}


class Wire(Protocol):
    """The connection, as an exchange needs it."""

    gone: bool
    """Whether the client is no longer there."""

    @property
    def closing(self) -> bool:
        """Whether no other request is taken."""

    def write(self, data: bytes) -> None: ...

    def read_on(self) -> None: ...

    async def drained(self) -> None:
        """Until the client has taken enough of what was written."""


class Exchange:
    """`receive` and `send` are ASGI's; `answer` sends a whole answer at once."""

    __slots__ = (
        "_body",
        "_chunked",
        "_continue",
        "_news",
        "_taken",
        "_wire",
        "abandonable",
        "answered",
        "complete",
        "keep_alive",
        "scope",
        "started",
        "task",
    )

    def __init__(
        self, wire: Wire, scope: Scope, keep_alive: bool, expects: bool
    ) -> None:
        self._wire = wire
        self._body = b""
        self._taken = False
        self._news: asyncio.Future[None] | None = None
        self._continue = expects
        self._chunked = False
        self.scope = scope
        self.complete = False
        """Whether the request's body is there to its end."""
        self.keep_alive = keep_alive
        self.abandonable = False
        """Whether the work for it is to stop when the client goes away."""
        self.started = False
        self.answered = False
        self.task: asyncio.Task[None] | None = None

    # the request's body

    def add(self, data: bytes) -> int:
        """More of the body; gives how much of it waits."""
        self._body = self._body + data if self._body else data
        self._tell()
        return len(self._body)

    def finish(self) -> None:
        """The body is complete."""
        self.complete = True
        self._tell()

    def leave(self) -> None:
        """The client went away."""
        if self.abandonable and self.task is not None:
            self.task.cancel()
        self._tell()

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    async def receive(self) -> dict[str, Any]:
        wire = self._wire
        while self._taken or not (self._body or self.complete):
            if wire.gone:
                return _DISCONNECT
            if self._continue:
                self._continue = False
                wire.write(_CONTINUE)
            self._news = asyncio.get_running_loop().create_future()
            await self._news
        body, self._body = self._body, b""
        self._taken = self.complete
        if not self.complete:
            wire.read_on()
        return {"type": "http.request", "body": body, "more_body": not self.complete}

    # the answer

    def answer(self, answer: Answer) -> None:
        """A complete answer, as one write."""
        head = [_STATUS_LINES[answer.status]]
        for name, value in answer.headers:
            head.append(_header(name, value))
        if answer.status != 204:
            head.append(b"content-length: %d\r\n" % len(answer.body))
        self._send_head(head, answer.body)
        self.answered = True

    async def send(self, message: dict[str, Any]) -> None:
        """A part of an answer whose length nobody knows."""
        wire, silent = self._wire, self.scope["method"] == "HEAD"
        await wire.drained()
        if message["type"] == "http.response.start":
            head = [_STATUS_LINES[message["status"]]]
            head += [_header(name, value) for name, value in message["headers"]]
            if self.scope["http_version"] == "1.0":
                self.keep_alive = False  # the end of the connection ends the answer
            else:
                self._chunked = True
                head.append(b"transfer-encoding: chunked\r\n")
            self._send_head(head, b"")
            return
        body = message.get("body", b"")
        if body and not silent:
            wire.write(b"%x\r\n%s\r\n" % (len(body), body) if self._chunked else body)
        if not message.get("more_body"):
            if self._chunked and not silent:
                wire.write(b"0\r\n\r\n")
            self.answered = True

    def _send_head(self, head: list[bytes], body: bytes) -> None:
        # of a body that is still on its way nobody knows when it ends
        self.keep_alive = self.keep_alive and self.complete and not self._wire.closing
        head.append(b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n")
        if self.scope["method"] != "HEAD":
            head.append(body)
        self._continue = False
        self.started = True
        self._wire.write(b"".join(head))


def _header(name: bytes, value: bytes) -> bytes:
    if b"\n" in value or b"\r" in value:
        raise ValueError(f"the header {name!r} has a line break in its value")
    return b"%s: %s\r\n" % (name, value)
