"""What workers of other processes call: lease tasks, report, say that they live."""

from __future__ import annotations

from typing import Any

from magicflow.engine.tasks import Task, TaskKey
from magicflow.server.app import App, route
from magicflow.server.http import Answer, Problem, Request, json_answer, members_of

Json = dict[str, Any]
MAX_TASKS = 100
MAX_WAIT = 60_000


@route("POST", "/api/v2/tasks/poll")
async def poll(app: App, request: Request) -> Answer:
    """Lease up to `max_tasks` tasks of `executors`, waiting `wait_ms` for the first."""
    given = members_of(
        await request.json(app.config.max_body),
        {
            "executors": (list,),
            "max_tasks": (int,),
            "wait_ms": (int,),
            "worker_id": (str,),
        },
    )
    executors = given.get("executors")
    if not executors or not all(isinstance(e, str) and e for e in executors):
        raise Problem(400, "BAD_REQUEST", "`executors` must be a list of names")
    limit = max(1, min(given.get("max_tasks", 1), MAX_TASKS))
    wait = max(0, min(given.get("wait_ms", 0), MAX_WAIT))
    dispatcher = app.engine.dispatcher
    tasks = await dispatcher.poll(executors, limit, wait, given.get("worker_id", ""))
    lease = app.engine.settings.lease
    return json_answer({"tasks": [_message(task) for task in tasks], "lease_ms": lease})


def _message(task: Task) -> Json:
    message = {k: v for k, v in task.message.items() if k != "type"}
    message["delivery"] = task.delivery
    message["id"] = f"{message['run_id']}:{message['task_id']}"
    return message


@route("POST", "/api/v2/tasks/{*}/complete")
async def complete(app: App, request: Request) -> Answer:
    body = await request.json(app.config.max_body)
    key, attempt, delivery = _token(request, body)
    await app.engine.dispatcher.report(
        key, attempt, delivery, {"output": body.get("output")}
    )
    return json_answer({})


@route("POST", "/api/v2/tasks/{*}/fail")
async def fail(app: App, request: Request) -> Answer:
    body = await request.json(app.config.max_body)
    key, attempt, delivery = _token(request, body)
    error = body.get("error")
    if not isinstance(error, dict):
        raise Problem(400, "BAD_REQUEST", "`error` must be an object")
    await app.engine.dispatcher.report(key, attempt, delivery, {"error": error})
    return json_answer({})


@route("POST", "/api/v2/tasks/{*}/heartbeat")
async def heartbeat(app: App, request: Request) -> Answer:
    body = await request.json(app.config.max_body)
    key, attempt, delivery = _token(request, body)
    reason = app.engine.dispatcher.heartbeat(key, attempt, delivery)
    return json_answer({"cancel": reason is not None, "reason": reason})


def _token(request: Request, body: Json) -> tuple[TaskKey, int, int]:
    """The fencing token: run and task from the path, attempt and delivery."""
    run_id, colon, task_id = request.parameters[0].partition(":")
    if not colon:
        raise Problem(404, "NOT_FOUND", "a task's id is `<execution id>:<task id>`")
    numbers = []
    for name in ("attempt", "delivery"):
        value = body.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise Problem(400, "BAD_REQUEST", f"`{name}` must be an integer")
        numbers.append(value)
    return (run_id, task_id), numbers[0], numbers[1]
