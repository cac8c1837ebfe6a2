"""What a server sends, looked at from outside: HTTP steps, webhooks, events, secrets."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.runtime.plans import call, lit, obj, path, plan, step_output
from tests.runtime.server.test_outgoing import Target
from tests.runtime.serving import LANGUAGES, serving

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def target() -> Iterator[Target]:
    target = Target()
    yield target
    target.server.shutdown()
    target.server.server_close()


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """Whose server."""
    return str(request.param)


def asks(method: str = "GET", **http: Any) -> dict[str, Any]:
    """A workflow of one HTTP step, whose address is the run's input."""
    http = {"url": path("input", "url"), "expect": [200, 201], **http}
    node = call(method, executor="@http", http=http)
    return plan({"h": node}, ["h"], name="asks", output=step_output("h"))


@contextmanager
def served(language: str, *plans: Any, **config: Any) -> Iterator[httpx.Client]:
    config = {"egress_allow": ("127.0.0.0/8",), **config}
    with (
        serving(*plans, language=language, **config) as running,
        httpx.Client(base_url=running.url, headers=running.headers, timeout=20) as http,
    ):
        yield http


def run(http: httpx.Client, url: str, **headers: str) -> dict[str, Any]:
    body = {"input": {"url": url}}
    address = "/api/v2/workflows/asks/execute?wait=15s"
    found: dict[str, Any] = http.post(address, json=body, headers=headers).json()
    return found


def test_a_request_has_what_the_step_says(
    language: str, target: Target, tmp_path: Path
) -> None:
    (tmp_path / "KEY").write_text("hush\n")
    secret = {"op": "secret", "from": "secrets", "name": "KEY"}
    asking = asks(
        "POST",
        headers={"Authorization": secret, "X-N": lit(5), "X-Yes": lit(True)},
        query={"v": lit("2"), "n": lit(3), "none": lit(None)},
        body=obj(amount=lit(1)),
    )
    with served(language, asking, secrets_directory=str(tmp_path)) as http:
        ended = run(http, f"{target.url}/json?a=1", traceparent=TRACE)
        shown = http.get(f"/api/v2/executions/{ended['execution_id']}/events").text
    assert ended["status"] == "completed", ended
    assert ended["output"]["status"] == 200
    assert ended["output"]["body"] == {"id": 5}
    assert ended["output"]["headers"]["content-type"].startswith("application/json")
    ((method, asked, headers, body),) = target.seen
    assert (method, httpx.URL(asked).path) == ("POST", "/json")
    assert dict(httpx.URL(asked).params) == {"a": "1", "v": "2", "n": "3"}
    assert (headers["authorization"], headers["x-n"]) == ("hush", "5")
    assert headers["x-yes"] == "true"
    assert headers["idempotency-key"] == f"{ended['execution_id']}:h"
    assert headers["traceparent"].split("-")[1] == TRACE.split("-")[1]
    assert headers["content-type"] == "application/json"
    assert headers["host"] == f"127.0.0.1:{target.port}"
    assert json.loads(body) == {"amount": 1}
    assert "hush" not in shown


@pytest.mark.parametrize(
    ("page", "code"),
    [
        ("/broken", "VALIDATION"),
        ("/big", "LIMIT"),
        ("/loop", "UNAVAILABLE"),
        ("/internal", "EGRESS_DENIED"),
        ("/gone", "HTTP_410"),
        ("/empty", "HTTP_204"),
        ("/busy", "UNAVAILABLE"),
    ],
)
def test_answers_that_fail_the_step(
    asking: dict[str, httpx.Client], language: str, target: Target, page: str, code: str
) -> None:
    ended = run(asking[language], target.url + page)
    assert (ended["status"], ended["error"]["code"]) == ("failed", code)


@pytest.fixture(scope="module")
def asking() -> Iterator[dict[str, httpx.Client]]:
    """A server of each language that asks what it is told to."""
    clients: dict[str, httpx.Client] = {}
    with served("python", asks()) as python, served("go", asks()) as go:
        clients.update(python=python, go=go)
        yield clients


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ftp://x/", "VALIDATION"),
        ("http://", "VALIDATION"),
        ("http://127.0.0.1:1/", "UNAVAILABLE"),
        ("http://nobody.invalid/", "UNAVAILABLE"),
        ("http://10.0.0.1/", "EGRESS_DENIED"),
        ("http://[::ffff:169.254.169.254]/", "EGRESS_DENIED"),
    ],
)
def test_addresses_that_cannot_be_asked(
    asking: dict[str, httpx.Client], language: str, url: str, code: str
) -> None:
    ended = run(asking[language], url)
    assert (ended["status"], ended["error"]["code"]) == ("failed", code)


def test_a_redirect_after_a_post_becomes_a_get(language: str, target: Target) -> None:
    with served(language, asks("POST", body=obj(a=lit(1)))) as http:
        assert run(http, f"{target.url}/see")["output"]["body"] == {"id": 5}
    assert [(m, p, b) for m, p, _, b in target.seen] == [
        ("POST", "/see", b'{"a":1}'),
        ("GET", "/json/after", b""),
    ]


def test_credentials_do_not_follow_to_another_origin(
    language: str, target: Target
) -> None:
    other = Target()
    target.page = lambda page: (307, {"location": f"{other.url}/json"}, b"")  # type: ignore[method-assign]
    asking = asks(headers={"Authorization": lit("secret"), "X-Other": lit("kept")})
    with served(language, asking) as http:
        assert run(http, f"{target.url}/x")["status"] == "completed"
    headers = other.seen[0][2]
    assert "authorization" not in headers
    assert headers["x-other"] == "kept"
    assert headers["host"] == f"127.0.0.1:{other.port}"
    other.server.shutdown()
    other.server.server_close()


def until_seen(target: Target, count: int) -> None:
    end = time.monotonic() + 15
    while len(target.seen) < count:
        assert time.monotonic() < end, target.seen
        time.sleep(0.02)


def emits() -> dict[str, Any]:
    node = {"kind": "emit", "event": "paid", "data": obj(order=lit("o1"))}
    event = {"name": "paid", "type": {"type": "any"}, "listens": False}
    return plan({"e": node}, ["e"], name="emits", events={"paid": event})


def test_webhooks_and_events_are_signed_and_delivered(
    language: str, target: Target
) -> None:
    config = {"webhook_secret": "shared", "events_url": f"{target.url}/json/events"}
    with served(language, emits(), **config) as http:
        body = {"webhook": f"{target.url}/json/hook"}
        url = "/api/v2/workflows/emits/execute?wait=10s"
        ended = http.post(url, json=body).json()
        assert ended["status"] == "completed"
        until_seen(target, 2)
    seen = {page: (headers, content) for _, page, headers, content in target.seen}
    for page, kind in (
        ("/json/hook", "application/json"),
        ("/json/events", "application/cloudevents+json"),
    ):
        headers, content = seen[page]
        digest = hmac.new(b"shared", content, hashlib.sha256).hexdigest()
        assert headers["magicflow-signature"] == f"sha256={digest}"
        assert headers["content-type"] == kind
        assert headers["magicflow-delivery"] == json.loads(content)["id"]
    hook = json.loads(seen["/json/hook"][1])
    assert hook["execution_id"] == ended["execution_id"]
    assert hook["status"] == "completed"
    assert "url" not in hook
    event = json.loads(seen["/json/events"][1])
    assert (event["type"], event["data"]) == ("paid", {"order": "o1"})


def test_a_receiver_that_fails_hears_it_again(language: str, target: Target) -> None:
    answers = iter([(503, {}, b""), (503, {}, b""), (204, {}, b"")])
    target.page = lambda page: next(answers)  # type: ignore[method-assign]
    with served(language, emits()) as http:
        body = {"webhook": f"{target.url}/hook"}
        http.post("/api/v2/workflows/emits/execute?wait=10s", json=body)
        until_seen(target, 3)
    assert len({headers["magicflow-delivery"] for _, _, headers, _ in target.seen}) == 1
