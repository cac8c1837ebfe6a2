"""Circuit breakers, one per executor and function, shared by all runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, Literal

COUNTED = frozenset({"TIMEOUT", "UNAVAILABLE", "INTERNAL"})

BreakerState = Literal["closed", "open", "half-open"]


class Breaker:
    """closed → open at `failure_threshold` failures in a row, or at
    `failure_rate_threshold` with `minimum_calls` within `window`; time alone leads to
    half-open; `half_open_max_calls` successes close it, one failure opens it again.
    Times are integer milliseconds, given by the caller."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings
        self._opened_at: int | None = None
        self._in_a_row = 0
        self._calls: deque[tuple[int, bool]] = deque()
        self._probing = 0
        self._probed = 0

    def state(self, now: int) -> BreakerState:
        if self._opened_at is None:
            return "closed"
        if now - self._opened_at < self.settings["recovery_timeout"]:
            return "open"
        return "half-open"

    def admit(self, now: int) -> bool:
        """Whether a call may start; one that may is to be followed by `record` or
        `abandon`."""
        state = self.state(now)
        if state == "closed":
            return True
        if state == "open":
            return False
        if self._probing + self._probed >= self.settings["half_open_max_calls"]:
            return False
        self._probing += 1
        return True

    def abandon(self) -> None:
        """An admitted call ended without telling anything about the function."""
        self._probing = max(self._probing - 1, 0)

    def record(self, now: int, code: str | None) -> None:
        """The end of an admitted call: its error's code, None for a success."""
        failed = code in COUNTED
        if self._opened_at is not None:
            self._record_probe(now, failed)
        elif failed or self.settings.get("failure_rate_threshold") is not None:
            self._record_call(now, failed)
        else:
            self._in_a_row = 0

    def _record_probe(self, now: int, failed: bool) -> None:
        if self.state(now) == "open":
            return  # a call from before the circuit opened
        self._probing = max(self._probing - 1, 0)
        if failed:
            self._open(now)
            return
        self._probed += 1
        if self._probed >= self.settings["half_open_max_calls"]:
            self._opened_at = None
            self._in_a_row = self._probed = self._probing = 0
            self._calls.clear()

    def _record_call(self, now: int, failed: bool) -> None:
        self._in_a_row = self._in_a_row + 1 if failed else 0
        calls = self._calls
        calls.append((now, failed))
        while calls and calls[0][0] <= now - self.settings["window"]:
            calls.popleft()
        if self._in_a_row >= self.settings["failure_threshold"]:
            self._open(now)
            return
        rate = self.settings.get("failure_rate_threshold")
        if rate is not None and failed and len(calls) >= self.settings["minimum_calls"]:
            failures = sum(failed for _, failed in calls)
            if failures >= rate * len(calls):
                self._open(now)

    def _open(self, now: int) -> None:
        self._opened_at = now
        self._probing = self._probed = 0


class Breakers:
    """All breakers of a deployment, made at the first call that has settings."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Breaker] = {}

    def of(self, message: Mapping[str, Any]) -> Breaker | None:
        settings = message.get("circuit_breaker")
        if settings is None:
            return None
        key = (message["executor"], message["function"])
        breaker = self._known.get(key)
        if breaker is None:
            breaker = self._known[key] = Breaker(settings)
        elif breaker.settings != settings:
            breaker.settings = settings  # a newer deployment's
        return breaker

    def states(self, now: int) -> dict[str, BreakerState]:
        """State by `executor/function`, for health and metrics."""
        return {
            f"{executor}/{function}": breaker.state(now)
            for (executor, function), breaker in sorted(self._known.items())
        }
