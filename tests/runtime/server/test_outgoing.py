"""What the server sends: http steps under the egress policy, webhooks, events."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from magicflow.server.egress import EgressPolicy, EgressRefused
from magicflow.server.requests import MAX_ANSWER, HttpExecutor
from magicflow.server.webhooks import DeliveryFailed, Webhooks
from magicflow.worker import Secrets, TaskContext


class Target:
    """A server of somebody else, that remembers what it was asked."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        target = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length)
                headers = {k.lower(): v for k, v in self.headers.items()}
                target.seen.append((self.command, self.path, headers, body))
                status, extra, content = target.page(self.path)
                self.send_response(status)
                for name, value in extra.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = answer

            def log_message(self, *_: Any) -> None:
                """Silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def page(self, path: str) -> tuple[int, dict[str, str], bytes]:
        kind = {"content-type": "application/json; charset=utf-8"}
        if path.startswith("/json"):
            return 200, kind, b'{"id": 5}'
        if path == "/text":
            return 201, {"content-type": "text/plain"}, b"plain \xff"
        if path == "/broken":
            return 200, kind, b'{"id": '
        if path == "/big":
            return 200, kind, b" " * (MAX_ANSWER + 1)
        if path == "/away":
            return 302, {"location": "http://localhost:1/elsewhere"}, b""
        if path == "/internal":
            return 307, {"location": "http://10.0.0.1/secret"}, b""
        if path == "/loop":
            return 302, {"location": "/loop"}, b""
        if path == "/see":
            return 303, {"location": "/json/after"}, b""
        if path == "/busy":
            return 503, {"retry-after": "7"}, b""
        if path == "/gone":
            return 410, kind, b'{"why": "old"}'
        return 204, {}, b""


@pytest.fixture
def target() -> Iterator[Target]:
    target = Target()
    yield target
    target.server.shutdown()
    target.server.server_close()


def send(
    target: Target, path: str, allow: tuple[str, ...] | None = None, **request: Any
) -> dict[str, Any]:
    method = request.pop("method", "GET")
    message = {
        "run_id": "r",
        "task_id": "t",
        "step": "s",
        "function": method,
        "executor": "@http",
        "attempt": 1,
        "idempotency_key": "r:t é",
        "traceparent": "00-a-b-01",
    }
    message["secrets"] = request.pop("secrets", [])
    message["request"] = {"url": target.url + path, "expect": [200, 201], **request}
    networks = ("127.0.0.0/8",) if allow is None else allow
    secrets = Secrets(environment={"KEY": "hush"})

    async def call() -> dict[str, Any]:
        executor = HttpExecutor(EgressPolicy(networks), secrets)
        return await executor.run(TaskContext(message))

    return asyncio.run(call())


def test_a_request_has_headers_query_body_secrets_and_the_key(target: Target) -> None:
    outcome = send(
        target,
        "/json?a=1",
        method="POST",
        headers={"Authorization": {"$secret": "KEY"}, "X-N": 5},
        secrets=["/headers/Authorization"],
        query={"v": "2", "n": 3, "none": None},
        body={"amount": 1},
    )
    assert outcome["output"]["status"] == 200
    assert outcome["output"]["body"] == {"id": 5}
    assert outcome["output"]["headers"]["content-type"].startswith("application/json")
    method, path, headers, body = target.seen[0]
    assert (method, path) == ("POST", "/json?a=1&v=2&n=3")
    assert (headers["authorization"], headers["x-n"]) == ("hush", "5")
    assert headers["idempotency-key"] == "r:t%20%C3%A9"
    assert headers["traceparent"] == "00-a-b-01"
    assert headers["content-type"] == "application/json"
    assert headers["host"] == f"127.0.0.1:{target.port}"
    assert json.loads(body) == {"amount": 1}


def test_without_expectations_every_2xx_is_a_success(target: Target) -> None:
    assert send(target, "/empty", expect=[])["output"]["status"] == 204
    assert send(target, "/json", expect=[])["output"]["status"] == 200
    assert send(target, "/gone", expect=[])["error"]["code"] == "HTTP_410"


def test_text_and_empty_answers(target: Target) -> None:
    assert send(target, "/text", method="PUT", body="x")["output"]["body"] == "plain �"
    assert send(target, "/empty", expect=[204])["output"]["body"] is None


@pytest.mark.parametrize(
    ("path", "code", "retryable"),
    [
        ("/broken", "VALIDATION", None),
        ("/big", "LIMIT", None),
        ("/loop", "UNAVAILABLE", None),
        ("/internal", "EGRESS_DENIED", False),
        ("/gone", "HTTP_410", False),
        ("/empty", "HTTP_204", False),
    ],
)
def test_answers_that_fail(
    target: Target, path: str, code: str, retryable: bool | None
) -> None:
    error = send(target, path)["error"]
    assert error["code"] == code
    assert error.get("retryable") is retryable


def test_a_busy_target_says_when(target: Target) -> None:
    error = send(target, "/busy")["error"]
    assert (error["code"], error["retryable"]) == ("UNAVAILABLE", True)
    assert error["retry_after"] == 7_000


def test_a_redirect_after_a_post_becomes_a_get(target: Target) -> None:
    outcome = send(target, "/see", method="POST", body={"a": 1})
    assert outcome["output"]["body"] == {"id": 5}
    assert [(m, p, b) for m, p, _, b in target.seen] == [
        ("POST", "/see", b'{"a":1}'),
        ("GET", "/json/after", b""),
    ]


def test_credentials_do_not_follow_to_another_origin(target: Target) -> None:
    other = Target()
    target.page = lambda path: (307, {"location": f"{other.url}/json"}, b"")  # type: ignore[method-assign]
    send(target, "/x", headers={"Authorization": "secret", "X-Other": "kept"})
    headers = other.seen[0][2]
    assert "authorization" not in headers
    assert headers["x-other"] == "kept"
    other.server.shutdown()
    other.server.server_close()


def test_private_addresses_are_refused_by_default(target: Target) -> None:
    error = send(target, "/json", allow=())["error"]
    assert error["code"] == "EGRESS_DENIED"
    assert error["retryable"] is False
    assert target.seen == []
    allowed = send(target, "/json", allow=(f"127.0.0.1:{target.port}",))
    assert "output" in allowed


@pytest.mark.parametrize(
    "url", ["ftp://x/", "file:///etc/passwd", "http://", "http://a\nb/"]
)
def test_urls_that_are_none(target: Target, url: str) -> None:
    target.url = ""
    assert send(target, url)["error"]["code"] in ("VALIDATION", "UNAVAILABLE")


def test_a_target_that_is_not_there(target: Target) -> None:
    target.url = "http://127.0.0.1:1"
    assert send(target, "/")["error"]["code"] == "UNAVAILABLE"
    target.url = "http://nobody.invalid"
    assert send(target, "/")["error"]["code"] == "UNAVAILABLE"


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "0.0.0.0", "::1",
     "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "224.0.0.1", "100.64.0.1"],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not EgressPolicy().allows("host", address, 80)


def test_what_a_policy_allows() -> None:
    policy = EgressPolicy(["10.0.0.0/8", "db.internal:5432", "[::1]:80"])
    assert policy.allows("x", "8.8.8.8", 80)
    assert policy.allows("x", "10.9.9.9", 80)
    assert policy.allows("x", "::ffff:10.0.0.1", 80)
    assert policy.allows("db.internal", "192.168.0.1", 5432)
    assert not policy.allows("db.internal", "192.168.0.1", 80)
    assert policy.allows("::1", "::1", 80)
    with pytest.raises(ValueError, match="neither"):
        EgressPolicy(["nonsense"])
    with pytest.raises(EgressRefused):
        asyncio.run(EgressPolicy().resolve("localhost", 80))


def test_webhooks_are_signed_and_keep_their_id(target: Target) -> None:
    webhooks = Webhooks(EgressPolicy(["127.0.0.0/8"]), "shared")
    body = {"id": "r:ended", "url": target.url, "status": "completed"}

    async def test() -> None:
        await webhooks.call(f"{target.url}/hook", body)
        await webhooks.sink(f"{target.url}/events")({"id": "e1", "type": "paid"})
        with pytest.raises(DeliveryFailed, match="503"):
            await webhooks.call(f"{target.url}/busy", body)

    asyncio.run(test())
    _, _, headers, content = target.seen[0]
    assert headers["magicflow-delivery"] == "r:ended"
    assert "url" not in json.loads(content)
    digest = hmac.new(b"shared", content, hashlib.sha256).hexdigest()
    assert headers["magicflow-signature"] == f"sha256={digest}"
    assert target.seen[1][2]["content-type"] == "application/cloudevents+json"
