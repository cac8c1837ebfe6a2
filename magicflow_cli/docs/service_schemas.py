"""The schemas of a service that are the same for every workflow but for its types.

Their names begin with `magicflow.`: types of a user have no dot in theirs.
"""

from __future__ import annotations

from magicflow_cli.docs.json_schema import Schema

PREFIX = "magicflow."
RUN_STATES = (
    "queued",
    "running",
    "waiting",
    "paused",
    "completed",
    "failed",
    "timed_out",
    "cancelled",
)
STEP_STATES = (
    "pending",
    "running",
    "retrying",
    "waiting",
    "completed",
    "failed",
    "timed_out",
    "skipped",
    "cancelled",
    "compensated",
)
ERROR_CODES = (
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
_TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_METADATA: Schema = {"type": "object", "additionalProperties": _TEXT}


def shared_schemas(
    input: Schema, output: Schema, errors: list[Schema]
) -> dict[str, Schema]:
    """By component name; `errors` are the typed errors of the workflow's functions."""
    schemas = {
        "ExecuteRequest": _execute_request(input),
        "Execution": _execution(output),
        "Results": _object(
            {
                "status": _ref("RunStatus"),
                "output": _nullable(output),
                "error": _ref("Error"),
            },
            ["status", "output"],
        ),
        "RunStatus": {"enum": list(RUN_STATES)},
        "StepStatus": {"enum": list(STEP_STATES)},
        "Step": _step(),
        "RunEvent": _run_event(),
        "Error": _error(errors),
        "Problem": _object({"error": _ref("Error")}, ["error"]),
        "Health": _object(
            {
                "status": {"enum": ["ok", "degraded", "down"]},
                "checks": {"type": "object", "additionalProperties": {}},
            },
            ["status"],
        ),
        "CloudEvent": _cloud_event(),
        "ExecutionPage": _page("Execution"),
        "StepPage": _page("Step"),
        "EventPage": _page("RunEvent"),
    }
    return {PREFIX + name: schema for name, schema in schemas.items()}


def _execute_request(input: Schema) -> Schema:
    return {
        "type": "object",
        "description": "`input_data` is another spelling of `input`; one of them is given.",
        "properties": {
            "input": input,
            "input_data": input,
            "metadata": {**_METADATA, "description": "Read as `$.metadata`."},
            "timeout_override": {
                "type": "string",
                "description": "In place of the workflow's timeout, e.g. `30m`.",
            },
            "idempotency_key": _TEXT,
            "foreign_id": {
                "type": "string",
                "description": "Your own id of what the run is about.",
            },
            "priority": {"type": ["integer", "string"]},
        },
        "oneOf": [{"required": ["input"]}, {"required": ["input_data"]}],
    }


def _execution(output: Schema) -> Schema:
    return _object(
        {
            "execution_id": _TEXT,
            "workflow_id": _TEXT,
            "version": _TEXT,
            "status": _ref("RunStatus"),
            "output": _nullable(output),
            "error": _ref("Error"),
            "metadata": _METADATA,
            "foreign_id": _TEXT,
            "created_at": _TIME,
            "updated_at": _TIME,
        },
        ["execution_id", "workflow_id", "status", "created_at"],
    )


def _step() -> Schema:
    return _object(
        {
            "name": _TEXT,
            "status": _ref("StepStatus"),
            "attempts": {"type": "integer", "minimum": 0},
            "output": {},
            "error": _ref("Error"),
            "fallback_used": {"type": "boolean"},
            "started_at": _TIME,
            "ended_at": _TIME,
        },
        ["name", "status", "attempts"],
    )


def _run_event() -> Schema:
    return _object(
        {
            "id": _TEXT,
            "type": _TEXT,
            "time": _TIME,
            "step": _TEXT,
            "data": {},
        },
        ["id", "type", "time"],
    )


def _error(errors: list[Schema]) -> Schema:
    schema = _object(
        {
            "code": {
                "type": "string",
                "description": "One of ours, or one that a function reports.",
                "examples": list(ERROR_CODES),
            },
            "message": _TEXT,
            "step": _TEXT,
            "attempt": {"type": "integer"},
            "details": {},
            "retryable": {"type": "boolean"},
            "cause": _ref("Error"),
            "suppressed": {"type": "array", "items": _ref("Error")},
        },
        ["code", "message"],
    )
    if errors:
        known = [error["properties"]["code"]["const"] for error in errors]
        others = {"properties": {"code": {"not": {"enum": known}}}}
        schema["oneOf"] = [*errors, others]
    return schema


def _cloud_event() -> Schema:
    return _object(
        {
            "specversion": {"const": "1.0"},
            "id": _TEXT,
            "source": {"type": "string", "format": "uri-reference"},
            "type": _TEXT,
            "time": _TIME,
            "datacontenttype": _TEXT,
            "data": {},
        },
        ["specversion", "id", "source", "type"],
    )


def _page(name: str) -> Schema:
    return _object(
        {
            "items": {"type": "array", "items": _ref(name)},
            "next_cursor": {"type": ["string", "null"]},
        },
        ["items"],
    )


def _object(properties: Schema, required: list[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": required}


def _nullable(schema: Schema) -> Schema:
    if not schema:
        return {}
    return {"anyOf": [schema, {"type": "null"}]}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{PREFIX}{name}"}
