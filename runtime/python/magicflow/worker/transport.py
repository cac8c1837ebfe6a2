"""The worker's half of the task protocol over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from magicflow.types.decode import decode_json, encode_json
from magicflow.types.domain import MESSAGE_DEPTH, DomainError
from magicflow.worker.http import HttpClient
from magicflow.worker.wire import task_of

Json = dict[str, Any]


class TransportFailed(Exception):
    """The server was not reached or could not answer; trying again is right.
    `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TransportRefused(Exception):
    """The server understood and said no; trying again is of no use."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class HttpTransport:
    """Polls for tasks and reports about them. Raises ValueError for what is no URL."""

    def __init__(self, url: str, token: str | None, worker_id: str) -> None:
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self._worker_id = worker_id
        self._http = HttpClient(url, headers)
        self.lease = 30.0

    async def poll(
        self, executors: Sequence[str], limit: int, wait: float
    ) -> list[Json]:
        """Lease up to `limit` tasks, waiting `wait` seconds for the first."""
        body = {
            "executors": list(executors),
            "max_tasks": limit,
            "wait_ms": int(wait * 1000),
            "worker_id": self._worker_id,
        }
        answer = await self._post("/api/v2/tasks/poll", body, wait + 30.0)
        self.lease = answer.get("lease_ms", 30_000) / 1000
        return [task_of(message) for message in answer["tasks"]]

    async def report(
        self, results: Sequence[Json], heartbeats: Sequence[Json]
    ) -> tuple[list[Json], list[Json]]:
        """Results and heartbeats; an answer for each, `{id, status, …}`."""
        body = {"results": list(results), "heartbeats": list(heartbeats)}
        answer = await self._post("/api/v2/tasks/report", body, 30.0)
        return answer["results"], answer["heartbeats"]

    async def _post(self, path: str, body: Json, timeout: float) -> Json:
        try:
            answered = await self._http.post(path, encode_json(body), timeout)
        except OSError as error:
            raise TransportFailed(str(error) or type(error).__name__) from error
        status = answered.status
        if status == 429 or status >= 500:
            after = answered.headers.get("retry-after", "")
            seconds = float(after) if after.isdigit() and len(after) < 7 else None
            raise TransportFailed(f"the server answered {status}", seconds)
        if status >= 400:
            text = answered.body[:300].decode(errors="replace")
            raise TransportRefused(f"the server answered {status}: {text}", status)
        try:
            answer = decode_json(answered.body, around=MESSAGE_DEPTH)
        except DomainError as error:
            raise TransportFailed(f"the answer is no JSON: {error}") from error
        if not isinstance(answer, dict):
            raise TransportFailed("the answer is no JSON object")
        return answer

    async def close(self) -> None:
        self._http.close()
