"""TaskMessage and ResultMessage of schemas/messages.schema.json, and what they are here.

Inside, a task is the core's command: `step`, `workflow`, `input`. On the wire it has the
names of the first description: `step_id`, `workflow_id`, `context`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]
_RENAMED = {"step": "step_id", "workflow": "workflow_id", "input": "context"}
_SAME = (
    "run_id",
    "task_id",
    "attempt",
    "idempotency_key",
    "plan_hash",
    "traceparent",
    "executor",
    "function",
    "timeout",
    "heartbeat_timeout",
    "priority",
    "secrets",
)


def task_message(command: Mapping[str, Any], delivery: int, lease_expires: str) -> Json:
    """A TaskMessage; `id` is what its address has: `<run id>:<task id>`."""
    message: Json = {name: command[name] for name in _SAME if name in command}
    for ours, theirs in _RENAMED.items():
        message[theirs] = command.get(ours)
    message["id"] = f"{command['run_id']}:{command['task_id']}"
    message["delivery"] = delivery
    message["retry_count"] = command["attempt"] - 1
    message["lease_expires"] = lease_expires
    return message


def task_of(message: Mapping[str, Any]) -> Json:
    """The task of a TaskMessage."""
    task = dict(message)
    for ours, theirs in _RENAMED.items():
        task[ours] = task.pop(theirs, None)
    return task


def result_message(
    task: Mapping[str, Any], outcome: Mapping[str, Any], took: int
) -> Json:
    """A ResultMessage for {"output": …} or {"error": …}; `took` in milliseconds."""
    message: Json = {
        "id": task["id"],
        "run_id": task["run_id"],
        "task_id": task["task_id"],
        "workflow_id": task["workflow"],
        "step_id": task["step"],
        "attempt": task["attempt"],
        "delivery": task["delivery"],
        "idempotency_key": task["idempotency_key"],
        "plan_hash": task["plan_hash"],
        "success": "error" not in outcome,
        "duration": took,
    }
    if "traceparent" in task:
        message["traceparent"] = task["traceparent"]
    if "error" in outcome:
        message["error"] = outcome["error"]
    else:
        message["result"] = outcome["output"]
    return message


def outcome_of(message: Mapping[str, Any]) -> Json:
    """{"output": …} or {"error": …} of a ResultMessage."""
    if message.get("error") is not None or message.get("success") is False:
        return {"error": message.get("error") or {}}
    return {"output": message.get("result", message.get("output"))}
