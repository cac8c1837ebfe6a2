"""The little HTTP that the server needs over ASGI: requests, answers, problems."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from magicflow.types.decode import decode_json, encode_json
from magicflow.types.domain import DomainError

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]

_JSON: Header = (b"content-type", b"application/json")
_PROBLEM: Header = (b"content-type", b"application/problem+json")


MAX_DETAIL = 1_000
"""Code points of an answer's `detail`, which may quote what was sent."""


class Problem(Exception):
    """An error answer (RFC 9457): status, our code, one sentence, and what is wrong
    where (`errors`: a list of {path, message})."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Any = None,
        headers: tuple[Header, ...] = (),
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers
        self.body: dict[str, Any] = {
            "type": f"urn:magicflow:problem:{code.lower()}",
            "title": TITLES.get(status, "Error"),
            "status": status,
            "code": code,
            "detail": (
                detail if len(detail) <= MAX_DETAIL else f"{detail[:MAX_DETAIL]}…"
            ),
            **members,
        }
        if errors is not None:
            self.body["errors"] = errors


TITLES = {
    400: "Bad request",
    401: "Not authorized",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    422: "Not valid",
    429: "Too many requests",
    500: "Internal error",
    503: "Not available",
}


class Request:
    """One request. `parameters` are the variable parts of its path."""

    __slots__ = ("_query", "parameters", "receive", "scope")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self.receive = receive
        self.parameters: tuple[str, ...] = ()
        self._query: dict[str, str] | None = None

    @property
    def query(self) -> dict[str, str]:
        """The last value of each query parameter."""
        if self._query is None:
            text = self.scope["query_string"].decode("latin-1")
            try:
                pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=100)
            except ValueError:
                raise Problem(400, "BAD_REQUEST", "the query is malformed") from None
            self._query = dict(pairs)
        return self._query

    def header(self, name: bytes) -> str | None:
        """The first header of a lower-case name."""
        for key, value in self.scope["headers"]:
            if key == name:
                return str(value.decode("latin-1"))
        return None

    async def body(self, limit: int) -> bytes:
        """The whole body. Raises a 413 problem beyond `limit` bytes."""
        length = self.header(b"content-length")
        if length is not None and length.isdigit() and int(length) > limit:
            raise too_large(limit)
        message = await self._part()
        body: bytes = message.get("body", b"")
        if message.get("more_body"):
            parts, size = [body], len(body)
            while message.get("more_body"):
                message = await self._part()
                part = message.get("body", b"")
                size += len(part)
                if size > limit:
                    raise too_large(limit)
                parts.append(part)
            body = b"".join(parts)
        if len(body) > limit:
            raise too_large(limit)
        return body

    async def _part(self) -> dict[str, Any]:
        message = await self.receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "BAD_REQUEST", "the body is incomplete")
        return message

    def abandon_with_client(self) -> None:
        """What is awaited for this request from now on may end with the connection."""
        exchange = self.scope.get("exchange")
        if exchange is not None:
            exchange.abandonable = True

    async def json(self, limit: int, *, optional: bool = False) -> dict[str, Any]:
        """The body as a JSON object. Raises 400 and 413 problems."""
        body = await self.body(limit)
        if optional and not body:
            return {}
        try:
            value = decode_json(body, around=1)
        except DomainError as error:
            raise Problem(400, error.code, error.message) from None
        if not isinstance(value, dict):
            raise Problem(400, "BAD_REQUEST", "the body is no JSON object")
        return value


def too_large(limit: int) -> Problem:
    return Problem(413, "TOO_LARGE", f"the body has more than {limit} bytes")


class Answer:
    """A complete answer."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes, headers: list[Header]) -> None:
        self.status = status
        self.body = body
        self.headers = headers

    async def send(self, send: Send) -> None:
        self.headers.append((b"content-length", str(len(self.body)).encode()))
        await send(
            {
                "type": "http.response.start",
                "status": self.status,
                "headers": self.headers,
            }
        )
        await send({"type": "http.response.body", "body": self.body})


def json_answer(value: Any, status: int = 200, *headers: Header) -> Answer:
    try:
        body = orjson.dumps(value)
    except orjson.JSONEncodeError:
        body = encode_json(value)
    return Answer(status, body, [_JSON, *headers])


def text_answer(text: str, content_type: str) -> Answer:
    return Answer(200, text.encode(), [(b"content-type", content_type.encode())])


def problem_answer(problem: Problem) -> Answer:
    body = encode_json(problem.body)
    return Answer(problem.status, body, [_PROBLEM, *problem.headers])


def members_of(
    value: Mapping[str, Any], known: Mapping[str, tuple[type, ...]]
) -> dict[str, Any]:
    """The body's members, checked by name and JSON type; null counts as absent.

    Raises a 400 problem that lists every unknown member and wrong type.
    """
    errors: list[dict[str, str]] = []
    found: dict[str, Any] = {}
    for name, member in value.items():
        wanted = known.get(name)
        if wanted is None:
            errors.append({"path": f"/{name}", "message": "the member is unknown"})
        elif member is None:
            continue
        elif wanted and (
            not isinstance(member, wanted)
            or (isinstance(member, bool) and bool not in wanted)
        ):
            names = " or ".join(_JSON_NAMES[kind] for kind in wanted)
            errors.append({"path": f"/{name}", "message": f"must be {names}"})
        else:
            found[name] = member
    if errors:
        errors.sort(key=lambda error: error["path"])
        raise Problem(400, "BAD_REQUEST", "the request is malformed", errors=errors)
    return found


_JSON_NAMES = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "a boolean",
    dict: "an object",
    list: "a list",
}
