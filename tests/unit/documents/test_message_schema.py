"""The wire's messages: what each must say, and that receivers may be older."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

SCHEMA = json.loads(
    (Path(__file__).parents[3] / "schemas" / "messages.schema.json").read_text()
)
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
DELIVERY: dict[str, Any] = {
    "run_id": "r-1",
    "task_id": "r-1/validate-user",
    "workflow_id": "user-onboarding",
    "step_id": "validate-user",
    "attempt": 1,
    "delivery": 2,
    "idempotency_key": "r-1/validate-user",
    "plan_hash": "0" * 64,
}
MESSAGES: dict[str, dict[str, Any]] = {
    "WorkflowInitEvent": {
        "workflow_name": "user-onboarding",
        "initial_data": {"email": "user@example.com"},
        "source": "user-service",
        "timestamp": "2026-01-15T10:30:00Z",
        "metadata": {"request": "7"},
        "idempotency_key": "k",
        "foreign_id": "user-7",
    },
    "TaskMessage": {
        **DELIVERY,
        "executor": "user-service",
        "function": "validateUserData",
        "context": {"user_data": None},
        "timeout": 30_000,
        "timeout_action": "retry",
        "retry_count": 0,
        "max_retries": 2,
        "traceparent": TRACE,
    },
    "ResultMessage": {**DELIVERY, "success": True, "result": None, "duration": 12},
    "HeartbeatMessage": {
        key: DELIVERY[key] for key in ("run_id", "task_id", "attempt", "delivery")
    },
    "CloudEvent": {
        "specversion": "1.0",
        "id": "1",
        "source": "/workflows/order",
        "type": "order.shipped",
        "datacontenttype": "application/json",
        "data": {"order_id": "7"},
    },
    "NotificationData": {
        "run_id": "r-1",
        "workflow_id": "order",
        "state": "failed",
        "error": {"code": "INTERNAL", "message": "no"},
        "channel": {"email": "a@example.com"},
    },
}


def valid(name: str, message: Any) -> bool:
    schema = {"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]}
    return jsonschema.Draft202012Validator(schema).is_valid(message)


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_valid_and_open(name: str) -> None:
    assert valid(name, MESSAGES[name])
    assert valid(name, {**MESSAGES[name], "from_the_future": 1})


@pytest.mark.parametrize("name", MESSAGES)
def test_what_a_message_must_say(name: str) -> None:
    required = SCHEMA["$defs"][name]["required"]
    assert required
    for key in required:
        rest = {k: v for k, v in MESSAGES[name].items() if k != key}
        assert not valid(name, rest), key


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("TaskMessage", {"attempt": 0}),
        ("TaskMessage", {"timeout": "30s"}),
        ("TaskMessage", {"plan_hash": "ABC"}),
        ("TaskMessage", {"traceparent": "x"}),
        ("ResultMessage", {"success": False}),
        ("ResultMessage", {"success": False, "error": "a text"}),
        ("CloudEvent", {"specversion": "0.3"}),
        ("CloudEvent", {"datacontenttype": "text/xml"}),
        ("NotificationData", {"state": "completed"}),
    ],
)
def test_what_a_message_cannot_say(name: str, change: dict[str, Any]) -> None:
    assert not valid(name, {**MESSAGES[name], **change})


def test_a_failure_says_why() -> None:
    error = {"code": "DECLINED", "message": "card declined", "retryable": False}
    failed = {**DELIVERY, "success": False, "error": error}
    assert valid("ResultMessage", failed)
    assert not valid("ResultMessage", {**DELIVERY, "success": True})
