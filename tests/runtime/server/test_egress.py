"""Names that change their address (DNS rebinding): what is checked is what is connected
to, on every connection and redirect anew."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from magicflow.server.egress import EgressPolicy
from magicflow.server.requests import HttpExecutor
from magicflow.server.webhooks import Webhooks
from magicflow.worker import Secrets, TaskContext, WorkflowError

from tests.runtime.server.test_outgoing import Target

Json = dict[str, Any]
Answer = list[str]


@pytest.fixture
def target() -> Iterator[Target]:
    target = Target()
    yield target
    target.server.shutdown()
    target.server.server_close()


def naming(answers: list[Answer], asked: list[str]) -> Callable[..., Any]:
    """A resolver that gives one answer after the other, then the last again."""

    async def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        kinds = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kinds, (address, port)) for address in found]

    return getaddrinfo


def ask(url: str, answers: list[Answer], allow: tuple[str, ...] = ()) -> Json:
    message = {
        "run_id": "r",
        "task_id": "t",
        "step": "s",
        "function": "GET",
        "executor": "@http",
        "attempt": 1,
        "idempotency_key": "r:t",
        "secrets": [],
        "request": {"url": url, "expect": [200]},
    }

    async def call() -> Json:
        asyncio.get_running_loop().getaddrinfo = naming(answers, [])  # type: ignore[method-assign]
        executor = HttpExecutor(EgressPolicy(allow), Secrets(environment={}))
        return await executor.run(TaskContext(message))

    return asyncio.run(call())


def test_a_public_name_of_a_private_address_is_refused(target: Target) -> None:
    outcome = ask(f"http://shop.example:{target.port}/json", [["127.0.0.1"]])
    assert outcome["error"]["code"] == "EGRESS_DENIED"
    assert outcome["error"]["retryable"] is False
    assert target.seen == []


def test_the_name_is_asked_once_for_a_connection(target: Target) -> None:
    """Public when it is checked and private when it is connected to is the same asking:
    there is no second."""
    asked: list[str] = []
    answers = [["127.0.0.2"], ["127.0.0.1"]]

    async def call() -> Any:
        asyncio.get_running_loop().getaddrinfo = naming(answers, asked)  # type: ignore[method-assign]
        policy = EgressPolicy(["127.0.0.2/32"])
        webhooks = Webhooks(policy, None)
        with pytest.raises(WorkflowError) as failed:
            # nobody listens on 127.0.0.2; the target on 127.0.0.1 is not asked
            await webhooks.call(f"http://shop.example:{target.port}/", {"id": "d"})
        return failed.value

    asyncio.run(call())
    assert asked == ["shop.example"]
    assert target.seen == []


def test_a_redirect_to_a_name_that_has_become_private_is_refused(
    target: Target,
) -> None:
    away = f"http://shop.example:{target.port}/json"
    target.page = lambda path: (302, {"location": away}, b"")  # type: ignore[method-assign]
    first = f"http://127.0.0.1:{target.port}/"
    allow = (f"127.0.0.1:{target.port}",)
    outcome = ask(first, [["127.0.0.1"], ["127.0.0.1"]], allow)
    assert outcome["error"]["code"] == "EGRESS_DENIED"
    assert len(target.seen) == 1


def test_the_next_connection_is_checked_anew(target: Target) -> None:
    """An allowed name today may be a private address tomorrow."""
    url = f"http://shop.example:{target.port}/json"
    allowed = ask(url, [["127.0.0.1"]], ("127.0.0.1/32",))
    assert allowed["output"]["status"] == 200
    denied = ask(url, [["10.0.0.7"]], ("127.0.0.1/32",))
    assert denied["error"]["code"] == "EGRESS_DENIED"
