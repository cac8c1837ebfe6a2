"""Human tasks: list, claim, complete."""

from __future__ import annotations

from typing import Any

from magicflow.engine.encoding import decode, encode
from magicflow.engine.requests import Refused
from magicflow.engine.tasks import NotFound
from magicflow.expr.scope import format_time
from magicflow.server.app import App, route
from magicflow.server.http import Answer, Problem, Request, json_answer, members_of
from magicflow.store import Effect

Json = dict[str, Any]
_FILTERS = {"assignee", "execution_id", "claimed_by"}


@route("GET", "/api/v2/human-tasks")
async def human_tasks(app: App, request: Request) -> Answer:
    """Open tasks; `assignee`, `execution_id` and `claimed_by` restrict."""
    query = request.query
    unknown = sorted(query.keys() - _FILTERS)
    if unknown:
        raise Problem(400, "BAD_REQUEST", f"the filter `{unknown[0]}` is unknown")
    found = []
    for effect in app.engine.store.effects(("human",), query.get("execution_id")):
        view = _view(effect)
        wanted = ("assignee", "claimed_by")
        if all(query.get(name) in (None, view.get(name)) for name in wanted):
            found.append(view)
    return json_answer({"tasks": found})


def _view(effect: Effect) -> Json:
    payload = decode(effect.payload)
    view: Json = {
        "id": f"{effect.run_id}:{effect.key}",
        "execution_id": effect.run_id,
        "task_id": effect.key,
        "form": payload.get("form", payload.get("type")),
    }
    for name in ("step", "assignee", "title", "description", "claimed_by"):
        if payload.get(name) is not None:
            view[name] = payload[name]
    if effect.due is not None:
        view["due"] = format_time(effect.due)
    return view


@route("POST", "/api/v2/human-tasks/{*}/claim")
async def claim(app: App, request: Request) -> Answer:
    given = members_of(await request.json(app.config.max_body), {"by": (str,)})
    by = given.get("by")
    if not by:
        raise Problem(400, "BAD_REQUEST", "`by` must say who claims the task")
    async with app.claims:  # who is second reads what the first has written
        effect = _find(app, request)
        payload = decode(effect.payload)
        _refuse_another(payload, by)
        payload["claimed_by"] = by
        effect.payload = encode(payload)
        await app.engine.change_outbox(changed=[effect])
    return json_answer(_view(effect))


def _refuse_another(payload: Json, by: str) -> None:
    """Raises Refused when somebody else has claimed the task."""
    holder = payload.get("claimed_by")
    if holder is not None and holder != by:
        raise Refused("CONFLICT", "somebody else has claimed the task")


@route("POST", "/api/v2/human-tasks/{*}/complete")
async def complete(app: App, request: Request) -> Answer:
    given = members_of(
        await request.json(app.config.max_body), {"data": (), "by": (str,)}
    )
    effect = _find(app, request)
    if "by" in given:
        _refuse_another(decode(effect.payload), given["by"])
    event: Json = {
        "type": "human_completed",
        "task_id": effect.key,
        "data": given.get("data"),
    }
    if "by" in given:
        event["by"] = given["by"]
    live = await app.engine.send(effect.run_id, event)
    return json_answer({"execution_id": live.row.id, "status": live.row.status}, 202)


def _find(app: App, request: Request) -> Effect:
    run_id, _, task_id = request.parameters[0].partition(":")
    for effect in app.engine.store.effects(("human",), run_id):
        if effect.key == task_id:
            return effect
    raise NotFound("there is no such open task")
