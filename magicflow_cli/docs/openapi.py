"""OpenAPI 3.1 of a workflow's service: its typed run, and the run's life over HTTP."""

from __future__ import annotations

from typing import Any

from magicflow_cli.docs.json_schema import Components, Schema
from magicflow_cli.docs.service_schemas import PREFIX, shared_schemas
from magicflow_cli.plan.models import Event, Plan, TypeRef

RUN_ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The run's id.",
    "schema": {"type": "string"},
}


def describe_service(plan: Plan) -> dict[str, Any]:
    """The whole OpenAPI document as JSON data."""
    components = Components(plan)
    name = plan.workflow.name
    input_schema = components.refer(plan.input)
    output_schema = components.refer(plan.output.type)
    events = {event: components.refer(e.type) for event, e in plan.events.items()}
    errors = _function_errors(plan, components)
    schemas = shared_schemas(input_schema, output_schema, errors)
    document: dict[str, Any] = {
        "openapi": "3.1.1",
        "info": _info(plan),
        "servers": [{"url": "/", "description": "The server of this document."}],
        "security": [{"bearer": []}],
        "tags": [
            {"name": name, "description": plan.workflow.description or "The workflow."},
            {"name": "executions", "description": "Runs and what became of them."},
            {"name": "operations", "description": "Health and metrics."},
        ],
        "paths": _paths(name),
    }
    webhooks = _webhooks(plan, events)
    if webhooks:
        document["webhooks"] = webhooks
    document["components"] = {
        "schemas": {**components.schemas, **schemas},
        "responses": _responses(),
        "securitySchemes": {
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "May be off on a server that listens on loopback only.",
            }
        },
    }
    listened = {
        event: schema for event, schema in events.items() if plan.events[event].listens
    }
    if listened:
        document["x-magicflow-listens"] = listened
    return document


def _info(plan: Plan) -> dict[str, Any]:
    info: dict[str, Any] = {
        "title": plan.workflow.name,
        "version": plan.workflow.version,
        "x-magicflow-plan": plan.hash,
    }
    if plan.workflow.description:
        info["description"] = plan.workflow.description
    return info


def _paths(name: str) -> dict[str, Any]:
    run = "/api/v2/executions/{id}"
    return {
        f"/api/v2/workflows/{name}/execute": {"post": _execute(name)},
        "/api/v2/executions": {"get": _list_executions()},
        run: {"get": _get("getExecution", "A run's state and result.", "Execution")},
        f"{run}/results": {
            "get": _get("getResults", "The result of a run that has ended.", "Results")
        },
        f"{run}/steps": {
            "get": _get(
                "getSteps", "The steps that the run entered.", "StepPage", paged=True
            )
        },
        f"{run}/events": {
            "get": _get("getEvents", "The run's history.", "EventPage", paged=True)
        },
        f"{run}/stream": {"get": _stream()},
        f"{run}/cancel": {"post": _cancel()},
        "/health": {"get": _health("getHealth", "Whether the service works.")},
        "/health/workflow": {
            "get": _health(
                "getWorkflowHealth", "Whether the workflow's executors work."
            )
        },
        "/ready": {"get": _health("getReadiness", "Whether the service takes runs.")},
        "/metrics": {"get": _metrics()},
    }


def _execute(name: str) -> dict[str, Any]:
    return {
        "operationId": "execute",
        "tags": [name],
        "summary": f"Start a run of {name}.",
        "description": "With `wait` the answer is the result, if the run ends in time.",
        "parameters": [
            {
                "name": "wait",
                "in": "query",
                "description": "How long to wait for the end, e.g. `30s`.",
                "schema": {"type": "string", "examples": ["30s"]},
            },
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "A second start with the same key starts nothing new.",
                "schema": {"type": "string"},
            },
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _component("ExecuteRequest")}},
        },
        "responses": {
            "200": _answer("The run has ended within `wait`.", "Execution"),
            "202": _answer("The run is stored and goes on.", "Execution"),
            **_failures("400", "401", "409", "413", "422", "429"),
        },
    }


def _list_executions() -> dict[str, Any]:
    filters = {
        "status": _component("RunStatus"),
        "workflow": {"type": "string"},
        "foreign_id": {"type": "string"},
    }
    return {
        "operationId": "listExecutions",
        "tags": ["executions"],
        "summary": "Runs, newest first.",
        "parameters": [
            *(
                {"name": name, "in": "query", "schema": schema}
                for name, schema in filters.items()
            ),
            *_paging(),
        ],
        "responses": {
            "200": _answer("One page.", "ExecutionPage"),
            **_failures("400", "401"),
        },
    }


def _get(id: str, summary: str, schema: str, *, paged: bool = False) -> dict[str, Any]:
    return {
        "operationId": id,
        "tags": ["executions"],
        "summary": summary,
        "parameters": [RUN_ID, *(_paging() if paged else [])],
        "responses": {
            "200": _answer("The answer.", schema),
            **_failures("401", "404"),
        },
    }


def _stream() -> dict[str, Any]:
    return {
        "operationId": "streamEvents",
        "tags": ["executions"],
        "summary": "The run's history as it happens, as server-sent events.",
        "description": "The `data` of each event is a RunEvent.",
        "parameters": [
            RUN_ID,
            {
                "name": "Last-Event-ID",
                "in": "header",
                "description": "Where a broken stream goes on.",
                "schema": {"type": "string"},
            },
        ],
        "responses": {
            "200": {
                "description": "The stream.",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            **_failures("401", "404"),
        },
    }


def _cancel() -> dict[str, Any]:
    return {
        "operationId": "cancelExecution",
        "tags": ["executions"],
        "summary": "Cancel a run; what it did is compensated.",
        "parameters": [RUN_ID],
        "responses": {
            "202": _answer("The run is being cancelled.", "Execution"),
            **_failures("401", "404", "409"),
        },
    }


def _health(id: str, summary: str) -> dict[str, Any]:
    return {
        "operationId": id,
        "tags": ["operations"],
        "summary": summary,
        "security": [],
        "responses": {
            "200": _answer("It does.", "Health"),
            "503": _answer("It does not.", "Health"),
        },
    }


def _metrics() -> dict[str, Any]:
    return {
        "operationId": "getMetrics",
        "tags": ["operations"],
        "summary": "Metrics in Prometheus' text format.",
        "responses": {
            "200": {
                "description": "The metrics.",
                "content": {"text/plain": {"schema": {"type": "string"}}},
            },
            **_failures("401"),
        },
    }


def _webhooks(plan: Plan, events: dict[str, Schema]) -> dict[str, Any]:
    """Events that the workflow emits, as the CloudEvents that subscribers receive."""
    return {
        name: {"post": _webhook(event, events[name])}
        for name, event in plan.events.items()
        if event.emits
    }


def _webhook(event: Event, data: Schema) -> dict[str, Any]:
    envelope = {
        "allOf": [
            _component("CloudEvent"),
            {
                "type": "object",
                "properties": {"type": {"const": event.name}, "data": data},
                "required": ["data"],
            },
        ]
    }
    return {
        "summary": f"The workflow has sent `{event.name}`.",
        "requestBody": {
            "required": True,
            "content": {"application/cloudevents+json": {"schema": envelope}},
        },
        "responses": {"2XX": {"description": "Received."}},
    }


def _function_errors(plan: Plan, components: Components) -> list[Schema]:
    """One schema per code that a function of the workflow reports."""
    found: dict[str, Schema] = {}
    for function in plan.functions.values():
        for code, error in function.errors.items():
            properties: Schema = {"code": {"const": code}}
            if isinstance(error.details, TypeRef):
                properties["details"] = components.refer(error.details)
            schema: Schema = {"properties": properties}
            if error.description:
                schema["description"] = error.description
            found.setdefault(code, schema)
    return [found[code] for code in sorted(found)]


def _component(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{PREFIX}{name}"}


def _answer(description: str, schema: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": _component(schema)}},
    }


_FAILURES = {
    "400": "The request is not well formed.",
    "401": "The token is missing or wrong.",
    "404": "There is no such workflow or run.",
    "409": "The state does not allow it.",
    "413": "The request is too large.",
    "422": "The input does not fit its schema; `details` names every path.",
    "429": "The server is busy; `Retry-After` says when to come back.",
}


def _failures(*statuses: str) -> dict[str, Any]:
    return {
        status: {"$ref": f"#/components/responses/E{status}"} for status in statuses
    }


def _responses() -> dict[str, Any]:
    return {
        f"E{status}": _answer(description, "Problem")
        for status, description in _FAILURES.items()
    }


def _paging() -> list[dict[str, Any]]:
    return [
        {
            "name": "limit",
            "in": "query",
            "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50},
        },
        {
            "name": "cursor",
            "in": "query",
            "description": "`next_cursor` of the page before.",
            "schema": {"type": "string"},
        },
    ]
