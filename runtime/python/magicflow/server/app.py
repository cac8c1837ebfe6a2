"""The ASGI application: authorization, routing, errors.

A request goes through one dictionary look-up and one regular expression to its handler;
there is no middleware, because what a request costs is what a workflow costs.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from magicflow.engine import (
    NotFound,
    Overloaded,
    Refused,
    Stale,
    Unavailable,
    Unreadable,
)
from magicflow.engine.engine import Engine
from magicflow.server.config import ServerConfig
from magicflow.server.http import (
    Answer,
    Problem,
    Receive,
    Request,
    Scope,
    Send,
    problem_answer,
)
from magicflow.store import StoreError

_LOGGER = logging.getLogger("magicflow.server")
Handler = Callable[["App", Request], Awaitable[Answer | None]]
"""None when the handler has sent its answer itself, by `request.scope["send"]`."""

ROUTES: list[tuple[str, re.Pattern[str], Handler]] = []
_OPEN = ("/health", "/ready")
"""Answer without a token, and then say nothing but the status."""


def route(method: str, pattern: str) -> Callable[[Handler], Handler]:
    """Declare a handler: `{}` in the pattern is one variable part of the path, `{*}` one
    that may hold slashes."""
    expression = (
        re.escape(pattern).replace(r"\{\*\}", "(.+)").replace(r"\{\}", "([^/]+)")
    )

    def add(handler: Handler) -> Handler:
        ROUTES.append((method, re.compile(expression), handler))
        return handler

    return add


class App:
    def __init__(self, engine: Engine, config: ServerConfig) -> None:
        from magicflow.server import routes

        self.engine = engine
        self.config = config
        self.ready = True
        self.claims = asyncio.Lock()
        """Human tasks are claimed one after the other."""
        self._digests = [_digest(token.encode()) for token in config.tokens]
        self._routes: dict[str, list[tuple[re.Pattern[str], Handler]]] = {}
        for method, pattern, handler in routes.ALL:
            self._routes.setdefault(method, []).append((pattern, handler))
        # who asks for the head alone gets it, but of a stream that has no end
        self._routes["HEAD"] = [
            (pattern, handler)
            for pattern, handler in self._routes["GET"]
            if not pattern.pattern.endswith("/stream")
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await _lifespan(receive, send)
            return
        scope["send"] = send
        answer = await self.respond(scope, receive)
        if answer is not None:
            await answer.send(send)

    async def respond(self, scope: Scope, receive: Receive) -> Answer | None:
        """The answer to a request, or None when its handler has sent it."""
        path = scope["path"]
        request = Request(scope, receive)
        try:
            scope["authorized"] = self._authorized(request)
            if not scope["authorized"] and path not in _OPEN:
                raise Problem(
                    401,
                    "UNAUTHORIZED",
                    "a valid bearer token is required",
                    headers=((b"www-authenticate", b'Bearer realm="magic-flow"'),),
                )
            for pattern, handler in self._routes.get(scope["method"], ()):
                found = pattern.fullmatch(path)
                if found is not None:
                    request.parameters = found.groups()
                    return await handler(self, request)
            raise self._no_route(path)
        except Problem as problem:
            return problem_answer(problem)
        except Exception as error:
            return problem_answer(problem_of(error, path))

    def _authorized(self, request: Request) -> bool:
        if not self.config.auth:
            return True
        given = request.header(b"authorization")
        if given is None or given[:7].lower() != "bearer ":
            return False
        digest = _digest(given[7:].strip().encode("latin-1"))
        # every token is compared, so that time tells nothing about which is near
        return any(hmac.compare_digest(digest, known) for known in self._digests)

    def _no_route(self, path: str) -> Problem:
        allowed = sorted(
            method
            for method, routes in self._routes.items()
            if any(pattern.fullmatch(path) for pattern, _ in routes)
        )
        if allowed:
            return Problem(
                405,
                "METHOD_NOT_ALLOWED",
                f"this takes {', '.join(allowed)}",
                headers=((b"allow", ", ".join(allowed).encode()),),
            )
        return Problem(404, "NOT_FOUND", "there is nothing at this address")


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()


def problem_of(error: Exception, path: str) -> Problem:
    """The answer for an exception of the engine; what nobody expected is logged."""
    if isinstance(error, Problem):
        return error
    retry: Any = ((b"retry-after", b"1"),)
    if isinstance(error, Unreadable):
        return Problem(500, "INTERNAL", str(error))
    if isinstance(error, NotFound):
        return Problem(404, "NOT_FOUND", str(error))
    if isinstance(error, Refused):
        if error.code == "VALIDATION":
            return Problem(422, "VALIDATION", error.message, errors=error.details)
        if error.code == "LIMIT":
            return Problem(413, "LIMIT", error.message)
        status = _REFUSALS.get(error.code, 409)
        return Problem(status, error.code, error.message, details=error.details)
    if isinstance(error, Stale):
        return Problem(409, "STALE", str(error))
    if isinstance(error, Overloaded):
        after = str(error.retry_after).encode()
        text = str(error)
        return Problem(429, "OVERLOADED", text, headers=((b"retry-after", after),))
    if isinstance(error, Unavailable | StoreError):
        text = "the store does not answer; repeat with the same idempotency key"
        return Problem(503, "UNAVAILABLE", text, headers=retry)
    _LOGGER.error("a request to %s failed", path, exc_info=error)
    return Problem(500, "INTERNAL", "the server could not do this")


_REFUSALS = {"MALFORMED": 400, "UNKNOWN_EVENT": 404, "INTERNAL": 500}


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
