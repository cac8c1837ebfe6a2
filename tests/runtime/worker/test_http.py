"""The worker's HTTP client against a server that says what a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from magicflow.worker.http import HttpClient
from magicflow.worker.transport import HttpTransport, TransportFailed, TransportRefused

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Scripted:
    """Answers the requests of each connection with the next of `answers`; None closes
    instead."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.connections = 0

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        while head := await _head(reader):
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            self.requests.append(head + await reader.readexactly(length))
            answer = self.answers.pop(0)
            if answer is None:
                break
            writer.write(answer)
        writer.close()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


def with_server(
    scripted: Scripted, work: Callable[[str], Awaitable[None]], path: str = ""
) -> None:
    async def main() -> None:
        server = await asyncio.start_server(scripted.serve, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        await work(f"http://{host}:{port}{path}")
        server.close()

    asyncio.run(main())


def test_a_connection_is_kept() -> None:
    scripted = Scripted(OK, OK.replace(b"{}", b"[]"))

    async def work(url: str) -> None:
        client = HttpClient(url, {"Authorization": "Bearer t"})
        first = await client.post("/a", b"1", 5)
        second = await client.post("/b", b"22", 5)
        client.close()
        assert (first.status, first.body, second.body) == (200, b"{}", b"[]")
        assert first.headers == {"content-length": "2"}

    with_server(scripted, work, "/base/")
    assert scripted.connections == 1
    assert [request.split()[1] for request in scripted.requests] == [
        b"/base/a",
        b"/base/b",
    ]
    assert b"\r\nAuthorization: Bearer t\r\n" in scripted.requests[0]
    assert scripted.requests[1].endswith(b"\r\n\r\n22")


def test_requests_at_once_have_connections_of_their_own() -> None:
    scripted = Scripted(OK, OK, OK)

    async def work(url: str) -> None:
        client = HttpClient(url, {})
        await asyncio.gather(client.post("/a", b"", 5), client.post("/b", b"", 5))
        await client.post("/c", b"", 5)
        client.close()

    with_server(scripted, work)
    assert scripted.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
def test_a_connection_that_ends_is_not_used_again(answer: bytes) -> None:
    scripted = Scripted(answer, OK)

    async def work(url: str) -> None:
        client = HttpClient(url, {})
        assert (await client.post("/a", b"", 5)).body == b"{}"
        assert (await client.post("/b", b"", 5)).body == b"{}"
        client.close()

    with_server(scripted, work)
    assert scripted.connections == 2


def test_chunks_and_a_word_in_between() -> None:
    answer = (
        b"HTTP/1.1 100 Continue\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
    )

    async def work(url: str) -> None:
        client = HttpClient(url, {})
        assert (await client.post("/a", b"", 5)).body == b"{}"
        client.close()

    with_server(Scripted(answer), work)


@pytest.mark.parametrize("answer", [None, b"SMTP ready\r\n\r\n", b"HTTP/1.1 2"])
def test_a_failure_is_told_and_the_next_request_connects_anew(
    answer: bytes | None,
) -> None:
    scripted = Scripted(OK, answer, OK)

    async def work(url: str) -> None:
        transport = HttpTransport(url, None, "w")
        client = transport._http
        await client.post("/a", b"", 5)
        with pytest.raises(OSError):
            await client.post("/b", b"", 0.3)
        assert (await client.post("/c", b"", 5)).status == 200
        await transport.close()

    with_server(scripted, work)
    assert scripted.connections == 2


def test_nobody_listens() -> None:
    async def work() -> None:
        transport = HttpTransport("http://127.0.0.1:1", "t", "w")
        with pytest.raises(TransportFailed):
            await transport.poll(["svc"], 1, 0)

    asyncio.run(work())


def test_what_the_server_says() -> None:
    def saying(status: str, headers: str = "", body: str = "{}") -> bytes:
        length = f"Content-Length: {len(body)}\r\n"
        return f"HTTP/1.1 {status}\r\n{headers}{length}\r\n{body}".encode()

    scripted = Scripted(
        saying("503 Away", "Retry-After: 7\r\n"),
        saying("401 No", body="who are you?"),
        saying("200 OK", body="[]"),
        saying("200 OK", body="{"),
    )

    async def work(url: str) -> None:
        transport = HttpTransport(url, "t", "w")
        with pytest.raises(TransportFailed) as failed:
            await transport.poll(["svc"], 1, 0)
        assert failed.value.retry_after == 7
        with pytest.raises(TransportRefused, match="401: who are you"):
            await transport.poll(["svc"], 1, 0)
        for _ in range(2):
            with pytest.raises(TransportFailed, match="JSON"):
                await transport.report([], [])
        await transport.close()

    with_server(scripted, work)


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://x", "http://", ""])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        HttpClient(url, {})


def test_a_token_brings_no_header_in() -> None:
    with pytest.raises(ValueError, match="line break"):
        HttpTransport("http://x", "t\r\nHost: y", "w")
