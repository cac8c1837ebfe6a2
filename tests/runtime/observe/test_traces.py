"""Spans of runs, steps and attempts; logs with ids."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from typing import Any

import pytest
from magicflow.observe.logs import set_up_logs
from magicflow.observe.traces import Traces, parse_traceparent, span_id, trace_id
from magicflow.worker import TaskContext, WorkflowError
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.runtime.harness import running
from tests.runtime.plans import retried, three_steps

CALLER = f"00-{'ab' * 16}-{'cd' * 8}-01"


def test_spans_hang_below_the_caller_and_travel_to_the_worker() -> None:
    exporter = InMemorySpanExporter()
    seen: list[str | None] = []

    async def add(context: TaskContext, input: dict[str, int]) -> dict[str, int]:
        seen.append(context.traceparent)
        return {"n": input["n"] + 1}

    async def test() -> str:
        async with running(three_steps(), handlers={"add": add}) as h:
            h.engine.traces = Traces(SimpleSpanProcessor(exporter))
            live = await h.finish(await h.start("three", {"n": 1}, traceparent=CALLER))
            return live.row.id

    run_id = asyncio.run(test())
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert {format(s.context.trace_id, "032x") for s in spans.values()} == {"ab" * 16}
    assert set(spans) == {"run three"} | {
        f"{k} {s}" for k in ("step", "attempt") for s in "abc"
    }
    run, step, attempt = spans["run three"], spans["step a"], spans["attempt a"]
    assert format(run.parent.span_id, "016x") == "cd" * 8
    assert step.parent.span_id == run.context.span_id
    assert attempt.parent.span_id == step.context.span_id
    assert seen[0] == f"00-{'ab' * 16}-{span_id(run_id, 'a@1')}-01"
    assert format(attempt.context.span_id, "016x") == span_id(run_id, "a@1")
    assert run.attributes["magicflow.status"] == "completed"
    assert all(s.end_time >= s.start_time for s in spans.values())


def test_failed_attempts_are_spans_with_their_code() -> None:
    exporter = InMemorySpanExporter()

    async def flaky(context: TaskContext, input: Any) -> Any:
        if context.attempt == 1:
            raise WorkflowError("BUSY", "x")

    async def test() -> str:
        async with running(retried(), handlers={"add": flaky}) as h:
            h.engine.traces = Traces(SimpleSpanProcessor(exporter))
            return (await h.finish(await h.start("retried"))).row.id

    run_id = asyncio.run(test())
    attempts = [
        s for s in exporter.get_finished_spans() if s.name.startswith("attempt")
    ]
    assert [s.attributes["magicflow.attempt"] for s in attempts] == [1, 2]
    assert attempts[0].attributes["magicflow.error.code"] == "BUSY"
    assert format(attempts[0].context.trace_id, "032x") == run_id.replace("-", "")


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "00-x-y-01",
        f"00-{'0' * 32}-{'1' * 16}-01",
        f"00-{'g' * 32}-{'1' * 16}-01",
    ],
)
def test_what_is_no_trace_context_starts_a_trace(text: str | None) -> None:
    assert parse_traceparent(text) is None
    assert trace_id("a-b", text) == "ab"


def test_logs_are_one_object_a_line_with_ids() -> None:
    stream = io.StringIO()
    set_up_logs("debug", "json", stream)
    try:
        message = {
            "run_id": "r", "task_id": "t", "step": "s", "executor": "e",
            "function": "f", "attempt": 2, "input": "secret", "traceparent": CALLER,
        }  # fmt: skip
        TaskContext(message).logger.info("did %s", "it")
        try:
            raise KeyError("x")
        except KeyError:
            logging.getLogger("magicflow.engine").exception("bad")
        first, second = map(json.loads, stream.getvalue().splitlines())
        assert (first["message"], first["level"]) == ("did it", "info")
        assert (first["run_id"], first["attempt"]) == ("r", 2)
        assert first["trace_id"] == "ab" * 16
        assert "secret" not in stream.getvalue()
        assert "KeyError" in second["error"]
        set_up_logs("info", "text", stream)
        logging.getLogger("magicflow").info("plain")
        assert stream.getvalue().endswith("INFO plain\n")
        with pytest.raises(ValueError, match="level"):
            set_up_logs("loud")
    finally:
        logger = logging.getLogger("magicflow")
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
