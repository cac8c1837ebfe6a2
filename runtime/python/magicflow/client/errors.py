"""What can go wrong between a client and its server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ClientError(Exception):
    """The parent of everything that a client raises."""


class ConnectionFailed(ClientError):
    """The server was not reached, or did not answer in time."""


class ApiError(ClientError):
    """The server refused. `status` is HTTP's, `code` ours, `errors` lists what is wrong
    where ({path, message}), `retry_after` is in seconds."""

    def __init__(
        self, status: int, problem: Mapping[str, Any], retry_after: float | None = None
    ) -> None:
        self.status = status
        self.code = str(problem.get("code", f"HTTP_{status}"))
        self.detail = str(problem.get("detail", "the server gave no reason"))
        errors = problem.get("errors")
        self.errors: list[dict[str, Any]] = errors if isinstance(errors, list) else []
        self.problem = dict(problem)
        self.retry_after = retry_after
        places = "".join(
            f"\n  {e.get('path') or '/'}: {e.get('message')}" for e in self.errors[:20]
        )
        super().__init__(f"{self.code}: {self.detail}{places}")


class NotAuthorized(ApiError):
    """The token is missing or wrong."""


class NotFound(ApiError):
    """There is no such workflow, run or task."""


class InvalidInput(ApiError):
    """The input does not fit the workflow's schema."""


class Conflict(ApiError):
    """The run's state does not allow it."""


class Overloaded(ApiError):
    """The server has too much to do."""


class ServerUnavailable(ApiError):
    """The server cannot answer now."""


class RunFailed(ClientError):
    """The run ended without a result: `status` is failed, timed_out or cancelled,
    `error` the run's error or None."""

    def __init__(self, execution_id: str, status: str, error: Any) -> None:
        self.execution_id = execution_id
        self.status = status
        self.error: dict[str, Any] = error if isinstance(error, dict) else {}
        self.code = str(self.error.get("code", status.upper()))
        self.message = str(self.error.get("message", ""))
        super().__init__(
            f"run {execution_id} {status}: {self.code} {self.message}".rstrip()
        )


class RunTimeout(ClientError):
    """The run had not ended when the client stopped waiting; it goes on."""


_BY_STATUS: dict[int, type[ApiError]] = {
    401: NotAuthorized,
    403: NotAuthorized,
    404: NotFound,
    409: Conflict,
    422: InvalidInput,
    429: Overloaded,
    502: ServerUnavailable,
    503: ServerUnavailable,
    504: ServerUnavailable,
}


def api_error(status: int, problem: Any, retry_after: str | None) -> ApiError:
    """The error for an answer."""
    after = None
    if retry_after is not None and retry_after.isdigit() and len(retry_after) < 7:
        after = float(retry_after)
    members = problem if isinstance(problem, Mapping) else {}
    return _BY_STATUS.get(status, ApiError)(status, members, after)
