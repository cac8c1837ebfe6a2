"""Health, readiness, metrics and the service's description."""

from __future__ import annotations

from typing import Any

from magicflow.observe.metrics import expose
from magicflow.openapi import describe
from magicflow.server.app import App, route
from magicflow.server.http import Answer, Request, json_answer, text_answer
from magicflow.store import StoreError

Json = dict[str, Any]


@route("GET", "/health")
async def health(app: App, request: Request) -> Answer:
    """Service level: 200 as long as the process can do its work."""
    engine = app.engine
    if not request.scope["authorized"]:
        return json_answer({"status": "ok"})
    breakers = engine.dispatcher.breakers.states(engine.clock.now())
    idle = engine.dispatcher.executors_without_workers()
    degraded = engine.state != "open" or idle or "open" in breakers.values()
    body: Json = {
        "status": "degraded" if degraded else "ok",
        "engine": engine.state,
        "open_runs": engine.open_runs,
        "tasks": len(engine.dispatcher),
        "timers": len(engine.timers),
        "executors_without_workers": idle,
        "circuit_breakers": breakers,
    }
    return json_answer(body)


@route("GET", "/health/workflow")
async def workflow_health(app: App, request: Request) -> Answer:
    """Workflow level: what became of each workflow's runs and steps."""
    metrics, engine = app.engine.metrics, app.engine
    idle = set(engine.dispatcher.executors_without_workers())
    breakers = engine.dispatcher.breakers.states(engine.clock.now())
    workflows = []
    for deployed in engine.catalog:
        name = deployed.plan.name
        functions = deployed.json["functions"]
        executors = sorted({function["executor"] for function in functions.values()})
        ended = {s: n for (w, s), n in metrics.runs_ended.values.items() if w == name}
        steps: dict[str, Json] = {}
        for (workflow, step, status), n in metrics.steps_ended.values.items():
            if workflow == name:
                steps.setdefault(step, {})[status] = n
        stuck = sorted(idle.intersection(executors))
        open_circuits = sorted(f for f in functions if breakers.get(f) == "open")
        workflows.append(
            {
                "workflow": name,
                "version": deployed.plan.version,
                "status": "degraded" if stuck or open_circuits else "ok",
                "started": metrics.runs_started.values.get((name,), 0),
                "ended": ended,
                "steps": steps,
                "executors_without_workers": stuck,
                "open_circuits": open_circuits,
            }
        )
    degraded = any(w["status"] != "ok" for w in workflows)
    return json_answer(
        {"status": "degraded" if degraded else "ok", "workflows": workflows}
    )


@route("GET", "/ready")
async def ready(app: App, request: Request) -> Answer:
    """200 when the server takes work: open, not draining, the store answers."""
    fine = app.ready and app.engine.state == "open"
    if fine:
        try:
            app.engine.store.setting("probe")
        except StoreError:
            fine = False
    return json_answer({"ready": fine}, 200 if fine else 503)


@route("GET", "/metrics")
async def metrics(app: App, request: Request) -> Answer:
    text = expose(app.engine.metrics.all())
    return text_answer(text, "text/plain; version=0.0.4; charset=utf-8")


@route("GET", "/openapi.json")
async def openapi(app: App, request: Request) -> Answer:
    return json_answer(describe([d.json for d in app.engine.catalog]))
