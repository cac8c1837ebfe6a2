"""Typed clients of one workflow."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from magicflow import models as mf
from magicflow.client import (
    AsyncClient,
    AsyncWorkflowClient,
    Client,
    Contract,
    WorkflowCancelled,
    WorkflowClient,
    WorkflowFailed,
    WorkflowRejected,
    WorkflowTimedOut,
)
from magicflow.models.codec import Codec
from magicflow.worker.errors import WorkflowError


class In(mf.Model, extra="forbid"):
    name: str


class Out(mf.Model, extra="forbid"):
    size: mf.Int


class Declined(WorkflowError):
    code = "DECLINED"

    def __init__(self, message: str = "", *, details: In) -> None:
        super().__init__(message=message, details=details)


CONTRACT: Contract[In, Out] = Contract(
    "orders", Codec(In), Codec(Out), {("charge", "DECLINED"): (Declined, Codec(In))}
)


class FakeServer:
    def __init__(self, status: str, **members: Any) -> None:
        self.requests: list[tuple[str, str, Any]] = []
        self.run = {
            "execution_id": "r",
            "workflow": "orders",
            "status": status,
            **members,
        }

    def answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        self.requests.append((request.method, request.url.path, body))
        if request.url.path.endswith("/stream"):
            event = json.dumps({"n": 1, "type": "run_started", "at": 0})
            return httpx.Response(200, text=f"data: {event}\n\n")
        return httpx.Response(200, json={**self.run, "steps": [], "event_id": "e"})

    def client(self) -> WorkflowClient[In, Out]:
        return WorkflowClient(
            CONTRACT, Client("http://x", transport=httpx.MockTransport(self.answer))
        )

    def async_client(self) -> AsyncWorkflowClient[In, Out]:
        transport = httpx.MockTransport(self.answer)
        return AsyncWorkflowClient(
            CONTRACT, AsyncClient("http://x", transport=transport)
        )


def test_the_blocking_client() -> None:
    server = FakeServer("completed", output={"size": 3})
    with server.client() as client:
        assert client.execute(In(name="a"), idempotency_key="k").size == 3
        started = client.start(In(name="a"), metadata={"x": 1}, priority=5)
        assert client.wait(started.id).ended
        assert client.status("r").status == "completed"
        assert client.result("r").size == 3
        assert client.steps("r") == []
        assert [event.type for event in client.events("r")][:1] == ["run_started"]
        assert client.cancel("r", "why").id == "r"
        assert client.signal("r", "paid", {"a": 1}) == "e"
    sent = server.requests
    assert sent[0][2] == {"input": {"name": "a"}, "idempotency_key": "k"}
    assert sent[1][2]["metadata"] == {"x": 1}
    assert sent[-1][1] == "/api/v2/executions/r/events"


def test_the_client_for_asyncio() -> None:
    server = FakeServer("completed", output={"size": 3})

    async def use() -> None:
        async with server.async_client() as client:
            assert (await client.execute(In(name="a"))).size == 3
            started = await client.start(In(name="a"))
            assert (await client.wait(started.id)).ended
            assert (await client.status("r")).status == "completed"
            assert (await client.result("r")).size == 3
            assert await client.steps("r") == []
            events = [event.type async for event in client.events("r")]
            assert events[:1] == ["run_started"]
            assert (await client.cancel("r")).id == "r"
            assert await client.signal("r", "paid") == "e"
            run = await client.publish_workflow_event(In(name="a"), source="me")
            assert run.id == "r"

    asyncio.run(use())


def test_an_event_of_business_logic_starts_a_run() -> None:
    server = FakeServer("running")
    when = datetime(2026, 1, 31, tzinfo=UTC)
    with server.client() as client:
        client.publish_workflow_event(
            In(name="a"), source="shop", timestamp=when, metadata={"a": 1}
        )
        client.publish_workflow_event(In(name="a"), source="shop")
    _, path, body = server.requests[0]
    assert path == "/api/v2/workflow-events"
    assert body.pop("idempotency_key")
    assert body == {
        "workflow_name": "orders",
        "initial_data": {"name": "a"},
        "source": "shop",
        "timestamp": "2026-01-31T00:00:00+00:00",
        "metadata": {"a": 1},
    }
    assert server.requests[1][2]["timestamp"].endswith("+00:00")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("failed", WorkflowRejected),
        ("timed_out", WorkflowTimedOut),
        ("cancelled", WorkflowCancelled),
    ],
)
def test_a_run_without_a_result_is_a_typed_error(
    status: str, kind: type[WorkflowFailed]
) -> None:
    error = {"code": "X", "message": "m", "step": "charge", "details": [1]}
    with (
        FakeServer(status, error=error).client() as client,
        pytest.raises(kind) as caught,
    ):
        client.execute(In(name="a"))
    failure = caught.value
    assert (failure.code, failure.message, failure.step) == ("X", "m", "charge")
    assert failure.details == [1]
    assert failure.reported is None


def test_a_declared_error_comes_with_its_details() -> None:
    error = {
        "code": "DECLINED",
        "message": "no",
        "step": "charge",
        "details": {"name": "a"},
    }
    with (
        FakeServer("failed", error=error).client() as client,
        pytest.raises(WorkflowRejected) as caught,
    ):
        client.result("r")
    reported = caught.value.reported
    assert type(reported) is Declined
    assert (reported.code, reported.message) == ("DECLINED", "no")
    assert reported.details == In(name="a")


def test_a_failure_may_have_no_step() -> None:
    with (
        FakeServer("cancelled").client() as client,
        pytest.raises(WorkflowCancelled) as c,
    ):
        client.result("r")
    assert c.value.step is None and c.value.reported is None
