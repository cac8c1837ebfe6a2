"""The client for asyncio; the same methods as the blocking one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any

import httpx

from magicflow.client.errors import ApiError, ConnectionFailed, RunTimeout
from magicflow.client.model import (
    FINAL,
    Call,
    Event,
    EventParser,
    Execution,
    Json,
    Retries,
    execution,
    init_event_call,
    list_call,
    run_path,
    signal_call,
    wait_call,
)
from magicflow.client.sync import (
    LONGEST_WAIT,
    body_of,
    error_of,
    headers_of,
    may_repeat,
    start_call_of,
)
from magicflow.types.decode import decode_json, encode_json
from magicflow.types.domain import MESSAGE_DEPTH


class AsyncClient:
    """Talks to one server. Times are seconds.

    `timeout` bounds one request. Requests that are safe to repeat are, after connection
    failures and 429, 502, 503, 504. For one event loop.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        timeout: float = 30.0,
        retries: Retries | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._retries = retries or Retries()
        self._timeout = timeout
        self._http = httpx.AsyncClient(
            base_url=url,
            headers=headers_of(token),
            timeout=timeout,
            transport=transport,
        )

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def execute(self, workflow: str, input: Any = None, **options: Any) -> Any:
        """Start a run, wait for its end and give its output.

        Options as of `start`, and `wait`, the longest time. Raises RunFailed,
        RunTimeout, ApiError, ConnectionFailed.
        """
        return (await self.run_to_end(workflow, input, **options)).result()

    async def run_to_end(
        self, workflow: str, input: Any = None, *, wait: float = 300.0, **options: Any
    ) -> Execution:
        """Start a run and give it when it has ended, however it did."""
        end = time.monotonic() + wait
        first = min(wait, LONGEST_WAIT)
        started = await self._start(workflow, input, first, options)
        if started.ended:
            return started
        return await self.wait(started.id, max(end - time.monotonic(), 0.001))

    async def start(
        self, workflow: str, input: Any = None, **options: Any
    ) -> Execution:
        """Start a run; it is durable when this returns.

        Options: idempotency_key, metadata, priority, foreign_id, timeout_override
        (`30m`), webhook.
        """
        return await self._start(workflow, input, None, options)

    async def _start(
        self, workflow: str, input: Any, wait: float | None, options: Json
    ) -> Execution:
        return execution(
            await self._send(start_call_of(workflow, input, wait, options))
        )

    async def wait(self, execution_id: str, timeout: float = 300.0) -> Execution:
        """Wait for the end of a run. Raises RunTimeout."""
        end = time.monotonic() + timeout
        while True:
            left = end - time.monotonic()
            if left <= 0:
                raise RunTimeout(f"run {execution_id} has not ended in {timeout} s")
            call = wait_call(execution_id, min(left, LONGEST_WAIT))
            found = execution(await self._send(call))
            if found.ended:
                return found

    async def status(self, execution_id: str) -> Execution:
        """The run as it is now."""
        return execution(
            await self._send(Call("GET", run_path(execution_id), safe=True))
        )

    async def result(self, execution_id: str, timeout: float = 300.0) -> Any:
        """Wait for the end and give the output. Raises RunFailed, RunTimeout."""
        return (await self.wait(execution_id, timeout)).result()

    async def steps(self, execution_id: str) -> list[Json]:
        """Every step that was entered."""
        body = await self._send(
            Call("GET", run_path(execution_id, "/steps"), safe=True)
        )
        steps: list[Json] = body["steps"]
        return steps

    async def executions(
        self, *, limit: int = 50, cursor: str | None = None, **filters: str | None
    ) -> tuple[list[Execution], str | None]:
        """A page of runs, newest first, and the cursor of the next. Filters: workflow,
        status, foreign_id, created_from, created_to."""
        body = await self._send(list_call(limit, cursor, filters))
        return [execution(row) for row in body["executions"]], body["next_cursor"]

    async def events(self, execution_id: str, after: int = 0) -> AsyncIterator[Event]:
        """The history, row by row as it happens, until the run ends. A connection that
        breaks is taken up again behind the last row."""
        attempt = 0
        while True:
            try:
                async for event in self._stream(execution_id, after):
                    after, attempt = event.n, 0
                    yield event
                if (await self.status(execution_id)).status in FINAL:
                    # rows that came between the stream's end and the question
                    async for event in self._stream(execution_id, after):
                        yield event
                    return
            except ConnectionFailed:
                attempt += 1
                if attempt >= self._retries.attempts:
                    raise
                await asyncio.sleep(self._retries.delay(attempt, None))

    async def _stream(self, execution_id: str, after: int) -> AsyncIterator[Event]:
        path = run_path(execution_id, "/stream")
        parser = EventParser()
        try:
            async with self._http.stream(
                "GET", path, headers={"Last-Event-ID": str(after)}, timeout=60.0
            ) as response:
                if response.status_code != 200:
                    await response.aread()
                    raise error_of(response)
                async for line in response.aiter_lines():
                    data = parser.feed(line)
                    if data is not None:
                        row = decode_json(data, around=MESSAGE_DEPTH)
                        yield Event(row["n"], row["type"], row)
        except httpx.TransportError as error:
            raise ConnectionFailed(str(error) or type(error).__name__) from error

    async def cancel(self, execution_id: str, reason: str | None = None) -> Execution:
        """Ask a run to end. Raises Conflict when it has ended."""
        body = {} if reason is None else {"reason": reason}
        return execution(
            await self._send(Call("POST", run_path(execution_id, "/cancel"), body))
        )

    async def pause(self, execution_id: str) -> Execution:
        return execution(
            await self._send(Call("POST", run_path(execution_id, "/pause"), {}))
        )

    async def resume(self, execution_id: str) -> Execution:
        return execution(
            await self._send(Call("POST", run_path(execution_id, "/resume"), {}))
        )

    async def retry(self, execution_id: str) -> Execution:
        """A new run that begins at the failed step."""
        return execution(
            await self._send(Call("POST", run_path(execution_id, "/retry"), {}))
        )

    async def signal(
        self,
        execution_id: str,
        event: str,
        data: Any = None,
        event_id: str | None = None,
    ) -> str:
        """Send an event to a run; gives its id. The same id counts once."""
        body = await self._send(signal_call(execution_id, event, data, event_id))
        return str(body["event_id"])

    async def publish_workflow_event(self, event: Mapping[str, Any]) -> Execution:
        """Start a run by a WorkflowInitEvent."""
        return execution(await self._send(init_event_call(event)))

    async def health(self) -> Json:
        return await self._send(Call("GET", "/health", safe=True))

    async def _send(self, call: Call) -> Json:
        content = None if call.body is None else encode_json(call.body)
        timeout = self._timeout + (call.timeout or 0)
        attempt = 0
        while True:
            attempt += 1
            try:
                response = await self._http.request(
                    call.method, call.path, content=content, timeout=timeout
                )
                if response.status_code < 400:
                    return body_of(response)
                failure: ApiError | ConnectionFailed = error_of(response)
            except httpx.TransportError as error:
                failure = ConnectionFailed(str(error) or type(error).__name__)
                failure.__cause__ = error
            if not may_repeat(call, failure) or attempt >= self._retries.attempts:
                raise failure
            await asyncio.sleep(
                self._retries.delay(attempt, getattr(failure, "retry_after", None))
            )
