"""What a handler may know of the task that it works on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

_LOGGER = logging.getLogger("magicflow.worker")


class TaskContext:
    """One attempt of one step occurrence.

    `idempotency_key` is the same for all attempts and deliveries: give it to whatever
    the handler calls, and the effect happens once.
    """

    __slots__ = ("_beat", "_cancelled", "_logger", "message")

    def __init__(
        self,
        message: Mapping[str, Any],
        beat: Callable[[], None] | None = None,
    ) -> None:
        self.message = message
        self._beat = beat
        self._cancelled = False
        self._logger: logging.LoggerAdapter[logging.Logger] | None = None

    @property
    def run_id(self) -> str:
        return str(self.message["run_id"])

    @property
    def task_id(self) -> str:
        return str(self.message["task_id"])

    @property
    def step(self) -> str:
        return str(self.message["step"])

    @property
    def executor(self) -> str:
        return str(self.message["executor"])

    @property
    def function(self) -> str:
        return str(self.message["function"])

    @property
    def attempt(self) -> int:
        """Numbered from 1."""
        return int(self.message["attempt"])

    @property
    def delivery(self) -> int:
        """How often this attempt was handed to a worker, this time included."""
        return int(self.message.get("delivery", 1))

    @property
    def idempotency_key(self) -> str:
        return str(self.message["idempotency_key"])

    @property
    def traceparent(self) -> str | None:
        """The W3C trace context to send along with calls."""
        value = self.message.get("traceparent")
        return None if value is None else str(value)

    @property
    def logger(self) -> logging.LoggerAdapter[logging.Logger]:
        """Writes with run, step and attempt on every line."""
        if self._logger is None:
            fields = ("run_id", "task_id", "step", "executor", "function", "attempt")
            extra = {name: self.message.get(name) for name in fields}
            trace = self.traceparent
            if trace is not None and trace.count("-") == 3:
                extra["trace_id"] = trace.split("-")[1]
            self._logger = logging.LoggerAdapter(_LOGGER, {"magicflow": extra})
        return self._logger

    @property
    def cancelled(self) -> bool:
        """Whether the run no longer wants the result. A coroutine is cancelled as well;
        a function in a thread has to look here."""
        return self._cancelled

    def cancel(self) -> None:
        self._cancelled = True

    def heartbeat(self) -> None:
        """Say that the work goes on: prolongs the lease and the heartbeat timeout."""
        if self._beat is not None:
            self._beat()
