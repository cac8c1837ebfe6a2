"""`/api/v1`: the addresses and shapes of the first description of the platform."""

from __future__ import annotations

from typing import Any

from magicflow.engine.live import LiveRun
from magicflow.expr.scope import format_time
from magicflow.server import executions
from magicflow.server.app import App, route
from magicflow.server.http import Answer, Request, json_answer
from magicflow.server.workflows import start_request

Json = dict[str, Any]


@route("POST", "/api/v1/workflows/{}/execute")
async def execute(app: App, request: Request) -> Answer:
    body = await request.json(app.config.max_body)
    live, done = app.engine.begin(start_request(request.parameters[0], body, request))
    if done is not None:
        await done
    view = _view(live)
    timeout = live.deployed.plan.timeout
    if timeout is not None:
        view["estimated_completion"] = format_time(live.row.created_at + timeout.after)
    return json_answer(view, 202)


def _view(live: LiveRun) -> Json:
    row = live.row
    return {
        "execution_id": row.id,
        "workflow_id": row.workflow,
        "status": row.status,
        "created_at": format_time(row.created_at),
        "tracking_url": f"/api/v2/executions/{row.id}",
    }


@route("GET", "/api/v1/executions/{}")
async def execution(app: App, request: Request) -> Answer:
    live = await app.engine.read(request.parameters[0])
    view = _view(live)
    view["updated_at"] = format_time(live.row.updated_at)
    view["error"] = live.state["run"].get("error")
    return json_answer(view)


@route("GET", "/api/v1/executions/{}/results")
async def results(app: App, request: Request) -> Answer:
    return await executions.results(app, request) or Answer(204, b"", [])


@route("GET", "/api/v1/executions/{}/stream")
async def stream(app: App, request: Request) -> Answer | None:
    return await executions.stream(app, request)


@route("GET", "/api/v1/workflows/{}/metrics")
async def metrics(app: App, request: Request) -> Answer:
    name = app.engine.catalog.current(request.parameters[0]).plan.name
    counted = app.engine.metrics
    ended = {s: n for (w, s), n in counted.runs_ended.values.items() if w == name}
    total = sum(ended.values())
    buckets, seconds = counted.run_seconds.values.get((name,), ([], [0.0]))
    count = sum(buckets)
    return json_answer(
        {
            "workflow_id": name,
            "executions": counted.runs_started.values.get((name,), 0),
            "ended": ended,
            "success_rate": ended.get("completed", 0) / total if total else None,
            "average_seconds": seconds[0] / count if count else None,
        }
    )
