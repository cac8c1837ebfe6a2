"""Retry policies and limits of steps as they take effect, in milliseconds."""

from __future__ import annotations

from typing import Any

from magicflow_cli.check.model import CheckedWorkflow, StepInfo
from magicflow_cli.diagnostics import Span
from magicflow_cli.documents.duration import parse_duration
from magicflow_cli.load.nodes import Mapping, Node, Scalar
from magicflow_cli.record import Value

RETRIED_BY_DEFAULT = ("function", "http")
"""Types that `spec.retry_policy` applies to."""

NEVER_RETRIED = ("VALIDATION", "EXPRESSION", "CANCELLED", "LIMIT")
OWN_CODES = (
    "VALIDATION",
    "EXPRESSION",
    "TIMEOUT",
    "CANCELLED",
    "CIRCUIT_OPEN",
    "UNAVAILABLE",
    "LIMIT",
    "INTERNAL",
    "WORKFLOW_ERROR",
)
SATURATED = 2**53 - 1


class Retry(Value):
    """`max_attempts` counts the first one; 1 is no retry."""

    max_attempts: int
    backoff: str
    initial_delay: int
    max_delay: int
    retry_on: tuple[str, ...] | None
    non_retryable: tuple[str, ...]

    def delay(self, attempt: int) -> int:
        """The delay after attempt `attempt`, counted from 1, without jitter."""
        if self.backoff == "fixed":
            delay = self.initial_delay
        elif self.backoff == "linear":
            delay = self.initial_delay * attempt
        else:
            delay = self.initial_delay << min(attempt, 64)
        return min(delay, self.max_delay)

    def delays(self) -> int:
        """All delays together; a policy of very many attempts saturates."""
        total = 0
        for attempt in range(1, min(self.max_attempts, 10_000)):
            total += self.delay(attempt)
        rest = max(0, self.max_attempts - 10_000)
        return min(total + rest * self.delay(10_000), SATURATED)


def spec_of(checked: CheckedWorkflow) -> Mapping:
    spec = checked.document.root.get("spec")
    assert isinstance(spec, Mapping)
    return spec


def millis(node: Mapping | None, key: str) -> int | None:
    """A duration member in milliseconds; None when absent or not readable."""
    value = node.get(key) if node is not None else None
    return parse_duration(value.text) if isinstance(value, Scalar) else None


def written_retries(checked: CheckedWorkflow, step: StepInfo) -> list[Mapping]:
    """The policies that a step's is merged from, its own first."""
    found: list[Node | None] = []
    if step.node is not None:
        found.append(step.node.get("retry"))
    if step.type in RETRIED_BY_DEFAULT:
        found.append(spec_of(checked).get("retry_policy"))
    return [policy for policy in found if isinstance(policy, Mapping)]


def retry_of(policies: list[Mapping]) -> Retry | None:
    """The merged policy; the first that writes a key decides it. None without any."""
    if not policies:
        return None

    def read(key: str, default: Any) -> Any:
        for policy in policies:
            node = policy.get(key)
            if isinstance(node, Scalar):
                return node.value
        return default

    def duration(key: str, default: int) -> int:
        for policy in policies:
            found = millis(policy, key)
            if found is not None:
                return found
        return default

    def codes(key: str) -> tuple[str, ...] | None:
        for policy in policies:
            node = policy.get(key)
            items = getattr(node, "items", None)
            if isinstance(items, list):
                return tuple(i.text for i in items if isinstance(i, Scalar))
        return None

    attempts = read("max_attempts", 3)
    return Retry(
        max_attempts=attempts if isinstance(attempts, int) else 3,
        backoff=str(read("backoff", "exponential")),
        initial_delay=duration("initial_delay", 1_000),
        max_delay=duration("max_delay", 60_000),
        retry_on=codes("retry_on"),
        non_retryable=codes("non_retryable") or (),
    )


def shown(duration: int) -> str:
    """A duration in the language's units, the largest that divides it: `90s`, `2h`."""
    if duration == 0:
        return "0s"
    for unit, size in (
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
    ):
        if duration % size == 0:
            return f"{duration // size}{unit}"
    return f"{duration}ms"


def spoken(duration: int) -> str:
    """A duration in two units at most, as people say it: "1h 40m", "2m 6s"."""
    if duration < 1_000:
        return f"{duration}ms" if duration else "0s"
    seconds = duration // 1_000
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        if seconds >= size:
            parts.append(f"{seconds // size}{unit}")
            seconds %= size
    return " ".join(parts[:2])


def run_limit(checked: CheckedWorkflow) -> int | None:
    """The workflow's timeout, where it ends the run."""
    spec = spec_of(checked)
    action = spec.get("timeout_action")
    if isinstance(action, Scalar) and action.text == "ignore":
        return None
    return millis(spec, "timeout")


def place_of(node: Mapping | None, key: str) -> Span:
    """The place of a member's value, else of the mapping."""
    assert node is not None
    entry = node.entries.get(key)
    return entry.value.span() if entry is not None else node.span()
