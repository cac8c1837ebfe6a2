"""What the API takes and gives that is the same for every workflow, as schemas.

Component names begin with `magicflow.`: names of types have no dot, and names that have
one begin with their workflow's.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
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
TEXT: Json = {"type": "string"}
KEY: Json = {"type": "string", "minLength": 1, "maxLength": 255}
TIME: Json = {"type": "string", "format": "date-time"}
DURATION: Json = {
    "type": ["string", "number"],
    "description": "`500ms`, `30s`, `5m`, `PT1H30M`, or milliseconds.",
}
_OPTIONAL_TIME: Json = {"type": ["string", "null"], "format": "date-time"}
_COUNT: Json = {"type": "integer", "minimum": 0}
_OBJECT: Json = {"type": "object"}
_TEXTS: Json = {"type": "array", "items": TEXT}


def component(name: str) -> Json:
    """A reference to one of these schemas."""
    return {"$ref": f"#/components/schemas/{PREFIX}{name}"}


def shared_schemas() -> dict[str, Json]:
    """By component name."""
    return {PREFIX + name: schema for name, schema in _SCHEMAS.items()}


def thing(required: dict[str, Json], /, **optional: Json) -> Json:
    """An object with these members, and perhaps others: newer servers may tell more."""
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
    }


def body(required: dict[str, Json] | None = None, /, **optional: Json) -> Json:
    """The object that a request takes. Null stands for an optional member's absence."""
    members = {
        name: schema if not schema else {"anyOf": [schema, {"type": "null"}]}
        for name, schema in optional.items()
    }
    schema: Json = {
        "type": "object",
        "properties": {**(required or {}), **members},
        "additionalProperties": False,
    }
    if required:
        schema["required"] = list(required)
    return schema


START_MEMBERS: dict[str, Json] = {
    "metadata": {"type": "object", "description": "Read as `$.metadata`."},
    "timeout_override": {
        **DURATION,
        "description": "In place of the workflow's timeout, e.g. `30m`.",
    },
    "idempotency_key": {
        **KEY,
        "description": "A second start with the same key starts nothing new.",
    },
    "foreign_id": {**KEY, "description": "Your own id of what the run is about."},
    "priority": {
        "anyOf": [
            {"type": "integer"},
            {"type": "string", "enum": ["low", "normal", "high", "critical"]},
        ]
    },
    "delay": {**DURATION, "description": "When to begin, counted from now."},
    "version": {
        "type": "string",
        "description": "A range of versions; the newest that fits is started.",
    },
    "webhook": {
        "type": "string",
        "pattern": r"^https?://[^\s/?#]+([/?#]\S*)?$",
        "description": "Where the outcome is posted when the run has ended.",
    },
}
"""What a start's body may have besides the input."""

_ERROR: Json = thing(
    {
        "code": {
            "type": "string",
            "description": "One of ours, or one that a function reports.",
            "examples": list(ERROR_CODES),
        },
        "message": TEXT,
    },
    step={"type": ["string", "null"]},
    attempt={"type": ["integer", "null"]},
    retryable={"type": "boolean"},
    details={},
    retry_after={"type": "integer", "minimum": 0, "description": "Milliseconds."},
    cause=component("Error"),
    suppressed={"type": "array", "items": component("Error")},
)
_MAYBE_ERROR: Json = {"anyOf": [component("Error"), {"type": "null"}]}
_SUMMARY: Json = thing(
    {
        "execution_id": TEXT,
        "workflow": TEXT,
        "version": TEXT,
        "status": component("RunStatus"),
        "created_at": TIME,
        "updated_at": TIME,
    },
    ended_at=TIME,
    foreign_id=TEXT,
    idempotency_key=TEXT,
    priority={"type": "integer"},
    retry_of=TEXT,
    parent_id=TEXT,
)
_WORKFLOW: Json = thing(
    {
        "name": TEXT,
        "version": TEXT,
        "plan_hash": TEXT,
        "steps": _TEXTS,
    },
    description=TEXT,
    owner=TEXT,
    tags=_TEXTS,
    plan={**_OBJECT, "description": "Where one workflow is asked for."},
)
_HUMAN_TASK: Json = thing(
    {"id": TEXT, "execution_id": TEXT, "task_id": TEXT, "form": {}},
    step=TEXT,
    assignee={},
    title={},
    description={},
    claimed_by=TEXT,
    due=TIME,
)
_TASK: Json = {
    **thing(
        {
            "id": TEXT,
            "run_id": TEXT,
            "task_id": TEXT,
            "workflow_id": TEXT,
            "step_id": {"type": ["string", "null"]},
            "executor": TEXT,
            "function": TEXT,
            "attempt": _COUNT,
            "delivery": _COUNT,
            "retry_count": _COUNT,
            "idempotency_key": TEXT,
            "plan_hash": TEXT,
            "lease_expires": TIME,
            "context": {"description": "The input."},
        }
    ),
    "description": "The TaskMessage of messages.schema.json.",
}
_SETTLED: Json = thing({"id": {}, "status": {"type": "integer"}}, code=TEXT, detail={})
_WORKFLOW_HEALTH: Json = thing(
    {
        "workflow": TEXT,
        "version": TEXT,
        "status": {"enum": ["ok", "degraded"]},
        "started": _COUNT,
        "ended": {"type": "object", "additionalProperties": _COUNT},
        "steps": {
            "type": "object",
            "additionalProperties": {"type": "object", "additionalProperties": _COUNT},
        },
        "executors_without_workers": _TEXTS,
        "open_circuits": _TEXTS,
    }
)
_V1_EXECUTION: Json = thing(
    {
        "execution_id": TEXT,
        "workflow_id": TEXT,
        "status": component("RunStatus"),
        "created_at": TIME,
        "tracking_url": TEXT,
    },
    estimated_completion=TIME,
    updated_at=TIME,
    error=_MAYBE_ERROR,
)

_SCHEMAS: dict[str, Json] = {
    "RunStatus": {"enum": list(RUN_STATES)},
    "StepStatus": {"enum": list(STEP_STATES)},
    "Error": _ERROR,
    "Problem": {
        **thing(
            {
                "type": TEXT,
                "title": TEXT,
                "status": {"type": "integer"},
                "code": TEXT,
                "detail": TEXT,
            },
            errors={
                "type": "array",
                "items": thing({"path": TEXT, "message": TEXT}, code=TEXT),
                "description": "Every place that does not fit, as JSON pointers.",
            },
            details={},
        ),
        "description": "RFC 9457.",
    },
    "ExecutionSummary": _SUMMARY,
    "Execution": {
        "allOf": [
            component("ExecutionSummary"),
            thing(
                {
                    "plan_hash": TEXT,
                    "input": {},
                    "metadata": _OBJECT,
                    "output": {},
                    "error": _MAYBE_ERROR,
                },
                compensation={},
                deadline=TIME,
                poisoned={},
            ),
        ]
    },
    "Executions": thing(
        {
            "executions": {"type": "array", "items": component("ExecutionSummary")},
            "next_cursor": {"type": ["string", "null"]},
        }
    ),
    "Outcome": thing(
        {
            "execution_id": TEXT,
            "workflow": TEXT,
            "status": component("RunStatus"),
            "created_at": TIME,
            "ended_at": _OPTIONAL_TIME,
            "output": {},
            "error": _MAYBE_ERROR,
        }
    ),
    "Results": thing(
        {
            "execution_id": TEXT,
            "status": component("RunStatus"),
            "output": {},
            "error": _MAYBE_ERROR,
        }
    ),
    "Step": thing(
        {"path": TEXT, "step": TEXT, "status": component("StepStatus")},
        attempts=_COUNT,
        input={},
        output={},
        error=_MAYBE_ERROR,
        fallback_used={"type": "boolean"},
        started_at=TIME,
        ended_at=TIME,
    ),
    "Steps": thing(
        {
            "execution_id": TEXT,
            "steps": {"type": "array", "items": component("Step")},
        }
    ),
    "RunEvent": thing(
        {
            "n": {
                "type": "integer",
                "minimum": 1,
                "description": "Its number in the run; a stream's event id.",
            },
            "at": TIME,
            "type": {"type": "string", "examples": ["run_started", "step_completed"]},
        },
        path={**TEXT, "description": "The occurrence of a step that it is about."},
        step={"type": ["string", "null"]},
        attempt=_COUNT,
        error=_MAYBE_ERROR,
    ),
    "Events": thing(
        {
            "execution_id": TEXT,
            "events": {"type": "array", "items": component("RunEvent")},
            "next_cursor": {"type": ["string", "null"]},
        }
    ),
    "Sent": thing({"execution_id": TEXT, "event_id": TEXT}),
    "Published": thing({"event_id": TEXT, "executions": _TEXTS}),
    "CloudEvent": {
        **body(
            {"type": {**TEXT, "minLength": 1, "description": "Name of the event."}},
            specversion={"const": "1.0"},
            id=TEXT,
            source={"type": "string", "format": "uri-reference"},
            time=TIME,
            datacontenttype=TEXT,
            data={},
        ),
        "additionalProperties": True,
    },
    "Workflow": _WORKFLOW,
    "Workflows": thing(
        {"workflows": {"type": "array", "items": component("Workflow")}}
    ),
    "HumanTask": _HUMAN_TASK,
    "HumanTasks": thing({"tasks": {"type": "array", "items": component("HumanTask")}}),
    "HumanTaskCompleted": thing(
        {"execution_id": TEXT, "status": component("RunStatus")}
    ),
    "Task": _TASK,
    "Tasks": thing(
        {"tasks": {"type": "array", "items": component("Task")}, "lease_ms": _COUNT}
    ),
    "TaskSettled": {"type": "object"},
    "Heartbeat": thing(
        {"cancel": {"type": "boolean"}, "reason": {"type": ["string", "null"]}}
    ),
    "Report": thing(
        {
            "results": {"type": "array", "items": _SETTLED},
            "heartbeats": {"type": "array", "items": _SETTLED},
        }
    ),
    "Health": thing(
        {"status": {"enum": ["ok", "degraded"]}},
        engine=TEXT,
        open_runs=_COUNT,
        tasks=_COUNT,
        timers=_COUNT,
        executors_without_workers=_TEXTS,
        circuit_breakers={"type": "object", "additionalProperties": TEXT},
    ),
    "WorkflowHealth": thing(
        {
            "status": {"enum": ["ok", "degraded"]},
            "workflows": {"type": "array", "items": _WORKFLOW_HEALTH},
        }
    ),
    "Readiness": thing({"ready": {"type": "boolean"}}),
    "FirstExecution": _V1_EXECUTION,
    "FirstMetrics": thing(
        {
            "workflow_id": TEXT,
            "executions": _COUNT,
            "ended": {"type": "object", "additionalProperties": _COUNT},
            "success_rate": {"type": ["number", "null"]},
            "average_seconds": {"type": ["number", "null"]},
        }
    ),
}
