"""The blocking client."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

import httpx

from magicflow.client.errors import ApiError, ConnectionFailed, RunTimeout, api_error
from magicflow.client.model import (
    FINAL,
    RETRIED,
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
    start_call,
    wait_call,
)
from magicflow.types.decode import decode_json, encode_json
from magicflow.types.domain import MESSAGE_DEPTH, DomainError

LONGEST_WAIT = 30.0
"""Seconds of one waiting request; longer waits are several requests."""


class Client:
    """Talks to one server. Times are seconds.

    `timeout` bounds one request. Requests that are safe to repeat are, after connection
    failures and 429, 502, 503, 504. Safe for threads.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        timeout: float = 30.0,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._retries = retries or Retries()
        self._timeout = timeout
        self._http = httpx.Client(
            base_url=url,
            headers=headers_of(token),
            timeout=timeout,
            transport=transport,
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def execute(self, workflow: str, input: Any = None, **options: Any) -> Any:
        """Start a run, wait for its end and give its output.

        Options as of `start`, and `wait`, the longest time. Raises RunFailed,
        RunTimeout, ApiError, ConnectionFailed.
        """
        return self.run_to_end(workflow, input, **options).result()

    def run_to_end(
        self, workflow: str, input: Any = None, *, wait: float = 300.0, **options: Any
    ) -> Execution:
        """Start a run and give it when it has ended, however it did."""
        end = time.monotonic() + wait
        first = min(wait, LONGEST_WAIT)
        started = self._start(workflow, input, first, options)
        if started.ended:
            return started
        return self.wait(started.id, max(end - time.monotonic(), 0.001))

    def start(self, workflow: str, input: Any = None, **options: Any) -> Execution:
        """Start a run; it is durable when this returns.

        Options: idempotency_key, metadata, priority, foreign_id, timeout_override
        (`30m`), webhook.
        """
        return self._start(workflow, input, None, options)

    def _start(
        self, workflow: str, input: Any, wait: float | None, options: Json
    ) -> Execution:
        return execution(self._send(start_call_of(workflow, input, wait, options)))

    def wait(self, execution_id: str, timeout: float = 300.0) -> Execution:
        """Wait for the end of a run. Raises RunTimeout."""
        end = time.monotonic() + timeout
        while True:
            left = end - time.monotonic()
            if left <= 0:
                raise RunTimeout(f"run {execution_id} has not ended in {timeout} s")
            call = wait_call(execution_id, min(left, LONGEST_WAIT))
            found = execution(self._send(call))
            if found.ended:
                return found

    def status(self, execution_id: str) -> Execution:
        """The run as it is now."""
        return execution(self._send(Call("GET", run_path(execution_id), safe=True)))

    def result(self, execution_id: str, timeout: float = 300.0) -> Any:
        """Wait for the end and give the output. Raises RunFailed, RunTimeout."""
        return self.wait(execution_id, timeout).result()

    def steps(self, execution_id: str) -> list[Json]:
        """Every step that was entered."""
        body = self._send(Call("GET", run_path(execution_id, "/steps"), safe=True))
        steps: list[Json] = body["steps"]
        return steps

    def executions(
        self, *, limit: int = 50, cursor: str | None = None, **filters: str | None
    ) -> tuple[list[Execution], str | None]:
        """A page of runs, newest first, and the cursor of the next. Filters: workflow,
        status, foreign_id, created_from, created_to."""
        body = self._send(list_call(limit, cursor, filters))
        return [execution(row) for row in body["executions"]], body["next_cursor"]

    def events(self, execution_id: str, after: int = 0) -> Iterator[Event]:
        """The history, row by row as it happens, until the run ends. A connection that
        breaks is taken up again behind the last row."""
        attempt = 0
        while True:
            try:
                for event in self._stream(execution_id, after):
                    after, attempt = event.n, 0
                    yield event
                if self.status(execution_id).status in FINAL:
                    # rows that came between the stream's end and the question
                    yield from self._stream(execution_id, after)
                    return
            except ConnectionFailed:
                attempt += 1
                if attempt >= self._retries.attempts:
                    raise
                time.sleep(self._retries.delay(attempt, None))

    def _stream(self, execution_id: str, after: int) -> Iterator[Event]:
        path = run_path(execution_id, "/stream")
        parser = EventParser()
        try:
            with self._http.stream(
                "GET", path, headers={"Last-Event-ID": str(after)}, timeout=60.0
            ) as response:
                if response.status_code != 200:
                    response.read()
                    raise error_of(response)
                for line in response.iter_lines():
                    data = parser.feed(line)
                    if data is not None:
                        row = decode_json(data, around=MESSAGE_DEPTH)
                        yield Event(row["n"], row["type"], row)
        except httpx.TransportError as error:
            raise ConnectionFailed(str(error) or type(error).__name__) from error

    def cancel(self, execution_id: str, reason: str | None = None) -> Execution:
        """Ask a run to end. Raises Conflict when it has ended."""
        body = {} if reason is None else {"reason": reason}
        return execution(
            self._send(Call("POST", run_path(execution_id, "/cancel"), body))
        )

    def pause(self, execution_id: str) -> Execution:
        return execution(self._send(Call("POST", run_path(execution_id, "/pause"), {})))

    def resume(self, execution_id: str) -> Execution:
        return execution(
            self._send(Call("POST", run_path(execution_id, "/resume"), {}))
        )

    def retry(self, execution_id: str) -> Execution:
        """A new run that begins at the failed step."""
        return execution(self._send(Call("POST", run_path(execution_id, "/retry"), {})))

    def signal(
        self,
        execution_id: str,
        event: str,
        data: Any = None,
        event_id: str | None = None,
    ) -> str:
        """Send an event to a run; gives its id. The same id counts once."""
        body = self._send(signal_call(execution_id, event, data, event_id))
        return str(body["event_id"])

    def publish_workflow_event(self, event: Mapping[str, Any]) -> Execution:
        """Start a run by a WorkflowInitEvent."""
        return execution(self._send(init_event_call(event)))

    def health(self) -> Json:
        return self._send(Call("GET", "/health", safe=True))

    def _send(self, call: Call) -> Json:
        content = None if call.body is None else encode_json(call.body)
        timeout = self._timeout + (call.timeout or 0)
        attempt = 0
        while True:
            attempt += 1
            try:
                response = self._http.request(
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
            time.sleep(
                self._retries.delay(attempt, getattr(failure, "retry_after", None))
            )


def headers_of(token: str | None) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return headers


def start_call_of(workflow: str, input: Any, wait: float | None, options: Json) -> Call:
    """Raises TypeError for an unknown option."""
    known: Json = {
        "idempotency_key": None,
        "metadata": None,
        "priority": 0,
        "foreign_id": None,
        "timeout_override": None,
        "webhook": None,
    }
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise TypeError(f"`{unknown[0]}` is no option of a start")
    return start_call(workflow, input, wait=wait, **{**known, **options})


def may_repeat(call: Call, failure: ApiError | ConnectionFailed) -> bool:
    """A request that may have worked is repeated only when that does no harm."""
    if isinstance(failure, ApiError):
        # 429 comes before anything was done
        return failure.status == 429 or (call.safe and failure.status in RETRIED)
    return call.safe or isinstance(failure.__cause__, httpx.ConnectError)


def body_of(response: httpx.Response) -> Json:
    if not response.content:
        return {}
    try:
        body = decode_json(response.content, around=MESSAGE_DEPTH)
    except DomainError as error:
        raise ConnectionFailed(f"the answer is no JSON of ours: {error}") from None
    if not isinstance(body, dict):
        raise ConnectionFailed("the answer is no JSON object")
    return body


def error_of(response: httpx.Response) -> ApiError:
    try:
        problem = decode_json(response.content, around=MESSAGE_DEPTH)
    except DomainError:
        problem = None
    return api_error(response.status_code, problem, response.headers.get("retry-after"))
