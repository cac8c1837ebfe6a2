"""What workers of other processes call: lease tasks, report, say that they live."""

from __future__ import annotations

from typing import Any

from magicflow.engine.tasks import TaskKey
from magicflow.server.app import App, problem_of, route
from magicflow.server.http import Answer, Problem, Request, json_answer, members_of
from magicflow.server.views import format_time
from magicflow.worker.wire import outcome_of, task_message

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
    request.abandon_with_client()  # else a worker that is gone would be handed tasks
    tasks = await dispatcher.poll(executors, limit, wait, given.get("worker_id", ""))
    lease = app.engine.settings.lease
    expires = format_time(app.engine.clock.now() + lease)
    messages = [task_message(task.message, task.delivery, expires) for task in tasks]
    return json_answer({"tasks": messages, "lease_ms": lease})


@route("POST", "/api/v2/tasks/{*}/complete")
async def complete(app: App, request: Request) -> Answer:
    body = await request.json(app.config.max_body)
    key, attempt, delivery = _token(request, body)
    outcome = outcome_of({**body, "error": None, "success": True})
    await app.engine.dispatcher.report(key, attempt, delivery, outcome)
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
    return _fence(request.parameters[0], body)


def _fence(id: str, body: Json) -> tuple[TaskKey, int, int]:
    """The fencing token: run and task from the id, attempt and delivery."""
    run_id, colon, task_id = id.partition(":")
    if not colon:
        raise Problem(404, "NOT_FOUND", "a task's id is `<execution id>:<task id>`")
    numbers = []
    for name in ("attempt", "delivery"):
        value = body.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise Problem(400, "BAD_REQUEST", f"`{name}` must be an integer")
        numbers.append(value)
    return (run_id, task_id), numbers[0], numbers[1]


@route("POST", "/api/v2/tasks/report")
async def report(app: App, request: Request) -> Answer:
    """Many results and heartbeats of one worker at once; each has its own status."""
    given = members_of(
        await request.json(app.config.max_body * 4),
        {"results": (list,), "heartbeats": (list,)},
    )
    dispatcher = app.engine.dispatcher
    waiting: list[tuple[Json, Any]] = []
    answers: list[Json] = []
    for result in given.get("results", ()):
        answer: Json = {"id": result.get("id") if isinstance(result, dict) else None}
        answers.append(answer)
        try:
            key, attempt, delivery = _token_of(result)
            settled = dispatcher.report(key, attempt, delivery, outcome_of(result))
            waiting.append((answer, settled))
        except Exception as error:
            answer.update(_failure(error))
    for answer, settled in waiting:
        try:
            await settled
            answer["status"] = 200
        except Exception as error:
            answer.update(_failure(error))
    beats: list[Json] = []
    for beat in given.get("heartbeats", ()):
        answer = {"id": beat.get("id") if isinstance(beat, dict) else None}
        beats.append(answer)
        try:
            reason = dispatcher.heartbeat(*_token_of(beat))
            answer.update(status=200, cancel=reason is not None, reason=reason)
        except Exception as error:
            answer.update(_failure(error))
    return json_answer({"results": answers, "heartbeats": beats})


def _failure(error: Exception) -> Json:
    problem = problem_of(error, "/api/v2/tasks/report")
    body = problem.body
    return {"status": body["status"], "code": body["code"], "detail": body["detail"]}


def _token_of(given: Any) -> tuple[TaskKey, int, int]:
    if not isinstance(given, dict) or not isinstance(given.get("id"), str):
        raise Problem(400, "BAD_REQUEST", "each entry must be an object with an `id`")
    return _fence(given["id"], given)
