"""Both clients against a real server, and against one that fails on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from magicflow.client import (
    ApiError,
    AsyncClient,
    Client,
    Conflict,
    ConnectionFailed,
    InvalidInput,
    NotAuthorized,
    NotFound,
    Retries,
    RunFailed,
    RunTimeout,
    ServerUnavailable,
)
from magicflow.worker import WorkflowError

from tests.runtime.harness import add
from tests.runtime.plans import call, plan, three_steps
from tests.runtime.serving import LANGUAGES, Running, serving

FAST = Retries(attempts=4, first=0.001, longest=0.002)


async def by_mode(input: Any) -> Any:
    if input["mode"] == "fail":
        raise WorkflowError("DECLINED", "no", details={"limit": 5})
    await asyncio.sleep(60)


@pytest.fixture(scope="module", params=LANGUAGES)
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    modes = plan({"m": call("mode")}, ["m"], name="modes")
    handlers = {"add": add, "mode": by_mode}
    plans = (three_steps(), modes)
    with serving(*plans, handlers=handlers, language=request.param) as server:
        yield server


@pytest.fixture
def client(running: Running) -> Iterator[Client]:
    with Client(running.url, running.token) as client:
        yield client


def test_execute_gives_the_output(client: Client) -> None:
    assert client.execute("three", {"n": 1}) == {"n": 4}


def test_start_wait_status_result_steps(client: Client) -> None:
    started = client.start("three", {"n": 2}, foreign_id="mine", metadata={"a": "b"})
    assert client.wait(started.id).output == {"n": 5}
    assert client.status(started.id).ended
    assert client.result(started.id) == {"n": 5}
    assert [s["step"] for s in client.steps(started.id)] == ["a", "b", "c"]
    found, cursor = client.executions(foreign_id="mine", limit=1)
    assert ([e.id for e in found], cursor) == ([started.id], None)


def test_events_end_with_the_run(client: Client) -> None:
    started = client.start("three", {"n": 2})
    events = list(client.events(started.id))
    assert [e.n for e in events] == list(range(1, len(events) + 1))
    assert events[-1].type == "run_completed"
    assert list(client.events(started.id, after=events[-2].n)) == events[-1:]


def test_a_failed_run_is_a_typed_error(client: Client) -> None:
    with pytest.raises(RunFailed) as failed:
        client.execute("modes", {"mode": "fail"})
    assert (failed.value.status, failed.value.code) == ("failed", "DECLINED")
    assert failed.value.error["details"] == {"limit": 5}


def test_waiting_ends_without_ending_the_run(client: Client) -> None:
    started = client.start("modes", {"mode": "hang"})
    with pytest.raises(RunTimeout):
        client.wait(started.id, timeout=0.05)
    with pytest.raises(RunTimeout):
        client.execute("modes", {"mode": "hang"}, wait=0.05, idempotency_key="hang")
    assert client.pause(started.id).status == "paused"
    client.resume(started.id)
    client.cancel(started.id, "enough")
    assert client.wait(started.id).status == "cancelled"
    with pytest.raises(Conflict):
        client.cancel(started.id)
    hanging = client.start("modes", {"mode": "x"}, idempotency_key="hang")
    client.cancel(hanging.id)


def test_errors_are_typed(running: Running, client: Client) -> None:
    with pytest.raises(NotFound, match="did you mean"):
        client.start("thre")
    with pytest.raises(InvalidInput) as invalid:
        client.start("three", {"label": 1})
    assert len(invalid.value.errors) == 2
    with pytest.raises(NotFound):
        client.signal("nobody", "paid", {})
    with pytest.raises(TypeError, match="tiemout"):
        client.start("three", {"n": 1}, tiemout=3)
    with Client(running.url, "wrong") as stranger, pytest.raises(NotAuthorized):
        stranger.start("three", {"n": 1})
    with (
        pytest.raises(ConnectionFailed),
        Client("http://127.0.0.1:9", retries=FAST) as c,
    ):
        c.health()


def test_a_workflow_event_starts_a_run(client: Client) -> None:
    event = {"workflow_name": "three", "initial_data": {"n": 7}, "source": "shop"}
    started = client.publish_workflow_event(event)
    assert client.result(started.id) == {"n": 10}


def test_the_async_client_does_the_same(running: Running) -> None:
    async def test() -> None:
        async with AsyncClient(running.url, running.token) as client:
            assert await client.execute("three", {"n": 1}) == {"n": 4}
            started = await client.start("three", {"n": 2})
            events = [event async for event in client.events(started.id)]
            assert events[-1].type == "run_completed"
            assert await client.result(started.id) == {"n": 5}
            with pytest.raises(RunFailed):
                await client.execute("modes", {"mode": "fail"})
            with pytest.raises(NotFound):
                await client.status("nobody")
            found, _ = await client.executions(limit=2)
            assert len(found) == 2
            assert (await client.health())["engine"] == "open"

    asyncio.run(test())


class Flaky(httpx.BaseTransport):
    """Fails the first requests in the given ways, then answers."""

    def __init__(self, *failures: int | type[Exception]) -> None:
        self.failures = list(failures)
        self.bodies: list[bytes] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(request.read())
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, int):
                return httpx.Response(failure, json={"code": "X", "detail": "d"})
            raise failure("broken")
        body = {
            "execution_id": "r",
            "workflow": "w",
            "status": "completed",
            "output": 1,
        }
        return httpx.Response(200, json=body)


def client_of(transport: Flaky) -> Client:
    return Client("http://test", retries=FAST, transport=transport)


@pytest.mark.parametrize(
    "failures",
    [(503, 502), (429,), (httpx.ConnectError,), (httpx.ReadTimeout, httpx.ReadError)],
)
def test_a_start_is_repeated_with_the_same_key(failures: tuple[Any, ...]) -> None:
    transport = Flaky(*failures)
    assert client_of(transport).execute("w", 1) == 1
    assert len(transport.bodies) == len(failures) + 1
    assert len(set(transport.bodies)) == 1
    assert b"idempotency_key" in transport.bodies[0]


@pytest.mark.parametrize("failure", [httpx.ReadTimeout, httpx.ReadError])
def test_what_is_not_safe_is_not_repeated(failure: type[Exception]) -> None:
    transport = Flaky(failure)
    with pytest.raises(ConnectionFailed):
        client_of(transport).cancel("r")
    assert len(transport.bodies) == 1
    transport = Flaky(503)
    with pytest.raises(ServerUnavailable):
        client_of(transport).retry("r")
    assert len(transport.bodies) == 1


def test_what_never_left_may_be_repeated() -> None:
    transport = Flaky(httpx.ConnectError)
    assert client_of(transport).cancel("r").status == "completed"


@pytest.mark.parametrize("status", [400, 404, 409, 422, 500])
def test_a_refusal_is_not_repeated(status: int) -> None:
    transport = Flaky(status)
    with pytest.raises(ApiError) as refused:
        client_of(transport).start("w", 1)
    assert refused.value.status == status
    assert len(transport.bodies) == 1


def test_repeating_ends() -> None:
    transport = Flaky(*[503] * 9)
    with pytest.raises(ServerUnavailable):
        client_of(transport).start("w")
    assert len(transport.bodies) == FAST.attempts
