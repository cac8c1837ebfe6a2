"""The REST API over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from magicflow.worker import WorkflowError

from tests.runtime.harness import add
from tests.runtime.plans import retried, three_steps
from tests.runtime.serving import LANGUAGES, Running, serving


async def slow_or_failing(input: Any) -> Any:
    if isinstance(input, dict) and input.get("mode") == "hang":
        await asyncio.sleep(60)
    if isinstance(input, dict) and input.get("mode") == "fail":
        raise WorkflowError("DECLINED", "no", retryable=False, details={"why": "x"})
    return {"ok": True}


@pytest.fixture(scope="module", params=LANGUAGES)
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    # the step `a` of `three` must not get the handler meant for `retried`
    other = retried()
    other["nodes"] = _other_executor(other["nodes"])
    executors = {"svc": {"add": add}, "other": {"add": slow_or_failing}}
    plans = (three_steps(), other)
    with serving(*plans, executors=executors, language=request.param) as server:
        yield server


def _other_executor(nodes: dict[str, Any]) -> dict[str, Any]:
    return {
        id: {**node, "executor": "other"} if node["kind"] == "call" else node
        for id, node in nodes.items()
    }


def start(
    http: httpx.Client, workflow: str = "three", wait: str = "10s", **body: Any
) -> Any:
    body.setdefault("input", {"n": 1})
    query = f"?wait={wait}" if wait else ""
    return http.post(f"/api/v2/workflows/{workflow}/execute{query}", json=body)


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert (body["status"], body["code"]) == (status, code)
    return body


def test_execute_waits_for_the_output(http: httpx.Client) -> None:
    response = start(http)
    assert response.status_code == 200
    body = response.json()
    assert body["status"] == "completed"
    assert body["output"] == {"n": 4}
    assert response.headers["location"] == f"/api/v2/executions/{body['execution_id']}"


def test_execute_without_wait_is_accepted(http: httpx.Client) -> None:
    response = start(http, wait="")
    assert response.status_code == 202
    run_id = response.json()["execution_id"]
    found = http.get(f"/api/v2/executions/{run_id}?wait=5s").json()
    assert found["status"] == "completed"
    assert found["input"] == {"n": 1}
    results = http.get(f"/api/v2/executions/{run_id}/results")
    assert (results.status_code, results.json()["output"]) == (200, {"n": 4})


def test_input_data_is_the_other_name_of_input(http: httpx.Client) -> None:
    url = "/api/v2/workflows/three/execute?wait=5s"
    response = http.post(url, json={"input_data": {"n": 5}, "priority": "high"})
    assert response.json()["output"] == {"n": 8}
    problem(http.post(url, json={"input": {}, "input_data": {}}), 400, "BAD_REQUEST")


def test_invalid_input_lists_every_path(http: httpx.Client) -> None:
    body = problem(start(http, input={"label": 1, "x": 2}), 422, "VALIDATION")
    assert {error["path"] for error in body["errors"]} == {"/n", "/label", "/x"} or (
        len(body["errors"]) == 3
    )


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"{", 400, "MFD001"),
        (b"[]", 400, "BAD_REQUEST"),
        (b'{"input":{"n":1,"n":2}}', 400, "MFD005"),
        (b'{"input":{"n":12345678901234567890}}', 400, "MFD002"),
        (b'{"input":"\\ud800"}', 400, "MFD004"),
        (b'{"inptu":1}', 400, "BAD_REQUEST"),
        (b'{"metadata":[]}', 400, "BAD_REQUEST"),
        (b'{"timeout_override":"soon"}', 400, "BAD_REQUEST"),
        (b'{"priority":"urgent"}', 400, "BAD_REQUEST"),
        (b'{"priority":true}', 400, "BAD_REQUEST"),
        (b'{"idempotency_key":""}', 400, "BAD_REQUEST"),
        (b'{"input":"' + b"x" * 1_100_000 + b'"}', 413, "TOO_LARGE"),
        (b"[" * 100_000, 400, "MFD006"),
        (b"\xff", 400, "MFD001"),
    ],
)
def test_bad_bodies_are_refused(
    http: httpx.Client, content: bytes, status: int, code: str
) -> None:
    url = "/api/v2/workflows/three/execute"
    problem(http.post(url, content=content), status, code)


def test_a_chunked_body_is_limited_too(http: httpx.Client) -> None:
    parts = (b"x" * 65536 for _ in range(40))
    response = http.post("/api/v2/workflows/three/execute", content=parts)
    problem(response, 413, "TOO_LARGE")


def test_unknown_things_are_not_found(http: httpx.Client) -> None:
    assert "did you mean" in problem(start(http, "thre"), 404, "NOT_FOUND")["detail"]
    for part in ("", "/results", "/steps", "/events", "/stream"):
        problem(http.get(f"/api/v2/executions/nobody{part}"), 404, "NOT_FOUND")
    problem(http.post("/api/v2/executions/nobody/cancel"), 404, "NOT_FOUND")
    problem(http.get("/api/v3"), 404, "NOT_FOUND")
    response = http.delete("/api/v2/workflows")
    problem(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "header", [None, "Bearer wrong", "Bearer", "Basic dGVzdA==", "test-token"]
)
def test_without_the_token_nothing_is_told(
    running: Running, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    with httpx.Client(base_url=running.url, headers=headers) as http:
        for path in ("/api/v2/executions", "/metrics", "/openapi.json", "/nowhere"):
            response = http.get(path)
            problem(response, 401, "UNAUTHORIZED")
            assert response.headers["www-authenticate"].startswith("Bearer")
        problem(start(http), 401, "UNAUTHORIZED")
        assert http.get("/health").json() == {"status": "ok"}
        assert http.get("/ready").json() == {"ready": True}


def test_lists_are_filtered_and_paged(http: httpx.Client) -> None:
    wanted = [start(http, foreign_id="page").json()["execution_id"] for _ in range(7)]
    seen: list[str] = []
    cursor = ""
    while True:
        url = f"/api/v2/executions?foreign_id=page&limit=3&cursor={cursor}"
        page = http.get(url).json()
        seen += [row["execution_id"] for row in page["executions"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == wanted[::-1]
    none = http.get("/api/v2/executions?status=failed&workflow=three").json()
    assert none["executions"] == []
    future = "/api/v2/executions?created_from=2999-01-01T00:00:00Z"
    assert http.get(future).json()["executions"] == []


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=x", "limit=501", "status=done", "cursor=%21", "wrong=1",
     "created_from=today", "created_to=2026-01-01"],
)  # fmt: skip
def test_bad_filters_are_refused(http: httpx.Client, query: str) -> None:
    problem(http.get(f"/api/v2/executions?{query}"), 400, "BAD_REQUEST")


def test_steps_and_events_tell_what_happened(http: httpx.Client) -> None:
    run_id = start(http).json()["execution_id"]
    steps = http.get(f"/api/v2/executions/{run_id}/steps").json()["steps"]
    assert [(s["step"], s["status"]) for s in steps] == [
        ("a", "completed"),
        ("b", "completed"),
        ("c", "completed"),
    ]
    rows: list[dict[str, Any]] = []
    cursor = ""
    while True:
        url = f"/api/v2/executions/{run_id}/events?limit=2&cursor={cursor}"
        page = http.get(url).json()
        rows += page["events"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [row["n"] for row in rows] == list(range(1, len(rows) + 1))
    assert rows[0]["type"] == "run_started"
    assert rows[-1]["type"] == "run_completed"


def test_a_stream_follows_a_run_and_can_be_taken_up(http: httpx.Client) -> None:
    run_id = start(http, wait="").json()["execution_id"]
    url = f"/api/v2/executions/{run_id}/stream"
    text = http.get(url).text
    ids = [int(line[4:]) for line in text.splitlines() if line.startswith("id: ")]
    assert ids == list(range(1, len(ids) + 1))
    assert "event: run_completed" in text
    rest = http.get(url, headers={"Last-Event-ID": "3"}).text
    later = [int(line[4:]) for line in rest.splitlines() if line.startswith("id: ")]
    assert later == ids[3:]


def test_cancel_pause_resume(http: httpx.Client) -> None:
    run_id = start(http, "retried", wait="", input={"mode": "hang"}).json()[
        "execution_id"
    ]
    assert http.post(f"/api/v2/executions/{run_id}/pause").json()["status"] == "paused"
    problem(http.post(f"/api/v2/executions/{run_id}/pause"), 409, "ALREADY_PAUSED")
    assert http.post(f"/api/v2/executions/{run_id}/resume").status_code == 202
    assert http.post(f"/api/v2/executions/{run_id}/cancel").status_code == 202
    ended = http.get(f"/api/v2/executions/{run_id}?wait=5s").json()
    assert ended["status"] == "cancelled"
    assert ended["output"] is None
    problem(http.post(f"/api/v2/executions/{run_id}/cancel"), 409, "RUN_ENDED")
    problem(http.post(f"/api/v2/executions/{run_id}/pause"), 409, "RUN_ENDED")


def test_a_failed_run_says_why_and_can_be_retried(http: httpx.Client) -> None:
    body = start(http, "retried", input={"mode": "fail"}).json()
    assert body["status"] == "failed"
    assert body["error"]["code"] == "DECLINED"
    assert body["error"]["details"] == {"why": "x"}
    again = http.post(f"/api/v2/executions/{body['execution_id']}/retry")
    assert again.status_code == 202
    new = again.json()
    assert new["retry_of"] == body["execution_id"]
    fine = start(http).json()["execution_id"]
    problem(http.post(f"/api/v2/executions/{fine}/retry"), 409, "CONFLICT")


def test_an_idempotency_key_gives_the_same_run(http: httpx.Client) -> None:
    first = start(http, idempotency_key="once").json()
    again = start(http, idempotency_key="once", input={"n": 9}).json()
    assert again["execution_id"] == first["execution_id"]
    assert again["output"] == first["output"]


def test_a_deleted_run_is_gone(http: httpx.Client) -> None:
    run_id = start(http).json()["execution_id"]
    assert http.delete(f"/api/v2/executions/{run_id}").status_code == 204
    problem(http.get(f"/api/v2/executions/{run_id}"), 404, "NOT_FOUND")
    hanging = start(http, "retried", wait="", input={"mode": "hang"}).json()
    problem(
        http.delete(f"/api/v2/executions/{hanging['execution_id']}"), 409, "CONFLICT"
    )
    http.post(f"/api/v2/executions/{hanging['execution_id']}/cancel")


def test_workflow_init_events_start_runs(http: httpx.Client) -> None:
    event = {
        "workflow_name": "three",
        "initial_data": {"n": 2},
        "source": "shop",
        "timestamp": "2026-01-01T00:00:00Z",
    }
    response = http.post("/api/v2/workflow-events", json=event)
    assert response.status_code == 202
    problem(http.post("/api/v2/workflow-events", json={}), 400, "BAD_REQUEST")


def test_health_metrics_and_description(http: httpx.Client) -> None:
    start(http)
    health = http.get("/health").json()
    assert health["engine"] == "open"
    workflows = http.get("/health/workflow").json()["workflows"]
    assert {w["workflow"] for w in workflows} == {"three", "retried"}
    metrics = http.get("/metrics").text
    assert 'magicflow_runs_started_total{workflow="three"}' in metrics
    assert "magicflow_run_duration_seconds_bucket" in metrics
    document = http.get("/openapi.json").json()
    assert "/api/v2/workflows/three/execute" in document["paths"]
    from openapi_spec_validator import validate

    validate(document)
    assert http.get("/api/v2/workflows").json()["workflows"][0]["name"] == "retried"
    assert http.get("/api/v2/workflows/three").json()["plan"]["hash"]


def test_version_one_has_the_first_shapes(http: httpx.Client) -> None:
    body = {"input": {"n": 1}, "metadata": {"source": "web"}}
    started = http.post("/api/v1/workflows/three/execute", json=body)
    assert started.status_code == 202
    view = started.json()
    assert view["workflow_id"] == "three"
    assert {"execution_id", "status", "created_at", "tracking_url"} <= set(view)
    run_id = view["execution_id"]
    http.get(f"/api/v2/executions/{run_id}?wait=5s")
    assert http.get(f"/api/v1/executions/{run_id}").json()["status"] == "completed"
    assert http.get(f"/api/v1/executions/{run_id}/results").json()["output"] == {"n": 4}
    assert http.get("/api/v1/workflows/three/metrics").json()["success_rate"] == 1
    assert "run_completed" in http.get(f"/api/v1/executions/{run_id}/stream").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_under_load_a_start_is_told_when_to_come_again(language: str) -> None:
    plans = (three_steps(),)
    with serving(*plans, language=language, max_waiting_writes=0) as running:
        url = f"{running.url}/api/v2/workflows/three/execute"
        response = httpx.post(url, json={"input": {"n": 1}}, headers=running.headers)
        problem(response, 429, "OVERLOADED")
        assert int(response.headers["retry-after"]) >= 1
        metrics = httpx.get(f"{running.url}/metrics", headers=running.headers).text
        assert "magicflow_overloaded_total 1" in metrics
