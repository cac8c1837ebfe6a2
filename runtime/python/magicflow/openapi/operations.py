"""The operations that are the same for every workflow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from magicflow.openapi.answers import (
    KEY,
    START_MEMBERS,
    TEXT,
    TIME,
    body,
    component,
)

Json = dict[str, Any]
WAIT: Json = {
    "name": "wait",
    "in": "query",
    "description": "How long to wait for the end, e.g. `30s`.",
    "schema": {"type": "string", "examples": ["30s"]},
}
IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A second start with the same key starts nothing new.",
    "schema": KEY,
}
FAILURES = {
    "400": "The request is malformed.",
    "401": "The token is missing or wrong.",
    "404": "There is no such workflow, run or task.",
    "409": "The state does not allow it.",
    "413": "The request is too large.",
    "422": "What was given does not fit its schema; `errors` names every path.",
    "429": "The server is busy; `Retry-After` says when to come back.",
    "503": "The store does not answer; repeating with the same key is safe.",
}
_ID: Json = {"name": "id", "in": "path", "required": True, "schema": TEXT}
_NAME: Json = {"name": "name", "in": "path", "required": True, "schema": TEXT}
_LIMIT: Json = {
    "name": "limit",
    "in": "query",
    "schema": {"type": "integer", "minimum": 1, "maximum": 500, "default": 50},
}
_CURSOR: Json = {
    "name": "cursor",
    "in": "query",
    "description": "`next_cursor` of the page before.",
    "schema": TEXT,
}


def failures() -> Json:
    """The answers that tell of a failure, as components."""
    return {
        f"E{status}": {
            "description": description,
            "content": {"application/problem+json": {"schema": component("Problem")}},
        }
        for status, description in FAILURES.items()
    }


def failing(*statuses: str) -> Json:
    """Every operation may meet a wrong token and a store that does not answer."""
    return {
        status: {"$ref": f"#/components/responses/E{status}"}
        for status in sorted({"401", "503", *statuses})
    }


def answer(description: str, schema: Json, kind: str = "application/json") -> Json:
    return {"description": description, "content": {kind: {"schema": schema}}}


def request(schema: Json, *, required: bool = True) -> Json:
    return {"required": required, "content": {"application/json": {"schema": schema}}}


def common_paths() -> Json:
    """By path."""
    return {
        **_workflows(),
        **_executions(),
        **_acting(),
        **_events(),
        **_human_tasks(),
        **_tasks(),
        **_first_version(),
        **_service(),
    }


def _operation(
    id: str,
    tag: str,
    summary: str,
    answers: Json,
    *failing_with: str,
    parameters: Sequence[Json] = (),
    takes: Json | None = None,
    description: str | None = None,
) -> Json:
    operation: Json = {"operationId": id, "tags": [tag], "summary": summary}
    if description is not None:
        operation["description"] = description
    if parameters:
        operation["parameters"] = list(parameters)
    if takes is not None:
        operation["requestBody"] = takes
    operation["responses"] = {**answers, **failing(*failing_with)}
    return operation


def _ok(schema: str, status: str = "200", text: str = "The answer.") -> Json:
    return {status: answer(text, component(schema))}


def _query(name: str, schema: Json = TEXT, description: str | None = None) -> Json:
    parameter: Json = {"name": name, "in": "query", "schema": schema}
    if description is not None:
        parameter["description"] = description
    return parameter


def _workflows() -> Json:
    event = body(
        {"workflow_name": TEXT},
        initial_data={},
        source=TEXT,
        timestamp=TEXT,
        **{
            name: START_MEMBERS[name]
            for name in ("metadata", "priority", "idempotency_key", "foreign_id")
        },
    )
    return {
        "/api/v2/workflows": {
            "get": _operation(
                "list-workflows",
                "workflows",
                "What can be started.",
                _ok("Workflows"),
            )
        },
        "/api/v2/workflows/{name}": {
            "get": _operation(
                "get-workflow",
                "workflows",
                "One workflow, with its plan.",
                _ok("Workflow"),
                "404",
                parameters=[_NAME],
            )
        },
        "/api/v2/workflow-events": {
            "post": _operation(
                "publish-workflow-event",
                "workflows",
                "Start a run by a message of business logic.",
                _ok("ExecutionSummary", "202", "The run is stored and goes on."),
                *_START_FAILURES,
                parameters=[IDEMPOTENCY_KEY],
                takes=request(event),
                description="The body is a WorkflowInitEvent.",
            )
        },
    }


_START_FAILURES = ("400", "404", "409", "413", "422", "429")
_RUN = "/api/v2/executions/{id}"


def _executions() -> Json:
    filters = (
        _query("workflow"),
        _query("status", description="One status, or several with commas between."),
        _query("foreign_id"),
        _query("created_from", TIME),
        _query("created_to", TIME),
        _query("open", {"enum": ["true", "false"]}, "Only runs that have not ended."),
    )
    results = {
        "200": answer("The run has ended.", component("Results")),
        "202": answer("The run has not ended yet.", component("Results")),
    }
    return {
        "/api/v2/executions": {
            "get": _operation(
                "list-executions",
                "executions",
                "Runs, newest first.",
                _ok("Executions", text="One page."),
                "400",
                parameters=[*filters, _LIMIT, _CURSOR],
            )
        },
        _RUN: {
            "get": _operation(
                "get-execution",
                "executions",
                "A run's state, input and outcome.",
                _ok("Execution"),
                "400",
                "404",
                parameters=[_ID, WAIT],
            ),
            "delete": _operation(
                "delete-execution",
                "executions",
                "Remove all data of an ended run.",
                {"204": {"description": "Removed."}},
                "404",
                "409",
                parameters=[_ID],
            ),
        },
        f"{_RUN}/results": {
            "get": _operation(
                "get-results",
                "executions",
                "A run's outcome.",
                results,
                "400",
                "404",
                parameters=[_ID, WAIT],
            )
        },
        f"{_RUN}/steps": {
            "get": _operation(
                "get-steps",
                "executions",
                "Every occurrence of a step that the run entered.",
                _ok("Steps"),
                "404",
                parameters=[_ID],
            )
        },
        f"{_RUN}/events": {
            "get": _operation(
                "get-events",
                "executions",
                "The run's history.",
                _ok("Events", text="One page."),
                "400",
                "404",
                parameters=[_ID, _LIMIT, _CURSOR],
            ),
            "post": _operation(
                "send-event",
                "executions",
                "Send an event to a run: matched once, else kept until it listens.",
                _ok("Sent", "202", "The event is stored."),
                "400",
                "404",
                "409",
                "413",
                "422",
                parameters=[_ID],
                takes=request(body({"event": TEXT}, data={}, event_id=TEXT)),
            ),
        },
        f"{_RUN}/stream": {"get": _stream("stream-events", "executions")},
    }


def _stream(id: str, tag: str) -> Json:
    last = {
        "name": "Last-Event-ID",
        "in": "header",
        "description": "Where a broken stream goes on.",
        "schema": {"type": "string"},
    }
    after = _query("after", {"type": "string"}, "The same for who sets no headers.")
    return _operation(
        id,
        tag,
        "The run's history as it happens, as server-sent events.",
        {"200": answer("The stream.", TEXT, "text/event-stream")},
        "400",
        "404",
        parameters=[_ID, last, after],
        description="The `data` of each event is a RunEvent, its `id` the number.",
    )


def _acting() -> Json:
    accepted = _ok("ExecutionSummary", "202", "It is stored.")
    actions: tuple[tuple[str, str, Json | None], ...] = (
        (
            "cancel",
            "Cancel a run; what it did is compensated.",
            request(body(reason=TEXT), required=False),
        ),
        ("pause", "Let a run rest: nothing new is started.", None),
        ("resume", "Let a paused run go on.", None),
        ("retry", "Start a run that keeps the completed steps of a failed one.", None),
    )
    return {
        f"{_RUN}/{action}": {
            "post": _operation(
                f"{action}-execution",
                "executions",
                summary,
                accepted,
                "400",
                "404",
                "409",
                "413",
                "429",
                parameters=[_ID],
                takes=takes,
            )
        }
        for action, summary, takes in actions
    }


def _events() -> Json:
    return {
        "/api/v2/events": {
            "post": _operation(
                "publish-event",
                "executions",
                "Give an event to every run that listens, and to triggers.",
                _ok("Published", "202", "The event is stored."),
                "400",
                "413",
                takes=request(component("CloudEvent")),
            )
        }
    }


def _human_tasks() -> Json:
    task = "/api/v2/human-tasks/{id}"
    return {
        "/api/v2/human-tasks": {
            "get": _operation(
                "list-human-tasks",
                "human tasks",
                "Open tasks for people.",
                _ok("HumanTasks"),
                "400",
                parameters=[
                    _query("assignee"),
                    _query("claimed_by"),
                    _query("execution_id"),
                ],
            )
        },
        f"{task}/claim": {
            "post": _operation(
                "claim-human-task",
                "human tasks",
                "Say who does the task; nobody else completes it then.",
                _ok("HumanTask"),
                "400",
                "404",
                "409",
                "413",
                parameters=[_ID],
                takes=request(body({"by": {**TEXT, "minLength": 1}})),
            )
        },
        f"{task}/complete": {
            "post": _operation(
                "complete-human-task",
                "human tasks",
                "Give the task's result.",
                _ok("HumanTaskCompleted", "202", "It is stored."),
                "400",
                "404",
                "409",
                "413",
                "422",
                parameters=[_ID],
                takes=request(body(data={}, by=TEXT)),
            )
        },
    }


_FENCE: dict[str, Json] = {
    "attempt": {"type": "integer"},
    "delivery": {"type": "integer"},
}


def _tasks() -> Json:
    task = "/api/v2/tasks/{id}"
    entries = {"type": "array", "items": {"type": "object"}}
    fenced = {"type": "object", "properties": _FENCE, "required": list(_FENCE)}
    settled = ("400", "404", "409", "413")
    return {
        "/api/v2/tasks/poll": {
            "post": _operation(
                "poll-tasks",
                "workers",
                "Lease tasks, waiting for the first.",
                _ok("Tasks"),
                "400",
                "413",
                takes=request(
                    body(
                        {"executors": {"type": "array", "items": TEXT, "minItems": 1}},
                        max_tasks={"type": "integer"},
                        wait_ms={"type": "integer"},
                        worker_id=TEXT,
                    )
                ),
            )
        },
        "/api/v2/tasks/report": {
            "post": _operation(
                "report-tasks",
                "workers",
                "Many results and heartbeats; each has a status of its own.",
                _ok("Report"),
                "400",
                "413",
                takes=request(body(results=entries, heartbeats=entries)),
            )
        },
        f"{task}/complete": {
            "post": _operation(
                "complete-task",
                "workers",
                "Give a task's result.",
                _ok("TaskSettled"),
                *settled,
                parameters=[_ID],
                takes=request({**fenced, "properties": {**_FENCE, "result": {}}}),
            )
        },
        f"{task}/fail": {
            "post": _operation(
                "fail-task",
                "workers",
                "Say why a task has failed.",
                _ok("TaskSettled"),
                *settled,
                parameters=[_ID],
                takes=request(
                    {
                        "type": "object",
                        "properties": {**_FENCE, "error": {"type": "object"}},
                        "required": [*_FENCE, "error"],
                    }
                ),
            )
        },
        f"{task}/heartbeat": {
            "post": _operation(
                "heartbeat-task",
                "workers",
                "Prolong a lease, and hear whether the task is to be cancelled.",
                _ok("Heartbeat"),
                *settled,
                parameters=[_ID],
                takes=request(fenced),
            )
        },
    }


def _first_version() -> Json:
    run = "/api/v1/executions/{id}"
    results = {
        "200": answer("The run has ended.", component("Results")),
        "202": answer("The run has not ended yet.", component("Results")),
    }
    start = body(input={}, input_data={}, **START_MEMBERS)
    return {
        "/api/v1/workflows/{name}/execute": {
            "post": _operation(
                "v1-execute",
                "v1",
                "Start a run.",
                _ok("FirstExecution", "202", "The run is stored and goes on."),
                *_START_FAILURES,
                parameters=[_NAME, IDEMPOTENCY_KEY],
                takes=request(start),
            )
        },
        "/api/v1/workflows/{name}/metrics": {
            "get": _operation(
                "v1-get-metrics",
                "v1",
                "What became of a workflow's runs.",
                _ok("FirstMetrics"),
                "404",
                parameters=[_NAME],
            )
        },
        run: {
            "get": _operation(
                "v1-get-execution",
                "v1",
                "A run's state.",
                _ok("FirstExecution"),
                "404",
                parameters=[_ID],
            )
        },
        f"{run}/results": {
            "get": _operation(
                "v1-get-results",
                "v1",
                "A run's outcome.",
                results,
                "400",
                "404",
                parameters=[_ID, WAIT],
            )
        },
        f"{run}/stream": {"get": _stream("v1-stream-events", "v1")},
    }


def _service() -> Json:
    metrics = {"200": answer("The metrics.", TEXT, "text/plain")}
    described = {"200": answer("The description.", {"type": "object"})}
    return {
        "/health": {"get": _open("get-health", "Whether the service works.", "Health")},
        "/health/workflow": {
            "get": _operation(
                "get-workflow-health",
                "operations",
                "What became of each workflow's runs and steps.",
                _ok("WorkflowHealth"),
            )
        },
        "/ready": {"get": _ready()},
        "/metrics": {
            "get": _operation(
                "get-metrics",
                "operations",
                "Metrics in Prometheus' text format.",
                metrics,
            )
        },
        "/openapi.json": {
            "get": _operation("get-openapi", "operations", "This document.", described)
        },
    }


def _open(id: str, summary: str, schema: str) -> Json:
    """Answers without a token too, and then says nothing but the status."""
    return {
        "operationId": id,
        "tags": ["operations"],
        "summary": summary,
        "security": [{}, {"bearer": []}],
        "responses": _ok(schema),
    }


def _ready() -> Json:
    ready = _open("get-readiness", "Whether the service takes runs.", "Readiness")
    return {
        **ready,
        "responses": {
            **ready["responses"],
            "503": answer("It does not.", component("Readiness")),
        },
    }
