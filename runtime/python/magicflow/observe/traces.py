"""OpenTelemetry spans per run, step and attempt.

A run may outlive the process that started it, so spans are made when something has
ended: from the history, with the times that it tells. Their ids follow from the run's
id, so an attempt's span id is known when its task is handed out and travels to the
worker as `traceparent`; what the worker calls hangs below it.

The SDK is optional: without it, or when traces are off, nothing of this is loaded.
"""

from __future__ import annotations

import hashlib
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

    from magicflow.engine.live import LiveRun

Json = dict[str, Any]
_STEP_ENDS = frozenset(
    {
        "step_completed",
        "step_failed",
        "step_timed_out",
        "step_skipped",
        "step_cancelled",
    }
)
_RUN_ENDS = frozenset({"run_completed", "run_failed", "run_timed_out", "run_cancelled"})


def trace_id(run_id: str, traceparent: str | None) -> str:
    """32 hexadecimal digits: the caller's trace, else one of the run's own."""
    parsed = parse_traceparent(traceparent)
    return parsed[0] if parsed else run_id.replace("-", "")


def span_id(run_id: str, name: str) -> str:
    """16 hexadecimal digits, the same for the same run and name."""
    return hashlib.sha256(f"{run_id}\0{name}".encode()).hexdigest()[:16]


def traceparent_of(run_id: str, task_id: str, attempt: int, given: str | None) -> str:
    """The trace context of an attempt."""
    attempt_span = span_id(run_id, f"{task_id}@{attempt}")
    return f"00-{trace_id(run_id, given)}-{attempt_span}-01"


def parse_traceparent(text: str | None) -> tuple[str, str] | None:
    """(trace id, parent span id); None for what is no trace context."""
    parts = (text or "").split("-")
    if len(parts) < 4 or [len(p) for p in parts[:4]] != [2, 32, 16, 2]:
        return None
    try:
        trace, span = int(parts[1], 16), int(parts[2], 16)
    except ValueError:
        return None
    return (parts[1].lower(), parts[2].lower()) if trace and span else None


class Traces:
    """Makes spans of ended steps, attempts and runs and gives them to a processor."""

    def __init__(self, processor: SpanProcessor, service: str = "magic-flow") -> None:
        from opentelemetry.sdk.resources import Resource

        self._processor = processor
        self._resource = Resource.create({"service.name": service})

    def record(self, live: LiveRun, history: list[Json]) -> None:
        """History rows that became durable."""
        run_id = live.row.id
        for row in history:
            kind = row["type"]
            if kind in _STEP_ENDS:
                self._step(live, row)
            elif kind == "attempt_failed":
                self._attempt(live, row, row.get("path") or row.get("step") or "", row)
            elif kind in _RUN_ENDS:
                parent = parse_traceparent(live.info.get("traceparent"))
                self._span(
                    live,
                    f"run {live.row.workflow}",
                    span_id(run_id, "run"),
                    parent[1] if parent else None,
                    live.row.created_at,
                    row["at"],
                    {
                        "magicflow.workflow": live.row.workflow,
                        "magicflow.version": live.row.workflow_version,
                        "magicflow.status": live.row.status,
                    },
                    row.get("error"),
                )

    def _step(self, live: LiveRun, row: Json) -> None:
        path = row.get("path") or row.get("step") or ""
        found = live.state["steps"].get(path, {})
        started = found.get("started_at") or row["at"]
        attributes = {
            "magicflow.step": row.get("step") or path,
            "magicflow.path": path,
            "magicflow.status": row["type"].removeprefix("step_"),
            "magicflow.attempts": found.get("attempts", 0),
        }
        run_span = span_id(live.row.id, "run")
        own = span_id(live.row.id, path)
        name = f"step {row.get('step') or path}"
        self._span(
            live, name, own, run_span, started, row["at"], attributes, row.get("error")
        )
        if row["type"] == "step_completed" and found.get("attempts"):
            self._attempt(live, row, path, {"attempt": found["attempts"]})

    def _attempt(self, live: LiveRun, row: Json, path: str, told: Json) -> None:
        number = told.get("attempt") or 1
        found = live.state["steps"].get(path, {})
        self._span(
            live,
            f"attempt {found.get('step') or path}",
            span_id(live.row.id, f"{path}@{number}"),
            span_id(live.row.id, path),
            told.get("started_at") or found.get("started_at") or row["at"],
            row["at"],
            {"magicflow.path": path, "magicflow.attempt": number},
            told.get("error"),
        )

    def _span(
        self,
        live: LiveRun,
        name: str,
        own: str,
        parent: str | None,
        start: int,
        end: int,
        attributes: Json,
        error: Json | None,
    ) -> None:
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.trace import SpanContext, SpanKind, TraceFlags
        from opentelemetry.trace.status import Status, StatusCode

        trace = int(trace_id(live.row.id, live.info.get("traceparent")), 16)

        def context(span: str) -> SpanContext:
            sampled = TraceFlags(TraceFlags.SAMPLED)
            return SpanContext(
                trace, int(span, 16), is_remote=False, trace_flags=sampled
            )

        status = Status(StatusCode.OK)
        if error is not None:
            status = Status(StatusCode.ERROR, str(error.get("code", "")))
            attributes["magicflow.error.code"] = str(error.get("code", ""))
        attributes["magicflow.execution_id"] = live.row.id
        self._processor.on_end(
            ReadableSpan(
                name,
                context=context(own),
                parent=None if parent is None else context(parent),
                resource=self._resource,
                attributes=attributes,
                kind=SpanKind.INTERNAL,
                status=status,
                start_time=start * 1_000_000,
                end_time=max(end, start) * 1_000_000,
            )
        )

    def close(self) -> None:
        self._processor.shutdown()


def exporting_traces() -> Traces:
    """Traces to the OTLP endpoint of the environment (`OTEL_EXPORTER_OTLP_ENDPOINT`).

    Raises ImportError when the extra `traces` is not installed.
    """
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    exporter = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    return Traces(BatchSpanProcessor(exporter.OTLPSpanExporter()))
