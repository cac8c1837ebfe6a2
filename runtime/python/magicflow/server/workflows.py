"""Workflows: what can be started, and starting it."""

from __future__ import annotations

import re
from typing import Any

from magicflow.engine.requests import OWN_KEYS, StartRequest
from magicflow.engine.tasks import NotFound
from magicflow.server.app import App, route
from magicflow.server.durations import parse_duration
from magicflow.server.http import Answer, Problem, Request, json_answer, members_of
from magicflow.server.views import outcome_view, run_summary

Json = dict[str, Any]

_START: dict[str, tuple[type, ...]] = {
    "input": (),
    "input_data": (),
    "metadata": (dict,),
    "timeout_override": (str, int, float),
    "idempotency_key": (str,),
    "priority": (int, str),
    "foreign_id": (str,),
    "webhook": (str,),
    "version": (str,),
    "delay": (str, int, float),
}
_ADDRESS = re.compile(r"https?://[^\s/?#]+([/?#]\S*)?")
_WAIT: dict[bytes, float] = {}
"""Seconds of queries that are nothing but a `wait`: they come with every start."""
PRIORITIES = {"low": -10, "normal": 0, "high": 10, "critical": 20}


@route("POST", "/api/v2/workflows/{}/execute")
async def execute(app: App, request: Request) -> Answer:
    engine = app.engine
    wait = wait_of(request, app.config.max_wait)
    body = await request.json(app.config.max_body)
    live, done = engine.begin(start_request(request.parameters[0], body, request))
    if wait:
        # the end is durable after the start: one wait for both
        request.abandon_with_client()
        try:
            live = await engine.wait(live, wait)
        except NotFound:
            if done is not None:
                await done  # says that the start was not kept
            raise
    elif done is not None:
        await done
    location = (b"location", f"/api/v2/executions/{live.row.id}".encode())
    if live.ended:
        return json_answer(outcome_view(live), 200, location)
    if done is not None:
        # a store that failed meanwhile must not look like a run that goes on
        await done
    return json_answer(run_summary(live.row), 202, location)


def wait_of(request: Request, longest: float) -> float:
    """`?wait=30s` in seconds, 0 without."""
    query = request.scope["query_string"]
    if not query:
        return 0
    seconds = _WAIT.get(query)
    if seconds is None:
        text = request.query.get("wait")
        if not text:
            return 0
        try:
            seconds = parse_duration(text) / 1000
        except ValueError as error:
            raise Problem(400, "BAD_REQUEST", f"wait: {error}") from None
        if len(_WAIT) < 64 and len(request.query) == 1:
            _WAIT[query] = seconds
    return min(seconds, longest)


def start_request(workflow: str, body: Json, request: Request) -> StartRequest:
    """The start that a body asks for. Raises a 400 problem."""
    given = members_of(body, _START)
    if "input" in given and "input_data" in given:
        text = "`input` and `input_data` are two names of one member"
        raise Problem(400, "BAD_REQUEST", text)
    start = StartRequest(
        workflow,
        given.get("input", given.get("input_data")),
        given.get("metadata") or {},
        version=given.get("version", "*"),
        idempotency_key=given.get(
            "idempotency_key", request.header(b"idempotency-key")
        ),
        foreign_id=given.get("foreign_id"),
        priority=_priority(given.get("priority", 0)),
        traceparent=request.header(b"traceparent"),
        webhook=given.get("webhook"),
    )
    if "timeout_override" in given:
        try:
            start.timeout = parse_duration(given["timeout_override"])
        except ValueError as error:
            raise Problem(400, "BAD_REQUEST", f"timeout_override: {error}") from None
    if "delay" in given:
        try:
            start.delay = parse_duration(given["delay"])
        except ValueError as error:
            raise Problem(400, "BAD_REQUEST", f"delay: {error}") from None
    for name in ("idempotency_key", "foreign_id"):
        value = getattr(start, name)
        if value is not None and not 0 < len(value) <= 255:
            raise Problem(400, "BAD_REQUEST", f"{name} must have 1 to 255 characters")
    if start.webhook is not None and not _ADDRESS.fullmatch(start.webhook):
        detail = "webhook must be an address such as https://example.com/ended"
        raise Problem(400, "BAD_REQUEST", detail)
    if (start.idempotency_key or "").startswith(OWN_KEYS):
        raise Problem(
            400, "BAD_REQUEST", f"keys with `{OWN_KEYS}` are the server's own"
        )
    return start


def _priority(given: int | str) -> int:
    if isinstance(given, int):
        return max(-100, min(given, 100))
    if given not in PRIORITIES:
        names = ", ".join(PRIORITIES)
        raise Problem(
            400, "BAD_REQUEST", f"priority must be a number or one of {names}"
        )
    return PRIORITIES[given]


@route("GET", "/api/v2/workflows")
async def workflows(app: App, request: Request) -> Answer:
    return json_answer({"workflows": [_workflow(d) for d in app.engine.catalog]})


@route("GET", "/api/v2/workflows/{}")
async def workflow(app: App, request: Request) -> Answer:
    deployed = app.engine.catalog.current(request.parameters[0])
    return json_answer({**_workflow(deployed), "plan": deployed.json})


def _workflow(deployed: Any) -> Json:
    info = deployed.json["workflow"]
    view: Json = {
        "name": info["name"],
        "version": info["version"],
        "plan_hash": deployed.plan.hash,
        "steps": deployed.json["presentation"]["step_order"],
    }
    for name in ("description", "tags", "owner"):
        if name in info:
            view[name] = info[name]
    return view


@route("POST", "/api/v2/workflow-events")
async def workflow_event(app: App, request: Request) -> Answer:
    """A WorkflowInitEvent: a start by a message of business logic."""
    body = await request.json(app.config.max_body)
    given = members_of(
        body,
        {
            "workflow_name": (str,),
            "initial_data": (),
            "priority": (int, str),
            "metadata": (dict,),
            "source": (str,),
            "timestamp": (str,),
            "idempotency_key": (str,),
            "foreign_id": (str,),
        },
    )
    name = given.pop("workflow_name", None)
    if name is None:
        raise Problem(400, "BAD_REQUEST", "`workflow_name` is missing")
    given.pop("timestamp", None)
    source = given.pop("source", None)
    given["input"] = given.pop("initial_data", None)
    start = start_request(name, given, request)
    start.source = source
    live, done = app.engine.begin(start)
    if done is not None:
        await done
    location = (b"location", f"/api/v2/executions/{live.row.id}".encode())
    return json_answer(run_summary(live.row), 202, location)
