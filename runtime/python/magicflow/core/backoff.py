"""Delays between attempts, in integer milliseconds."""

from __future__ import annotations

from hashlib import sha256

from magicflow.core.errors import Error
from magicflow.plan.nodes import Retry

MAX_MILLIS = 2**53 - 1


def delay_after(
    policy: Retry, attempt: int, run_id: str, path: str, error: Error
) -> int:
    """The delay after a failed attempt (numbered from 1).

    fixed d, linear d·n, exponential d·2ⁿ, capped by `max_delay`; with jitter half of it
    and up to half more. The error's `retry_after` raises the result.
    """
    delay = min(_plain(policy, attempt), policy.max_delay)
    if policy.jitter:
        delay = _jittered(delay, run_id, path, attempt)
    return min(max(delay, int(error.get("retry_after", 0))), MAX_MILLIS)


def _plain(policy: Retry, attempt: int) -> int:
    if policy.backoff == "fixed":
        return policy.initial_delay
    if policy.backoff == "linear":
        return policy.initial_delay * attempt
    exponent = min(attempt, 53)  # 2^53 is beyond every cap
    return policy.initial_delay << exponent


def _jittered(delay: int, run_id: str, path: str, attempt: int) -> int:
    """delay/2 + delay/2·u with u = k / 2⁵³, rounded down; in integers, so that every
    language gets the same."""
    digest = sha256(f"{run_id}\0{path}\0{attempt}".encode()).digest()
    k = int.from_bytes(digest[:8], "big") >> 11
    return (delay * (2**53 + k)) >> 54
