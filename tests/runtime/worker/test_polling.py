"""A worker in a thread of its own against a real server, over HTTP."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from magicflow.client import Client
from magicflow.worker import (
    RegistrationError,
    Signature,
    TaskContext,
    Worker,
    WorkflowError,
)

from tests.runtime.plans import call, path, plan, retried, three_steps
from tests.runtime.serving import LANGUAGES, Running, serving


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """Whose server."""
    return str(request.param)


@contextmanager
def working(
    running: Running, handlers: dict[str, Any], **options: Any
) -> Iterator[Worker]:
    worker = Worker("svc", running.url, running.token, drain=1, **options)
    for name, function in handlers.items():
        worker.register_function(name, function)
    loops: list[asyncio.AbstractEventLoop] = []

    async def main() -> None:
        loops.append(asyncio.get_running_loop())
        await worker.run()

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    while not loops:
        time.sleep(0.001)
    try:
        yield worker
    finally:
        loops[0].call_soon_threadsafe(worker.stop)
        thread.join(10)
        assert not thread.is_alive()


def add_one(input: dict[str, int]) -> dict[str, int]:
    return {"n": input["n"] + 1}


def test_a_polling_worker_does_the_steps(language: str) -> None:
    with (
        serving(three_steps(), language=language) as running,
        Client(running.url, running.token) as client,
        working(running, {"add": add_one}, health_port=0) as worker,
    ):
        for n in range(20):
            assert client.execute("three", {"n": n}) == {"n": n + 3}
        assert worker._health is not None and worker._health.address is not None
        host, port = worker._health.address
        health = httpx.get(f"http://{host}:{port}/health")
        assert (health.status_code, health.json()["connected"]) == (200, True)
        steps = httpx.get(f"http://{host}:{port}/health/workflow").json()
        assert steps["steps"]["a"]["completed"] == 20
        assert httpx.get(f"http://{host}:{port}/x").status_code == 404
        assert httpx.post(f"http://{host}:{port}/health").status_code == 405


def test_errors_of_a_worker_reach_the_run(language: str) -> None:
    async def declines(context: TaskContext, input: Any) -> Any:
        assert context.delivery == 1
        raise WorkflowError("DECLINED", "no", retryable=False, details={"a": 1})

    with (
        serving(retried(), language=language) as running,
        working(running, {"add": declines}),
        Client(running.url, running.token) as client,
    ):
        ended = client.wait(client.start("retried").id)
        assert ended.status == "failed"
        assert ended.error is not None
        assert ended.error["code"] == "DECLINED"
        assert ended.error["details"] == {"a": 1}


def test_a_result_that_is_too_large_holds_up_no_other(language: str) -> None:
    """Six results come at once; one is more than a report may have. It fails its attempt
    and the others count, all at their first delivery."""
    calls: list[int] = []
    together = threading.Barrier(6)

    def work(input: dict[str, int]) -> dict[str, Any]:
        calls.append(input["n"])
        together.wait(10)
        return {"n": 1, "text": "x" * (5_000_000 if input["n"] == 3 else 100)}

    one = plan({"a": call("work", input=path("input"))}, ["a"], name="one")
    with (
        serving(one, language=language, lease=30.0) as running,
        Client(running.url, running.token) as client,
        working(running, {"work": work}),
    ):
        runs = [client.start("one", {"n": n}) for n in range(6)]
        ended = [client.wait(run.id, 10) for run in runs]
        assert [run.status for run in ended].count("completed") == 5
        assert ended[3].error is not None
        assert ended[3].error["code"] == "LIMIT"
    assert sorted(calls) == list(range(6))


def test_a_task_without_a_worker_waits_and_health_names_it(language: str) -> None:
    with (
        serving(three_steps(), language=language) as running,
        Client(running.url, running.token) as client,
    ):
        started = client.start("three", {"n": 1})
        health = client.health()
        assert health["status"] == "degraded"
        assert health["executors_without_workers"] == ["svc"]
        with working(running, {"add": add_one}):
            assert client.result(started.id) == {"n": 4}


def poll(http: httpx.Client, wait_ms: int = 0) -> list[dict[str, Any]]:
    body = {"executors": ["svc"], "max_tasks": 10, "wait_ms": wait_ms, "worker_id": "t"}
    tasks: list[dict[str, Any]] = http.post("/api/v2/tasks/poll", json=body).json()[
        "tasks"
    ]
    return tasks


def report(
    http: httpx.Client, task: dict[str, Any], what: str, **body: Any
) -> httpx.Response:
    token = {"attempt": task["attempt"], "delivery": task["delivery"]}
    return http.post(f"/api/v2/tasks/{task['id']}/{what}", json={**token, **body})


def test_a_late_result_is_refused_and_counted(language: str) -> None:
    with (
        serving(three_steps(), lease=0.15, language=language) as running,
        httpx.Client(base_url=running.url, headers=running.headers) as http,
        Client(running.url, running.token) as client,
    ):
        started = client.start("three", {"n": 1})
        (first,) = poll(http, 1000)
        (second,) = poll(http, 2000)
        assert (first["delivery"], second["delivery"]) == (1, 2)
        assert first["attempt"] == second["attempt"] == 1
        assert first["idempotency_key"] == second["idempotency_key"]
        late = report(http, first, "complete", output={"n": 50})
        assert (late.status_code, late.json()["code"]) == (409, "STALE")
        assert report(http, first, "heartbeat").status_code == 409
        assert report(http, second, "heartbeat").json() == {
            "cancel": False,
            "reason": None,
        }
        assert report(http, second, "complete", output={"n": 2}).status_code == 200
        for _ in range(5):
            assert report(http, second, "complete", output={"n": 9}).status_code == 409
        with working(running, {"add": add_one}):
            assert client.result(started.id) == {"n": 4}
        assert "magicflow_stale_reports 7" in http.get("/metrics").text


def test_heartbeats_prolong_a_lease(language: str) -> None:
    with (
        serving(three_steps(), lease=0.2, language=language) as running,
        httpx.Client(base_url=running.url, headers=running.headers) as http,
        Client(running.url, running.token) as client,
    ):
        client.start("three", {"n": 1})
        (task,) = poll(http, 1000)
        for _ in range(5):
            time.sleep(0.1)
            assert report(http, task, "heartbeat").status_code == 200
        assert poll(http) == []
        assert report(http, task, "complete", output={"n": 2}).status_code == 200


def test_after_five_deliveries_the_attempt_is_unavailable(language: str) -> None:
    with (
        serving(three_steps(), lease=0.05, language=language) as running,
        httpx.Client(base_url=running.url, headers=running.headers) as http,
        Client(running.url, running.token) as client,
    ):
        started = client.start("three", {"n": 1})
        deliveries = [poll(http, 2000)[0]["delivery"] for _ in range(5)]
        assert deliveries == [1, 2, 3, 4, 5]
        ended = client.wait(started.id)
        assert ended.status == "failed"
        assert ended.error is not None and ended.error["code"] == "UNAVAILABLE"


def test_a_cancelled_run_cancels_the_worker_s_task(language: str) -> None:
    cancelled = threading.Event()

    async def hangs(context: TaskContext, input: Any) -> Any:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    with (
        serving(retried(), lease=0.3, language=language) as running,
        working(running, {"add": hangs}) as worker,
        Client(running.url, running.token) as client,
    ):
        started = client.start("retried")
        while not worker.running:
            time.sleep(0.005)
        client.cancel(started.id)
        assert client.wait(started.id, timeout=5).status == "cancelled"
        assert cancelled.wait(2)


def test_a_function_that_nobody_has_is_unavailable(language: str) -> None:
    with (
        serving(
            plan({"a": call("nobodyHasIt")}, ["a"], name="one"), language=language
        ) as running,
        working(running, {"add": add_one}),
        Client(running.url, running.token) as client,
    ):
        ended = client.wait(client.start("one").id)
        assert ended.error is not None and ended.error["code"] == "UNAVAILABLE"


def test_a_bad_report_is_refused(language: str) -> None:
    with (
        serving(three_steps(), language=language) as running,
        httpx.Client(base_url=running.url, headers=running.headers) as http,
    ):
        for body in ({}, {"attempt": 1}, {"attempt": True, "delivery": 1}):
            answer = http.post("/api/v2/tasks/r:t/complete", json=body)
            assert answer.status_code == 400
        token = {"attempt": 1, "delivery": 1}
        assert http.post("/api/v2/tasks/r:t/complete", json=token).status_code == 409
        assert http.post("/api/v2/tasks/r:t/fail", json=token).status_code == 400
        assert (
            http.post("/api/v2/tasks/rt/fail", json={**token, "error": {}}).status_code
            == 404
        )
        assert (
            http.post("/api/v2/tasks/poll", json={"executors": []}).status_code == 400
        )
        body = {
            "results": [5, {"id": "r:t", **token}],
            "heartbeats": [{"id": "r:t", **token}],
        }
        answers = http.post("/api/v2/tasks/report", json=body).json()
        assert [a["status"] for a in answers["results"]] == [400, 409]
        assert [a["status"] for a in answers["heartbeats"]] == [409]


def test_a_worker_needs_all_its_handlers() -> None:
    worker = Worker("svc", signatures={"a": Signature("doA")})
    with pytest.raises(RegistrationError, match="lacks `a`"):
        worker.start()


def test_a_worker_waits_for_its_server(language: str) -> None:
    with serving(three_steps(), language=language) as running:
        host = running.url
    # nobody listens there any more
    with working(Running(None, None, host), {"add": add_one}) as worker:
        time.sleep(0.2)
        assert not worker.connected


def test_messages_have_the_shape_of_the_schema(language: str) -> None:
    import json
    from pathlib import Path

    import jsonschema
    from magicflow.worker.wire import outcome_of, result_message, task_of

    root = Path(__file__).parents[3]
    schema = json.loads((root / "schemas/messages.schema.json").read_text())

    def check(name: str, message: Any) -> None:
        jsonschema.validate(
            message, {**schema, "$ref": f"#/$defs/{name}", "oneOf": [{}]}
        )

    with (
        serving(three_steps(), language=language) as running,
        httpx.Client(base_url=running.url, headers=running.headers) as http,
        Client(running.url, running.token) as client,
    ):
        started = client.start("three", {"n": 1})
        (message,) = poll(http, 1000)
        check("TaskMessage", message)
        assert (message["workflow_id"], message["step_id"]) == ("three", "a")
        assert message["context"] == {"n": 1}
        task = task_of(message)
        result = result_message(task, {"output": {"n": 2}}, 5)
        check("ResultMessage", result)
        error = {"error": {"code": "X", "message": "m"}}
        check("ResultMessage", result_message(task, error, 5))
        assert outcome_of(result) == {"output": {"n": 2}}
        answer = http.post(f"/api/v2/tasks/{message['id']}/complete", json=result)
        assert answer.status_code == 200
        client.cancel(started.id)
