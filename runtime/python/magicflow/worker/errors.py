"""How a handler says that it failed."""

from __future__ import annotations

from typing import Any


class WorkflowError(Exception):
    """A failure that the workflow can act on.

    `code` is the function's own (`DECLINED`); `retryable` overrules what the context
    declares; `details` is any JSON value; `retry_after`, in seconds, raises the delay
    before the next attempt. Any other exception of a handler counts as `INTERNAL`.
    """

    code: str = "INTERNAL"

    def __init__(
        self,
        code: str | None = None,
        message: str = "",
        *,
        retryable: bool | None = None,
        details: Any = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message or code or self.code)
        if code is not None:
            self.code = code
        self.message = message or self.code
        self.retryable = retryable
        self.details = details
        self.retry_after = retry_after

    def to_wire(self) -> dict[str, Any]:
        """The error of a ResultMessage; `retry_after` in milliseconds."""
        wire: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.retryable is not None:
            wire["retryable"] = self.retryable
        if self.details is not None:
            wire["details"] = self.details
        if self.retry_after is not None:
            wire["retry_after"] = max(int(self.retry_after * 1000), 0)
        return wire


class RegistrationError(Exception):
    """A handler does not fit what it is registered for."""
