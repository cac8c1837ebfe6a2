"""Milliseconds as people say them, and how long a step can take at worst."""

from __future__ import annotations

from magicflow_cli.plan.models import RetryPolicy

_UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"), (1, "ms"))


def print_duration(millis: int) -> str:
    """`90000` → `1 min 30 s`; the two largest units that matter."""
    parts: list[str] = []
    for size, unit in _UNITS:
        count, millis = divmod(millis, size)
        if count:
            parts.append(f"{count} {unit}")
        if len(parts) == 2:
            break
    return " ".join(parts) or "0 s"


def retry_delay(policy: RetryPolicy, attempt: int) -> int:
    """The longest delay after attempt `attempt` (from 1), in milliseconds: jitter only
    shortens it."""
    factor = 1
    if policy.backoff == "linear":
        factor = attempt
    elif policy.backoff == "exponential":
        factor = 1 << min(attempt, 62)
    return min(policy.initial_delay * factor, policy.max_delay)


def worst_case(
    attempt: int | None, policy: RetryPolicy | None, total: int | None
) -> int | None:
    """Milliseconds until a step has ended whatever happens; None when nothing bounds it."""
    if attempt is None:
        return total
    bound = attempt
    if policy is not None:
        bound *= policy.max_attempts
        bound += _delays(policy)
    return bound if total is None else min(bound, total)


def _delays(policy: RetryPolicy) -> int:
    """The sum of all delays, without walking through a million attempts: once a delay
    has reached its cap, or never grows, the rest is a product."""
    total, count = 0, policy.max_attempts - 1
    for attempt in range(1, count + 1):
        delay = retry_delay(policy, attempt)
        if policy.backoff == "fixed" or delay in (0, policy.max_delay):
            return total + delay * (count - attempt + 1)
        total += delay
    return total
