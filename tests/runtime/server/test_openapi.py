"""The description says what the server does: every route, every answer, every body."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from magicflow.openapi import describe
from magicflow.server import routes
from magicflow.worker import WorkflowError

from tests.runtime.plans import call, lit, plan, three_steps
from tests.runtime.server.described import Described
from tests.runtime.serving import LANGUAGES, Running, serving

Json = dict[str, Any]
ROOT = Path(__file__).parents[3]


def asking() -> Json:
    """Fails, hangs or waits for a person: what it is given says which."""
    return plan({"a": call("work")}, ["a"], name="asking")


def human() -> Json:
    node = {
        "kind": "listen",
        "event": "@task",
        "correlate": {},
        "type": {"type": "any"},
        "task": {"assignee": lit("ann"), "title": lit("Approve?")},
    }
    return plan({"ask": node}, ["ask"], name="human")


def polled() -> Json:
    return plan({"far": call("far", executor="far")}, ["far"], name="polled")


async def work(input: Any) -> Any:
    raise WorkflowError("DECLINED", "no", retryable=False, details={"why": "x"})


async def add(input: Any) -> Any:
    await asyncio.sleep(0)
    return {"n": input["n"] + 1}


@pytest.fixture(scope="module", params=LANGUAGES)
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    plans = [three_steps(), asking(), polled(), human()]
    handlers = {"add": add, "work": work}
    with serving(*plans, handlers=handlers, language=request.param) as server:
        yield server


def test_every_route_is_described_and_nothing_else() -> None:
    document = describe([three_steps()])
    described = {
        (method.upper(), re.sub(r"\{\w+\}", "x", path))
        for path, operations in document["paths"].items()
        for method in operations
    }
    matched = set()
    for method, path in described:
        fitting = [p for m, p, _ in routes.ALL if m == method and p.fullmatch(path)]
        assert fitting, f"{method} {path} is described and not there"
        matched.add((method, fitting[0].pattern))
    undescribed = {(m, p.pattern) for m, p, _ in routes.ALL} - matched
    assert not undescribed


def test_both_servers_have_the_same_routes() -> None:
    text = (ROOT / "runtime/go/server/routes.go").read_text(encoding="utf-8")
    listed = re.findall(r'newRoute\("(\w+)", "([^"]+)"', text)
    go = {
        (method, path.replace("{*}", "(.+)").replace("{}", "([^/]+)"))
        for method, path in listed
    }
    assert len(go) == len(listed)
    python = {(m, p.pattern.replace("\\", "")) for m, p, _ in routes.ALL}
    assert go == python


def test_every_address_takes_what_is_described(
    http: httpx.Client, described: Described
) -> None:
    for path, operations in described.document["paths"].items():
        response = http.request("TRACE", re.sub(r"\{\w+\}", "x", path))
        assert response.status_code == 405, path
        methods = {method.upper() for method in operations}
        assert methods <= set(response.headers["allow"].split(", ")), path


def test_the_service_is_described_by_one_hand(running: Running) -> None:
    document = httpx.get(f"{running.url}/openapi.json", headers=running.headers).json()
    plans = sorted(
        [three_steps(), asking(), polled(), human()],
        key=lambda p: p["workflow"]["name"],
    )
    assert document == describe(plans)


def test_answers_are_as_described(http: httpx.Client, described: Described) -> None:
    start = "/api/v2/workflows/three/execute"
    run = http.post(f"{start}?wait=5s", json={"input": {"n": 1}}).json()
    assert run["output"] == {"n": 4}
    first = f"/api/v2/executions/{run['execution_id']}"
    http.post(start, json={"input": {"n": 1}, "foreign_id": "f", "priority": "high"})
    http.post("/api/v2/workflows/asking/execute?wait=5s", json={})
    failed = http.get("/api/v2/executions?workflow=asking").json()["executions"][0]
    bad = f"/api/v2/executions/{failed['execution_id']}"
    for path in (first, bad):
        for part in ("", "/results", "/steps", "/events", "/stream", "?wait=1s"):
            assert http.get(path + part).status_code == 200
    http.get(f"{first}/events?limit=1")
    http.post(f"{bad}/retry")
    for action in ("cancel", "pause", "resume", "retry", "events"):
        http.post(
            f"{first}/{action}", json={"event": "e"} if action == "events" else {}
        )
    http.get("/api/v2/executions?limit=1&status=completed,failed&open=false")
    http.get("/api/v2/executions?limit=0")
    http.get("/api/v2/workflows")
    http.get("/api/v2/workflows/three")
    http.get("/api/v2/workflows/thre")
    event = {"workflow_name": "three", "initial_data": {"n": 1}, "source": "here"}
    http.post("/api/v2/workflow-events", json=event)
    http.post("/api/v2/events", json={"type": "none", "data": 1})
    for path in ("/health", "/health/workflow", "/ready", "/metrics", "/openapi.json"):
        http.get(path)
    assert (run["status"], failed["status"]) == ("completed", "failed")


def test_failures_are_as_described(
    http: httpx.Client, running: Running, described: Described
) -> None:
    start = "/api/v2/workflows/three/execute"
    assert http.post(start, json={"input": {"n": "x"}}).status_code == 422
    assert http.post(start, content=b"{").status_code == 400
    assert http.post(start, content=b" " * 2_000_000).status_code == 413
    assert http.get("/api/v2/executions/none").status_code == 404
    for path in ("/api/v2/executions", "/metrics", "/openapi.json"):
        response = http.get(path, headers={"Authorization": "Bearer none"})
        assert response.status_code == 401
    assert http.get("/health", headers={"Authorization": ""}).status_code == 200
    run = http.post(f"{start}?wait=5s", json={"input": {"n": 1}}).json()
    first = f"/api/v2/executions/{run['execution_id']}"
    assert http.delete(first).status_code == 204
    assert http.delete(first).status_code == 404


def test_the_first_version_is_as_described(http: httpx.Client) -> None:
    body = {"input": {"n": 1}, "metadata": {"source": "web"}}
    view = http.post("/api/v1/workflows/three/execute", json=body).json()
    run = f"/api/v1/executions/{view['execution_id']}"
    for path in (run, f"{run}/results", f"{run}/stream", f"{run}/results?wait=5s"):
        assert http.get(path).status_code in (200, 202)
    assert http.get("/api/v1/workflows/three/metrics").status_code == 200
    assert http.get("/api/v1/executions/none").status_code == 404


def test_tasks_are_as_described(http: httpx.Client) -> None:
    for outcome in ("complete", "fail", "report"):
        http.post("/api/v2/workflows/polled/execute", json={"input": 1})
        poll = {"executors": ["far"], "wait_ms": 2000}
        (task,) = http.post("/api/v2/tasks/poll", json=poll).json()["tasks"]
        fence = {"attempt": task["attempt"], "delivery": task["delivery"]}
        path = f"/api/v2/tasks/{task['id']}"
        assert http.post(f"{path}/heartbeat", json=fence).status_code == 200
        if outcome == "complete":
            assert http.post(f"{path}/complete", json={**fence, "result": 1})
        elif outcome == "fail":
            http.post(f"{path}/fail", json={**fence, "error": {"code": "X"}})
        else:
            entry = {"id": task["id"], **fence}
            reported = {"results": [{**entry, "result": 1}], "heartbeats": [entry]}
            http.post("/api/v2/tasks/report", json=reported)
        assert http.post(f"{path}/complete", json=fence).status_code in (404, 409)
    assert http.post("/api/v2/tasks/poll", json={"executors": []}).status_code == 400


def test_human_tasks_are_as_described(http: httpx.Client) -> None:
    run = http.post("/api/v2/workflows/human/execute", json={}).json()
    query = f"/api/v2/human-tasks?execution_id={run['execution_id']}"
    (task,) = http.get(query).json()["tasks"]
    path = f"/api/v2/human-tasks/{task['id']}"
    assert http.post(f"{path}/claim", json={"by": "x"}).status_code == 200
    assert http.post(f"{path}/claim", json={"by": "y"}).status_code == 409
    assert http.post(f"{path}/complete", json={"data": 1}).status_code == 202


BODIES: list[Any] = [
    {"input": {"n": 1}},
    {"input_data": {"n": 1}},
    {"input": {"n": 1}, "input_data": {"n": 1}},
    {},
    {"input": {"n": "x"}},
    {"input": {"n": 1, "other": 1}},
    {"input": {"n": 1}, "other": 1},
    {"input": {"n": 1}, "metadata": 1},
    {"input": {"n": 1}, "metadata": None},
    {"input": {"n": 1}, "priority": "low"},
    {"input": {"n": 1}, "priority": "lowest"},
    {"input": {"n": 1}, "priority": 1.5},
    {"input": {"n": 1}, "timeout_override": "30m"},
    {"input": {"n": 1}, "timeout_override": 5},
    {"input": {"n": 1}, "timeout_override": True},
    {"input": {"n": 1}, "idempotency_key": ""},
    {"input": {"n": 1}, "foreign_id": "x" * 256},
    {"input": {"n": 1}, "delay": "1ms"},
    {"input": {"n": 1}, "version": "1.0.0"},
    {"input": {"n": 1}, "webhook": "file:///etc/passwd"},
    {"input": {"n": 1}, "webhook": "http://"},
    {"input": {"n": 1}, "webhook": "https://a b/"},
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(
    ("operation", "path"),
    [
        ("execute-three", "/api/v2/workflows/three/execute"),
        ("v1-execute", "/api/v1/workflows/three/execute"),
    ],
)
def test_what_a_start_takes_is_what_is_described(
    http: httpx.Client, described: Described, operation: str, path: str, body: Any
) -> None:
    taken = http.post(path, json=body).is_success
    says = described.takes(operation, body)
    # version 1's document is the same for all workflows: it knows no input
    assert says or not taken
    if operation == "execute-three":
        assert says == taken


@pytest.mark.parametrize("path", ["/api/v2/executions", "/api/v2/human-tasks"])
def test_every_filter_of_a_list_is_described_and_others_are_refused(
    http: httpx.Client, described: Described, path: str
) -> None:
    operation = described.document["paths"][path]["get"]
    names = {each["name"] for each in operation["parameters"]}
    for name in sorted(names | {"parent_id", "other"}):
        response = http.get(path, params={name: ""})
        refused = "is unknown" in response.text
        assert refused == (name not in names), response.text


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://", "https://a b/", ""])
def test_a_webhook_that_can_reach_nobody_is_refused(
    http: httpx.Client, url: str
) -> None:
    body = {"input": {"n": 1}, "webhook": url}
    response = http.post("/api/v2/workflows/three/execute", json=body)
    assert response.status_code == 400
    assert "webhook must be an address" in response.json()["detail"]
