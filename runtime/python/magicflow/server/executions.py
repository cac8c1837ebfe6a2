"""Executions: asking about runs, and acting on them."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import orjson

from magicflow.core import resume_point
from magicflow.engine.live import LiveRun
from magicflow.engine.requests import Refused, StartRequest
from magicflow.server.app import App, route
from magicflow.server.http import Answer, Problem, Request, json_answer, members_of
from magicflow.server.views import (
    decode_cursor,
    encode_cursor,
    history_of,
    history_views,
    run_summary,
    run_view,
    step_views,
)
from magicflow.server.workflows import wait_of
from magicflow.store import RunFilter

Json = dict[str, Any]
STATUSES = frozenset(
    [
        "queued",
        "running",
        "waiting",
        "paused",
        "completed",
        "failed",
        "timed_out",
        "cancelled",
    ]
)
_FILTERS = frozenset(
    [
        "workflow",
        "status",
        "foreign_id",
        "created_from",
        "created_to",
        "limit",
        "cursor",
        "open",
    ]
)
_ATTRIBUTES = dict.fromkeys(
    ("type", "specversion", "id", "source", "time", "datacontenttype"), (str,)
)
"""Members of a CloudEvent that the server reads; others are the sender's own."""
PING = 15.0
"""Seconds without news after which a stream says that it is alive."""


@route("GET", "/api/v2/executions")
async def executions(app: App, request: Request) -> Answer:
    query = request.query
    unknown = sorted(set(query) - _FILTERS)
    if unknown:
        raise Problem(400, "BAD_REQUEST", f"the filter `{unknown[0]}` is unknown")
    limit = limit_of(query)
    before = None
    if query.get("cursor"):
        (before,) = decode_cursor(query["cursor"], 1)
    rows = app.engine.store.runs(_filter(query), before=before, limit=limit + 1)
    page: Json = {"executions": [run_summary(row) for row in rows[:limit]]}
    page["next_cursor"] = (
        encode_cursor(rows[limit - 1].id) if len(rows) > limit else None
    )
    return json_answer(page)


def limit_of(query: dict[str, str]) -> int:
    text = query.get("limit", "50")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= 500:
        raise Problem(400, "BAD_REQUEST", "limit must be a number from 1 to 500")
    return int(text)


def _filter(query: dict[str, str]) -> RunFilter:
    status = None
    if query.get("status"):
        status = frozenset(query["status"].split(","))
        unknown = sorted(status - STATUSES)
        if unknown:
            raise Problem(400, "BAD_REQUEST", f"there is no status `{unknown[0]}`")
    return RunFilter(
        workflow=query.get("workflow"),
        status=status,
        foreign_id=query.get("foreign_id"),
        created_from=_time(query, "created_from"),
        created_to=_time(query, "created_to"),
        open_only=query.get("open") == "true",
    )


def _time(query: dict[str, str], name: str) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
        return int(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        detail = f"{name} must be a date-time such as 2026-01-31T12:00:00Z"
        raise Problem(400, "BAD_REQUEST", detail) from None


@route("GET", "/api/v2/executions/{}")
async def execution(app: App, request: Request) -> Answer:
    live = await app.engine.read(request.parameters[0])
    wait = wait_of(request, app.config.max_wait)
    if wait:
        request.abandon_with_client()
        live = await app.engine.wait(live, wait)
    return json_answer(run_view(live))


@route("GET", "/api/v2/executions/{}/results")
async def results(app: App, request: Request) -> Answer:
    live = await app.engine.read(request.parameters[0])
    wait = wait_of(request, app.config.max_wait)
    if wait:
        request.abandon_with_client()
        live = await app.engine.wait(live, wait)
    run = live.state["run"]
    body: Json = {
        "execution_id": live.row.id,
        "status": live.row.status,
        "output": run.get("output"),
        "error": run.get("error"),
    }
    return json_answer(body, 200 if live.ended else 202)


@route("GET", "/api/v2/executions/{}/steps")
async def steps(app: App, request: Request) -> Answer:
    live = await app.engine.read(request.parameters[0])
    return json_answer({"execution_id": live.row.id, "steps": step_views(live)})


@route("GET", "/api/v2/executions/{}/events")
async def events(app: App, request: Request) -> Answer:
    query = request.query
    live = app.engine.find(request.parameters[0])
    limit = limit_of(query)
    version, after = 0, 0
    if query.get("cursor"):
        version, after = map(_integer, decode_cursor(query["cursor"], 2))
    found, next_cursor = read_history(app, live.row.id, version, after, limit)
    body: Json = {
        "execution_id": live.row.id,
        "events": history_views(found),
        "next_cursor": next_cursor,
    }
    return json_answer(body)


def _integer(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise Problem(400, "BAD_REQUEST", "the cursor is not one of this server's")
    return int(text)


def read_history(
    app: App, run_id: str, version: int, after: int, limit: int
) -> tuple[list[Json], str | None]:
    """Rows with a number beyond `after`, from transitions beyond `version`; and the
    cursor of the next page when there is more."""
    found: list[Json] = []
    while True:
        log = app.engine.store.log(run_id, after=version, limit=200)
        if not log:
            return found, None
        for entry in log:
            for row in history_of(entry.history):
                if row["n"] <= after:
                    continue
                if len(found) == limit:
                    return found, encode_cursor(entry.version - 1, found[-1]["n"])
                found.append(row)
            version = entry.version


@route("GET", "/api/v2/executions/{}/stream")
async def stream(app: App, request: Request) -> None:
    """Server-sent events: every history row once, from `Last-Event-ID` on; the stream
    ends after the run's last row."""
    live = app.engine.find(request.parameters[0])
    last = request.header(b"last-event-id") or request.query.get("after") or "0"
    after = _integer(last)
    news: asyncio.Queue[list[Json]] = asyncio.Queue()
    live.listeners.append(news.put_nowait)
    gone = asyncio.get_running_loop().create_task(_disconnected(request))
    send = request.scope["send"]
    try:
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [
                    (b"content-type", b"text/event-stream"),
                    (b"cache-control", b"no-store"),
                ],
            }
        )
        past, _ = read_history(app, live.row.id, 0, after, 1 << 30)
        ended = await _send_rows(send, past)
        after = past[-1]["n"] if past else after
        while not ended and not gone.done() and app.ready:
            if live.ended and news.empty():
                break
            try:
                rows = await asyncio.wait_for(news.get(), PING)
            except TimeoutError:
                await send(_chunk(b": alive\n\n"))
                continue
            if rows:
                fresh = [row for row in rows if row["n"] > after]
                ended = await _send_rows(send, fresh)
                after = max(after, rows[-1]["n"])
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        gone.cancel()
        if news.put_nowait in live.listeners:
            live.listeners.remove(news.put_nowait)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _send_rows(send: Any, rows: list[Json]) -> bool:
    """Sends rows; True when the last row of a run was among them."""
    if rows:
        parts = [
            b"id: %d\nevent: %s\ndata: %s\n\n"
            % (row["n"], row["type"].encode(), orjson.dumps(row))
            for row in history_views(rows)
        ]
        await send(_chunk(b"".join(parts)))
    return bool(rows) and rows[-1]["type"] in _LAST_ROWS


_LAST_ROWS = frozenset(
    {"run_completed", "run_failed", "run_timed_out", "run_cancelled"}
)


def _chunk(body: bytes) -> Json:
    return {"type": "http.response.body", "body": body, "more_body": True}


@route("POST", "/api/v2/executions/{}/cancel")
async def cancel(app: App, request: Request) -> Answer:
    body = await request.json(app.config.max_body, optional=True)
    given = members_of(body, {"reason": (str,)})
    event: Json = {"type": "cancel_requested", **given}
    return _accepted(await app.engine.send(request.parameters[0], event))


@route("POST", "/api/v2/executions/{}/pause")
async def pause(app: App, request: Request) -> Answer:
    return _accepted(await app.engine.send(request.parameters[0], {"type": "pause"}))


@route("POST", "/api/v2/executions/{}/resume")
async def resume(app: App, request: Request) -> Answer:
    return _accepted(await app.engine.send(request.parameters[0], {"type": "resume"}))


def _accepted(live: LiveRun) -> Answer:
    return json_answer(run_summary(live.row), 202)


@route("POST", "/api/v2/executions/{}/retry")
async def retry(app: App, request: Request) -> Answer:
    """A new run that keeps the completed steps' results of a failed one."""
    engine = app.engine
    live = engine.find(request.parameters[0])
    point = resume_point(live.deployed.plan, live.state)
    if point is None:
        raise Refused("CONFLICT", "only a run that failed at a step can be retried")
    row, start = live.row, live.state["start"]
    again, done = engine.begin(
        StartRequest(
            row.workflow,
            start["input"],
            start.get("metadata") or {},
            foreign_id=row.foreign_id,
            priority=row.priority,
            retry_of=row.id,
            resume=point,
            plan_hash=row.plan_hash,
        )
    )
    if done is not None:
        await done
    location = (b"location", f"/api/v2/executions/{again.row.id}".encode())
    return json_answer(run_summary(again.row), 202, location)


@route("POST", "/api/v2/executions/{}/events")
async def signal(app: App, request: Request) -> Answer:
    """An event for one run: matched once, else kept until the run listens."""
    body = await request.json(app.config.max_body)
    given = members_of(body, {"event": (str,), "data": (), "event_id": (str,)})
    if "event" not in given:
        raise Problem(400, "BAD_REQUEST", "`event` is missing")
    engine = app.engine
    event: Json = {
        "type": "event_received",
        "event_id": given.get("event_id") or engine.new_id(),
        "event": given["event"],
        "data": given.get("data"),
        "expires_at": engine.clock.now() + engine.settings.event_ttl,
    }
    event_id = event["event_id"]
    live = await engine.send(request.parameters[0], event)
    return json_answer({"execution_id": live.row.id, "event_id": event_id}, 202)


@route("DELETE", "/api/v2/executions/{}")
async def delete(app: App, request: Request) -> Answer:
    """Remove everything that is kept of an ended run."""
    await app.engine.erase(request.parameters[0])
    return Answer(204, b"", [])


@route("POST", "/api/v2/events")
async def publish(app: App, request: Request) -> Answer:
    """A CloudEvent for every run that listens for it, and for triggers."""
    body = await request.json(app.config.max_body)
    given = members_of({k: v for k, v in body.items() if k in _ATTRIBUTES}, _ATTRIBUTES)
    if not given.get("type"):
        raise Problem(400, "BAD_REQUEST", "`type`, the event's name, is missing")
    if given.get("specversion", "1.0") != "1.0":
        raise Problem(400, "BAD_REQUEST", "`specversion` must be 1.0")
    _time(given, "time")
    cloud = {**body, "id": given.get("id") or app.engine.new_id()}
    reached = await app.engine.effects.publish(cloud)
    return json_answer({"event_id": cloud["id"], "executions": reached}, 202)
