"""The worker's own health endpoints: a tiny HTTP server on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Protocol

_LIMIT = 8_192


class Watched(Protocol):
    """What the endpoints tell about."""

    @property
    def executor(self) -> str: ...
    @property
    def connected(self) -> bool: ...
    @property
    def stopping(self) -> bool: ...
    @property
    def running(self) -> int: ...
    @property
    def concurrency(self) -> int: ...
    @property
    def handlers(self) -> list[str]: ...
    @property
    def missing(self) -> list[str]: ...
    @property
    def counts(self) -> Mapping[str, Any]: ...


class HealthServer:
    """`/health`: is the worker connected and taking tasks (200, else 503).
    `/health/workflow`: what its steps came to."""

    def __init__(self, worker: Watched, host: str, port: int) -> None:
        self._worker = worker
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None
        self.address: tuple[str, int] | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(
            self._answer, self._host, self._port, limit=_LIMIT
        )
        self.address = self._server.sockets[0].getsockname()[:2]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            parts = head.split(b" ", 2)
            status, body = self._page(parts[0], parts[1] if len(parts) > 1 else b"")
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            status, body = 400, {"error": "bad request"}
        content = json.dumps(body).encode()
        writer.write(
            b"HTTP/1.1 %d x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
            b"Connection: close\r\n\r\n" % (status, len(content)) + content
        )
        try:
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    def _page(self, method: bytes, path: bytes) -> tuple[int, dict[str, Any]]:
        worker = self._worker
        if method != b"GET":
            return 405, {"error": "only GET"}
        if path == b"/health":
            fine = worker.connected and not worker.stopping
            return 200 if fine else 503, {
                "status": "ok" if fine else "degraded",
                "executor": worker.executor,
                "connected": worker.connected,
                "stopping": worker.stopping,
                "running": worker.running,
                "capacity": worker.concurrency,
            }
        if path == b"/health/workflow":
            return 200, {
                "status": "ok",
                "executor": worker.executor,
                "handlers": worker.handlers,
                "missing": worker.missing,
                "steps": worker.counts,
            }
        return 404, {"error": "not found"}
