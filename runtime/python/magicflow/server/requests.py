"""HTTP steps: the executor `@http`, whose requests the server itself makes."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

import httpcore
import orjson

from magicflow.server.egress import EgressPolicy, EgressRefused, GuardedNetwork
from magicflow.types.decode import decode_json
from magicflow.types.domain import DomainError
from magicflow.worker.context import TaskContext
from magicflow.worker.errors import WorkflowError
from magicflow.worker.invoke import Outcome
from magicflow.worker.secrets import Secrets

MAX_ANSWER = 1024 * 1024
MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TIMEOUTS = {"connect": 10.0, "read": 60.0, "write": 60.0, "pool": 10.0}
_PRIVATE = frozenset({"authorization", "cookie", "host", "proxy-authorization"})
"""Headers that do not follow to another origin."""


class GuardedClient:
    """An HTTP client under an egress policy; redirects are followed by hand, so each
    hop is checked like the first."""

    def __init__(self, policy: EgressPolicy) -> None:
        self._policy = policy
        self._pool: httpcore.AsyncConnectionPool | None = None

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, dict[str, str], bytes]:
        """(status, headers in lower case, body). Raises WorkflowError."""
        headers = dict(headers)
        for _ in range(MAX_REDIRECTS + 1):
            status, answer, content = await self._once(method, url, headers, body)
            location = answer.get("location")
            if status not in _REDIRECTS or location is None:
                return status, answer, content
            target = urljoin(url, location)
            if urlsplit(target)[:2] != urlsplit(url)[:2]:
                headers = {
                    k: v for k, v in headers.items() if k.lower() not in _PRIVATE
                }
                headers["Host"] = urlsplit(target).netloc.rpartition("@")[2]
            if status == 303 or (status in (301, 302) and method == "POST"):
                method, body = "GET", None
            url = target
        raise WorkflowError("UNAVAILABLE", "the request was redirected too often")

    async def _once(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise WorkflowError(
                "VALIDATION", "the url is not http or https", retryable=False
            )
        if self._pool is None:
            self._pool = httpcore.AsyncConnectionPool(
                ssl_context=ssl.create_default_context(),
                max_connections=200,
                network_backend=GuardedNetwork(self._policy),
            )
        try:
            async with self._pool.stream(
                method,
                url,
                headers=[(k.encode(), v.encode()) for k, v in headers.items()],
                content=body,
                extensions={"timeout": _TIMEOUTS},
            ) as response:
                content = bytearray()
                async for part in response.aiter_stream():
                    content += part
                    if len(content) > MAX_ANSWER:
                        raise WorkflowError(
                            "LIMIT", f"the answer has more than {MAX_ANSWER} bytes"
                        )
                answer = {
                    k.decode("latin-1").lower(): v.decode("latin-1")
                    for k, v in response.headers
                }
                return response.status, answer, bytes(content)
        except EgressRefused as error:
            raise WorkflowError("EGRESS_DENIED", str(error), retryable=False) from None
        except httpcore.TimeoutException as error:
            raise WorkflowError("TIMEOUT", f"no answer in time: {error}") from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise WorkflowError("UNAVAILABLE", f"the request failed: {error}") from None
        except (httpcore.UnsupportedProtocol, ValueError, UnicodeError) as error:
            raise WorkflowError(
                "VALIDATION", f"the request is malformed: {error}", retryable=False
            ) from None


class HttpExecutor:
    """Sends the request of an http step. `$.response` is `{status, headers, body}`."""

    concurrency = 1_000

    def __init__(self, policy: EgressPolicy, secrets: Secrets) -> None:
        self._client = GuardedClient(policy)
        self._secrets = secrets

    async def run(self, context: TaskContext) -> Outcome:
        try:
            return {"output": await self._send(context)}
        except asyncio.CancelledError:
            raise
        except WorkflowError as error:
            return {"error": error.to_wire()}

    def close(self) -> None:
        """Connections go with the process."""

    async def _send(self, context: TaskContext) -> dict[str, Any]:
        request = self._secrets.resolve(
            dict(context.message["request"]), context.message.get("secrets", ())
        )
        headers = {k: _text(v) for k, v in (request.get("headers") or {}).items()}
        names = {name.lower() for name in headers}
        if "idempotency-key" not in names:
            headers["Idempotency-Key"] = quote(context.idempotency_key, safe=":/~[]")
        if context.traceparent is not None and "traceparent" not in names:
            headers["traceparent"] = context.traceparent
        body = None
        if request.get("body") is not None:
            given = request["body"]
            if isinstance(given, str):
                body = given.encode()
            else:
                body = orjson.dumps(given)
                if "content-type" not in names:
                    headers["Content-Type"] = "application/json"
        parts = urlsplit(str(request["url"]))
        headers.setdefault("Host", parts.netloc.rpartition("@")[2])
        status, answer, content = await self._client.request(
            context.function.upper(), _with_query(request), headers, body
        )
        result = {
            "status": status,
            "headers": answer,
            "body": _decoded(answer, content),
        }
        expected = request["expect"]
        if status not in expected if expected else not 200 <= status < 300:
            raise _unexpected(status, answer, result)
        return result


def _with_query(request: Mapping[str, Any]) -> str:
    url = str(request["url"])
    query = request.get("query")
    if not query:
        return url
    text = urlencode({k: _text(v) for k, v in query.items() if v is not None})
    return f"{url}{'&' if urlsplit(url).query else '?'}{text}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _decoded(headers: Mapping[str, str], content: bytes) -> Any:
    if not content:
        return None
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json"):
        try:
            return decode_json(content)
        except DomainError as error:
            raise WorkflowError("VALIDATION", f"the answer: {error.message}") from None
    return content.decode("utf-8", "replace")


def _unexpected(
    status: int, headers: Mapping[str, str], result: dict[str, Any]
) -> WorkflowError:
    after = headers.get("retry-after", "")
    return WorkflowError(
        "UNAVAILABLE" if status in (429, 502, 503, 504) else f"HTTP_{status}",
        f"the answer has the status {status}",
        retryable=status >= 500 or status in (408, 425, 429),
        details=result,
        retry_after=float(after) if after.isdigit() and len(after) < 7 else None,
    )
