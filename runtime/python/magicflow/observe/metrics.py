"""Counters, gauges and histograms in Prometheus' text format, without a dependency.

All of them are changed by the event loop's thread only.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any

from magicflow.store import RunRow

Labels = tuple[str, ...]
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)
"""Upper bounds in seconds."""


class Counter:
    """`add(labels, n)`; labels by position."""

    def __init__(self, name: str, help: str, *labels: str) -> None:
        self.name, self.help, self.labels = name, help, labels
        self.values: dict[Labels, float] = {}

    def add(self, labels: Labels, amount: float) -> None:
        self.values[labels] = self.values.get(labels, 0) + amount

    def expose(self) -> Iterator[str]:
        yield from _head(self.name, self.help, "counter")
        values = self.values if self.values or self.labels else {(): 0.0}
        for labels, value in sorted(values.items()):
            yield f"{self.name}{_labels(self.labels, labels)} {_number(value)}"


class Gauge:
    """A value that is asked for when metrics are read: by labels, or one number."""

    def __init__(
        self,
        name: str,
        help: str,
        read: Callable[[], dict[Labels, float]],
        *labels: str,
    ) -> None:
        self.name, self.help, self.read, self.labels = name, help, read, labels

    def expose(self) -> Iterator[str]:
        yield from _head(self.name, self.help, "gauge")
        for labels, value in sorted(self.read().items()):
            yield f"{self.name}{_labels(self.labels, labels)} {_number(value)}"


class Histogram:
    """Observations in seconds."""

    def __init__(self, name: str, help: str, *labels: str) -> None:
        self.name, self.help, self.labels = name, help, labels
        self.values: dict[Labels, tuple[list[int], list[float]]] = {}

    def observe(self, labels: Labels, seconds: float) -> None:
        found = self.values.get(labels)
        if found is None:
            found = self.values[labels] = ([0] * (len(BUCKETS) + 1), [0.0])
        found[0][bisect_left(BUCKETS, seconds)] += 1
        found[1][0] += seconds

    def expose(self) -> Iterator[str]:
        yield from _head(self.name, self.help, "histogram")
        for labels, (counts, total) in sorted(self.values.items()):
            reached = 0
            for bound, count in zip([*BUCKETS, "+Inf"], counts, strict=True):
                reached += count
                names, values = (*self.labels, "le"), (*labels, str(bound))
                yield f"{self.name}_bucket{_labels(names, values)} {reached}"
            tail = _labels(self.labels, labels)
            yield f"{self.name}_sum{tail} {_number(total[0])}"
            yield f"{self.name}_count{tail} {reached}"


Metric = Counter | Gauge | Histogram


def expose(metrics: list[Metric]) -> str:
    """The text that Prometheus reads."""
    return "".join(f"{line}\n" for metric in metrics for line in metric.expose())


def _head(name: str, help: str, kind: str) -> Iterator[str]:
    yield f"# HELP {name} {help}"
    yield f"# TYPE {name} {kind}"


def _labels(names: tuple[str, ...], values: Labels) -> str:
    if not names:
        return ""
    pairs = (f'{n}="{_escape(v)}"' for n, v in zip(names, values, strict=True))
    return "{" + ",".join(pairs) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


class EngineMetrics:
    """What the engine counts."""

    def __init__(self) -> None:
        self.runs_started = Counter(
            "magicflow_runs_started_total", "Runs that were started", "workflow"
        )
        self.runs_ended = Counter(
            "magicflow_runs_ended_total", "Runs that ended", "workflow", "status"
        )
        self.run_seconds = Histogram(
            "magicflow_run_duration_seconds", "From start to end", "workflow"
        )
        self.steps_ended = Counter(
            "magicflow_steps_ended_total",
            "Steps that ended",
            "workflow",
            "step",
            "status",
        )
        self.attempts_failed = Counter(
            "magicflow_attempts_failed_total",
            "Attempts that failed",
            "workflow",
            "step",
            "code",
        )
        self.retries = Counter(
            "magicflow_retries_total", "Retries scheduled", "workflow", "step"
        )
        self.leases_expired = Counter(
            "magicflow_leases_expired_total", "Leases that ran out", "executor"
        )
        self.timers_fired = Counter("magicflow_timers_fired_total", "Timers that fired")
        self.store_failures = Counter(
            "magicflow_store_failures_total", "Writes whose outcome was unknown"
        )
        self.recoveries = Counter(
            "magicflow_recoveries_total", "Recoveries from a failed store"
        )
        self.overloaded = Counter(
            "magicflow_overloaded_total", "Starts refused because of load"
        )
        self.poisoned = Counter(
            "magicflow_events_undecided_total", "Events on which the core failed"
        )
        self.gauges: list[Gauge] = []

    def all(self) -> list[Metric]:
        return [m for m in vars(self).values() if not isinstance(m, list)] + self.gauges

    def record_history(self, row: RunRow, history: list[dict[str, Any]]) -> None:
        workflow = row.workflow
        for entry in history:
            kind = entry["type"]
            ended = _STEP_ENDS.get(kind)
            if ended is not None:
                self.steps_ended.add((workflow, entry.get("step") or "", ended), 1)
            elif kind == "attempt_failed":
                code = (entry.get("error") or {}).get("code") or ""
                labels = (workflow, entry.get("step") or "", code[:64])
                self.attempts_failed.add(labels, 1)
            elif kind == "retry_scheduled":
                self.retries.add((workflow, entry.get("step") or ""), 1)

    def run_ended(self, row: RunRow) -> None:
        self.runs_ended.add((row.workflow, row.status), 1)
        seconds = ((row.ended_at or row.created_at) - row.created_at) / 1000
        self.run_seconds.observe((row.workflow,), seconds)

    def task_observed(self, name: str, task: Any, value: Any) -> None:
        if name == "lease_expired":
            self.leases_expired.add((task.message["executor"],), 1)


_STEP_ENDS = {
    "step_completed": "completed",
    "step_failed": "failed",
    "step_timed_out": "timed_out",
    "step_skipped": "skipped",
    "step_cancelled": "cancelled",
}
