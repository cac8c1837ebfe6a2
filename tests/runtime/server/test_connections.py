"""HTTP/1.1 as bytes on a socket: what no well-behaved client sends belongs here too."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from magicflow.client import Client
from magicflow.server import ServerConfig, listener
from magicflow.server.connection import MAX_HEAD
from magicflow.server.exchange import Exchange
from magicflow.server.http import Answer

from tests.runtime.plans import call, plan, three_steps
from tests.runtime.serving import LANGUAGES, TOKEN, Running, serving

AUTHORIZED = f"Authorization: Bearer {TOKEN}\r\n".encode()
HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
BODY = b'{"input": {"n": 1}}'
START = (
    b"POST /api/v2/workflows/three/execute?wait=10s HTTP/1.1\r\nHost: x\r\n"
    + AUTHORIZED
)


async def add(input: dict[str, int]) -> dict[str, int]:
    return {"n": input["n"] + 1}


@pytest.fixture(scope="module", params=LANGUAGES)
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    handlers = {"add": add}
    with serving(three_steps(), handlers=handlers, language=request.param) as server:
        yield server


@pytest.fixture(scope="module")
def ours() -> Iterator[Running]:
    """The server whose connections are our own code; Go's are net/http's."""
    with serving(three_steps(), handlers={"add": add}) as server:
        yield server


class Wire:
    """A socket and what came back on it."""

    def __init__(self, running: Running) -> None:
        host, port = running.url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self.rest = b""

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def until(self, mark: bytes) -> bytes:
        """What comes up to and with a mark."""
        while mark not in self.rest:
            more = self.socket.recv(65536)
            assert more, f"closed after {self.rest!r}"
            self.rest += more
        found, _, self.rest = self.rest.partition(mark)
        return found + mark

    def answer(self, body: bool = True) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of an answer with a length."""
        lines = self.until(b"\r\n\r\n").decode().split("\r\n")
        parts = [line.split(": ", 1) for line in lines[1:-2]]
        headers = {name.lower(): value for name, value in parts}
        length = int(headers["content-length"]) if body else 0
        while len(self.rest) < length:
            self.rest += self.socket.recv(65536)
        text, self.rest = self.rest[:length], self.rest[length:]
        return int(lines[0].split()[1]), headers, text

    def refusal(self) -> bytes:
        """The status line of an answer, behind which the connection ends."""
        status = self.until(b"\r\n")
        while self.socket.recv(65536):
            pass
        return status

    @property
    def closed(self) -> bool:
        return self.rest == b"" and self.socket.recv(1) == b""


def test_requests_follow_each_other_on_one_connection(running: Running) -> None:
    with Wire(running) as wire:
        for _ in range(3):
            wire.send(HEALTH)
            status, headers, body = wire.answer()
            assert (status, body) == (200, b'{"status":"ok"}')
            assert "connection" not in headers


def test_pipelined_requests_are_answered_in_order(running: Running) -> None:
    length = b"Content-Length: %d\r\n\r\n" % len(BODY)
    with Wire(running) as wire:
        wire.send(START + length + BODY + HEALTH + START + length + BODY + HEALTH)
        bodies = [wire.answer()[2] for _ in range(4)]
        assert b'"completed"' in bodies[0] and b'"completed"' in bodies[2]
        assert bodies[1] == bodies[3] == b'{"status":"ok"}'


def test_a_request_may_come_byte_by_byte(running: Running) -> None:
    request = START + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
    with Wire(running) as wire:
        for position in range(len(request)):
            wire.send(request[position : position + 1])
        assert wire.answer()[0] == 200


def test_a_chunked_body(running: Running) -> None:
    with Wire(running) as wire:
        wire.send(START + b"Transfer-Encoding: chunked\r\n\r\n")
        for part in (BODY[:7], BODY[7:]):
            wire.send(b"%x\r\n%s\r\n" % (len(part), part))
        wire.send(b"0\r\nTrailer: ignored\r\n\r\n" + HEALTH)
        assert b'"completed"' in wire.answer()[2]
        assert wire.answer()[0] == 200


def test_who_expects_to_be_told_is_told_to_go_on(running: Running) -> None:
    with Wire(running) as wire:
        length = b"Content-Length: %d\r\n" % len(BODY)
        wire.send(START + length + b"Expect: 100-continue\r\n\r\n")
        assert wire.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.send(BODY)
        assert wire.answer()[0] == 200


def test_a_body_that_nobody_reads_ends_the_connection(running: Running) -> None:
    """Refused before the body: what follows it could be body or request."""
    with Wire(running) as wire:
        request = START.replace(AUTHORIZED, b"")
        wire.send(request + b"Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n")
        status, headers, _ = wire.answer()
        assert (status, headers["connection"]) == (401, "close")
        assert wire.closed


def test_a_body_beyond_the_limit(running: Running) -> None:
    limit = ServerConfig().max_body
    with Wire(running) as wire:
        wire.send(START + b"Content-Length: %d\r\n\r\n" % (limit + 1))
        assert wire.answer()[0] == 413
        assert wire.closed
    with Wire(running) as wire:
        wire.send(START + b"Transfer-Encoding: chunked\r\n\r\n")
        part = b"10000\r\n%s\r\n" % (b" " * 0x10000)
        for _ in range(limit // 0x10000 + 1):
            wire.send(part)
        assert wire.answer()[0] == 413


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"this is no HTTP\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nBad Header\r\n\r\n",
        START + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
    ],
)
def test_what_is_no_http_ends_the_connection(
    running: Running, request_bytes: bytes
) -> None:
    with Wire(running) as wire:
        wire.send(request_bytes)
        assert wire.refusal().startswith(b"HTTP/1.1 400 ")


def test_what_is_no_http_is_refused(ours: Running) -> None:
    with Wire(ours) as wire:
        wire.send(b"this is no HTTP\r\n\r\n")
        status, headers, body = wire.answer()
        assert (status, headers["connection"]) == (400, "close")
        assert b'"BAD_REQUEST"' in body
        assert wire.closed


def test_rubbish_behind_a_request_does_not_hinder_its_answer(ours: Running) -> None:
    length = b"Content-Length: %d\r\n\r\n" % len(BODY)
    with Wire(ours) as wire:
        wire.send(START + length + BODY + b"rubbish\r\n\r\n")
        assert wire.answer()[0] == 200
        assert wire.closed


def test_headers_have_a_limit(running: Running) -> None:
    with Wire(running) as wire:
        wire.send(b"GET /health HTTP/1.1\r\nX-Long: ")
        # Go's server takes 4 kB more
        for _ in range(MAX_HEAD // 1024 + 5):
            wire.send(b"x" * 1024)
        assert wire.until(b"\r\n").startswith(b"HTTP/1.1 431 ")


def test_an_upgrade_is_not_taken(ours: Running) -> None:
    with Wire(ours) as wire:
        wire.send(HEALTH[:-2] + b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        assert wire.answer()[0] == 200
        assert wire.closed


def test_head_has_no_body(running: Running) -> None:
    with Wire(running) as wire:
        wire.send(HEALTH.replace(b"GET", b"HEAD") + HEALTH)
        status, headers, _ = wire.answer(body=False)
        assert (status, headers["content-length"]) == (200, "15")
        assert wire.answer()[2] == b'{"status":"ok"}'


def test_head_of_a_stream_is_refused(running: Running) -> None:
    line = b"HEAD /api/v2/executions/x/stream HTTP/1.1\r\nHost: x\r\n"
    token = f"Authorization: {running.headers['Authorization']}\r\n\r\n".encode()
    with Wire(running) as wire:
        wire.send(line + token)
        status, headers, _ = wire.answer(body=False)
        assert (status, headers["allow"]) == (405, "GET")


def test_the_old_version_closes(ours: Running) -> None:
    for more in (b"", b"Connection: keep-alive\r\n"):
        with Wire(ours) as wire:
            wire.send(HEALTH.replace(b"1.1", b"1.0")[:-2] + more + b"\r\n")
            status, headers, _ = wire.answer()
            assert (status, headers["connection"]) == (200, "close")
            assert wire.closed


def test_addresses(ours: Running) -> None:
    with Wire(ours) as wire:
        for target, status in (
            (b"/%68ealth", 200),
            (b"http://elsewhere/health", 200),
            (b"/health/", 401),
            (b"/%C3%A4", 401),
            (b"/\xc3\xa4", 400),
        ):
            wire.send(HEALTH.replace(b"/health", target))
            assert wire.answer()[0] == status, target


def started(running: Running) -> str:
    with Client(running.url, TOKEN) as client:
        run = client.start("three", {"n": 1})
        assert client.result(run.id) == {"n": 4}
        return run.id


def test_a_stream_comes_in_chunks(running: Running) -> None:
    path = f"/api/v2/executions/{started(running)}/stream".encode()
    with Wire(running) as wire:
        wire.send(b"GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n" % (path, AUTHORIZED) + HEALTH)
        assert b"transfer-encoding: chunked" in wire.until(b"\r\n\r\n").lower()
        assert wire.until(b"\r\n0\r\n\r\n").count(b"event: step_completed") == 3
        assert wire.answer()[0] == 200
    with Wire(running) as wire:
        wire.send(b"GET %s HTTP/1.0\r\n%s\r\n" % (path, AUTHORIZED))
        assert b"chunked" not in wire.until(b"\r\n\r\n").lower()
        wire.until(b"event: run_completed")
        while wire.socket.recv(65536):
            pass


def held_back() -> Any:
    return plan({"a": call("add", executor="elsewhere")}, ["a"], name="held")


def until(holds: Any, seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_work_for_a_client_that_left_ends() -> None:
    """A worker that is gone is handed no task, and who no longer waits costs nothing."""
    with serving(held_back()) as running:
        poll = b'{"executors": ["elsewhere"], "wait_ms": 20000}'
        queues = running.server.engine.dispatcher.queues
        with Wire(running) as wire:
            wire.send(
                b"POST /api/v2/tasks/poll HTTP/1.1\r\nContent-Length: %d\r\n%s\r\n%s"
                % (len(poll), AUTHORIZED, poll)
            )
            until(lambda: "elsewhere" in queues and queues["elsewhere"].pollers)
        until(lambda: not queues["elsewhere"].pollers)
        request = START.replace(b"three", b"held") + b"Content-Length: 2\r\n\r\n{}"
        with Wire(running) as wire:
            wire.send(request)
            until(lambda: any(live.waiters for live in running.server.engine.runs))
        until(lambda: not any(live.waiters for live in running.server.engine.runs))


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_has_left_is_handed_no_task(language: str) -> None:
    """Three workers ask and go; the task is the fourth's, at its first delivery."""
    body = b'{"executors": ["elsewhere"], "wait_ms": %d}'
    with serving(held_back(), language=language, lease=30.0) as running:

        def poll(wait: int) -> bytes:
            asked = body % wait
            head = b"POST /api/v2/tasks/poll HTTP/1.1\r\nContent-Length: %d\r\n%s\r\n"
            return head % (len(asked), AUTHORIZED) + asked

        for _ in range(3):
            with Wire(running) as wire:
                wire.send(poll(20_000))
                time.sleep(0.1)
        time.sleep(0.3)
        url = f"{running.url}/api/v2/workflows/held/execute"
        started = httpx.post(url, json={}, headers=running.headers)
        url = f"{running.url}/api/v2/tasks/poll"
        asked = {"executors": ["elsewhere"], "wait_ms": 5_000}
        answer = httpx.post(url, json=asked, headers=running.headers, timeout=10)
        (task,) = answer.json()["tasks"]
        assert task["run_id"] == started.json()["execution_id"]
        assert task["delivery"] == 1


def test_who_waits_when_the_server_stops_hears_how_far_it_is() -> None:
    answers: list[httpx.Response] = []
    with serving(held_back()) as running:

        def ask() -> None:
            path = f"{running.url}/api/v2/workflows/held/execute?wait=30s"
            answers.append(httpx.post(path, json={}, headers=running.headers))

        thread = threading.Thread(target=ask)
        thread.start()
        until(lambda: any(live.waiters for live in running.server.engine.runs))
    thread.join()
    assert answers[0].status_code == 202
    assert answers[0].json()["status"] == "running"
    assert answers[0].headers["connection"] == "close"


def test_silent_connections_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "TICK", 0.02)
    monkeypatch.setattr(listener, "SILENCE", 2)
    with (
        serving(held_back()) as running,
        Wire(running) as idle,
        Wire(running) as half,
        Wire(running) as busy,
    ):
        runs = running.server.engine.runs
        busy.send(START.replace(b"three", b"held") + b"Content-Length: 2\r\n\r\n{}")
        half.send(START + b"Content-Length: 20\r\n\r\n")
        assert idle.closed
        assert half.closed
        until(lambda: any(live.waiters for live in runs))
        time.sleep(0.2)
        assert any(live.waiters for live in runs)


def test_a_header_cannot_bring_others_in() -> None:
    class Silent:
        gone = closing = False

        def write(self, data: bytes) -> None:
            raise AssertionError(data)

        def read_on(self) -> None: ...

        async def drained(self) -> None: ...

    exchange = Exchange(Silent(), {"method": "GET"}, True, False)
    with pytest.raises(ValueError, match="line break"):
        exchange.answer(Answer(200, b"", [(b"location", b"/x\r\nset-cookie: a=b")]))


def test_a_slow_reader_slows_the_writer() -> None:
    """What a client does not take waits with whoever makes it, not in memory."""

    class App:
        written = 0

        async def respond(self, scope: Any, receive: Any) -> None:
            head = {"type": "http.response.start", "status": 200, "headers": []}
            await scope["send"](head)
            for _ in range(200):
                part = {"type": "http.response.body", "body": b"x" * 100_000}
                await scope["send"]({**part, "more_body": True})
                self.written += 100_000
            await scope["send"]({"type": "http.response.body"})

    async def main() -> None:
        app, bound = App(), socket.socket()
        bound.bind(("127.0.0.1", 0))
        served = listener.Listener(app, bound)  # type: ignore[arg-type]
        await served.open()
        reader, writer = await asyncio.open_connection(*bound.getsockname(), limit=1024)
        writer.write(HEALTH)
        await asyncio.sleep(0.3)
        assert 0 < app.written < 15_000_000
        size = 0
        while not (part := await reader.read(1 << 20)).endswith(b"\r\n0\r\n\r\n"):
            size += len(part)
        assert app.written == 20_000_000 <= size + len(part)
        writer.close()
        await served.close(1)

    asyncio.run(main())
