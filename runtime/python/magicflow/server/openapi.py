"""The server's OpenAPI 3.1 description, made from the plans that it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from magicflow.server.schemas import Schemas

Json = dict[str, Any]
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
_WAIT = {
    "name": "wait",
    "in": "query",
    "description": "How long to wait for the end, such as `30s`",
    "schema": {"type": "string"},
}
_CURSOR = [
    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 500}},
    {"name": "cursor", "in": "query", "schema": {"type": "string"}},
]


def describe(plans: Sequence[Mapping[str, Any]]) -> Json:
    """One start operation per workflow with its typed input and output; the rest of the
    API is the same for all."""
    schemas: Json = dict(_SCHEMAS)
    paths: Json = {}
    for plan in plans:
        name = plan["workflow"]["name"]
        prefix = "".join(w.capitalize() for w in name.replace("_", "-").split("-"))
        types = Schemas(plan, schemas, prefix)
        paths[f"/api/v2/workflows/{name}/execute"] = {"post": _start(plan, types)}
    paths.update(_COMMON)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Magic Flow", "version": "2"},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas,
        },
    }


def _start(plan: Mapping[str, Any], types: Schemas) -> Json:
    name = plan["workflow"]["name"]
    body: Json = {
        "type": "object",
        "properties": {
            "input": types.refer(plan["input"]),
            "metadata": {"type": "object"},
            "timeout_override": {"type": "string"},
            "idempotency_key": {"type": "string", "minLength": 1, "maxLength": 255},
            "foreign_id": {"type": "string", "minLength": 1, "maxLength": 255},
            "priority": {"type": ["integer", "string"]},
            "webhook": {"type": "string"},
            "version": {"type": "string"},
        },
    }
    outcome: Json = {
        "allOf": [
            {"$ref": "#/components/schemas/Outcome"},
            {
                "properties": {
                    "output": {
                        "anyOf": [types.refer(plan["output"]["type"]), {"type": "null"}]
                    }
                }
            },
        ]
    }
    operation: Json = {
        "operationId": f"execute-{name}",
        "summary": f"Start {name}",
        "parameters": [_WAIT],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": body}},
        },
        "responses": {
            "200": _answer("The run has ended", outcome),
            "202": _answer("The run is accepted", _ref("Execution")),
            **_problems("400", "401", "404", "409", "413", "422", "429", "503"),
        },
    }
    if "description" in plan["workflow"]:
        operation["description"] = plan["workflow"]["description"]
    return operation


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _answer(text: str, schema: Json, kind: str = "application/json") -> Json:
    return {"description": text, "content": {kind: {"schema": schema}}}


def _problems(*statuses: str) -> Json:
    problem = "application/problem+json"
    return {status: _answer("Problem", _ref("Problem"), problem) for status in statuses}


def _operation(id: str, summary: str, schema: Json, **more: Any) -> Json:
    status = more.pop("status", "200")
    return {
        "operationId": id,
        "summary": summary,
        **more,
        "responses": {
            status: _answer(summary, schema),
            **_problems("400", "401", "404"),
        },
    }


def _body(**properties: Json) -> Json:
    schema = {"type": "object", "properties": properties}
    return {"content": {"application/json": {"schema": schema}}}


_TEXT: Json = {"type": "string"}
_SCHEMAS: Json = {
    "Problem": {
        "type": "object",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": _TEXT,
            "title": _TEXT,
            "status": {"type": "integer"},
            "code": _TEXT,
            "detail": _TEXT,
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"path": _TEXT, "message": _TEXT},
                },
            },
        },
    },
    "Execution": {
        "type": "object",
        "required": ["execution_id", "workflow", "version", "status", "created_at"],
        "properties": {
            "execution_id": _TEXT,
            "workflow": _TEXT,
            "version": _TEXT,
            "status": {
                "enum": [
                    "queued",
                    "running",
                    "waiting",
                    "paused",
                    "completed",
                    "failed",
                    "timed_out",
                    "cancelled",
                ]
            },
            "created_at": {"type": "string", "format": "date-time"},
            "updated_at": {"type": "string", "format": "date-time"},
            "ended_at": {"type": "string", "format": "date-time"},
            "input": {},
            "output": {},
            "error": {
                "anyOf": [{"$ref": "#/components/schemas/Error"}, {"type": "null"}]
            },
        },
    },
    "Outcome": {
        "type": "object",
        "required": ["execution_id", "workflow", "status", "output", "error"],
        "properties": {
            "execution_id": _TEXT,
            "workflow": _TEXT,
            "status": _TEXT,
            "error": {
                "anyOf": [{"$ref": "#/components/schemas/Error"}, {"type": "null"}]
            },
        },
    },
    "Error": {
        "type": "object",
        "required": ["code", "message"],
        "properties": {
            "code": _TEXT,
            "message": _TEXT,
            "step": _TEXT,
            "attempt": {"type": "integer"},
            "details": {},
        },
    },
}
_ACTIONS = {"cancel": "Cancel a run", "pause": "Pause a run", "resume": "Resume a run"}
_COMMON: Json = {
    "/api/v2/executions": {
        "get": _operation(
            "list-executions",
            "Runs, newest first",
            {"type": "object"},
            parameters=[
                *_CURSOR,
                *(
                    {"name": name, "in": "query", "schema": _TEXT}
                    for name in (
                        "workflow",
                        "status",
                        "foreign_id",
                        "created_from",
                        "created_to",
                    )
                ),
            ],
        )
    },
    "/api/v2/executions/{id}": {
        "parameters": [_ID],
        "get": _operation(
            "get-execution", "One run", _ref("Execution"), parameters=[_WAIT]
        ),
        "delete": {
            "operationId": "delete-execution",
            "summary": "Remove an ended run's data",
            "responses": {
                "204": {"description": "Removed"},
                **_problems("401", "404", "409"),
            },
        },
    },
    "/api/v2/executions/{id}/results": {
        "parameters": [_ID],
        "get": _operation("get-results", "A run's outcome", {"type": "object"}),
    },
    "/api/v2/executions/{id}/steps": {
        "parameters": [_ID],
        "get": _operation("get-steps", "A run's steps", {"type": "object"}),
    },
    "/api/v2/executions/{id}/events": {
        "parameters": [_ID],
        "get": _operation(
            "get-events", "A run's history", {"type": "object"}, parameters=_CURSOR
        ),
        "post": _operation(
            "send-event",
            "Send an event to a run",
            {"type": "object"},
            status="202",
            requestBody=_body(event=_TEXT, data={}, event_id=_TEXT),
        ),
    },
    "/api/v2/executions/{id}/stream": {
        "parameters": [_ID],
        "get": {
            "operationId": "stream-events",
            "summary": "A run's history as it happens",
            "responses": {
                "200": _answer("Events", _TEXT, "text/event-stream"),
                **_problems("401", "404"),
            },
        },
    },
    **{
        f"/api/v2/executions/{{id}}/{action}": {
            "parameters": [_ID],
            "post": _operation(
                f"{action}-execution", text, _ref("Execution"), status="202"
            ),
        }
        for action, text in {**_ACTIONS, "retry": "Retry a failed run"}.items()
    },
}
