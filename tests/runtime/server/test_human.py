"""Human tasks, events and streams over REST; the server as a process."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.languages import need
from tests.runtime.faults.processes import SERVERS, Place, command_of
from tests.runtime.faults.rounds import verify
from tests.runtime.plans import lit, path, plan, step_output
from tests.runtime.serving import LANGUAGES, Running, serving

FORM = {
    "kind": "object",
    "name": {"words": ["form"]},
    "extra": {"allow": "forbid"},
    "fields": {"ok": {"type": {"type": "boolean"}, "required": True}},
}
ASKS = plan(
    {
        "h": {
            "kind": "listen",
            "event": "@task",
            "correlate": {},
            "type": {"type": "form"},
            "task": {"assignee": lit("ann"), "title": lit("Approve?")},
            "timeout": 3_600_000,
        }
    },
    ["h"],
    name="asks",
    output=step_output("h"),
    types={"form": FORM},
)
LISTENS = plan(
    {
        "l": {
            "kind": "listen",
            "event": "paid",
            "correlate": {"order": path("input", "order")},
            "type": {"type": "any"},
        }
    },
    ["l"],
    name="listens",
    output=step_output("l"),
    events={"paid": {"name": "paid", "type": {"type": "any"}, "listens": True}},
)


@pytest.fixture(scope="module", params=LANGUAGES)
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    with serving(ASKS, LISTENS, language=request.param) as server:
        yield server


@pytest.fixture
def http(running: Running) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=running.url, headers=running.headers, timeout=10
    ) as http:
        yield http


def start(http: httpx.Client, workflow: str, **input: Any) -> str:
    body = {"input": input}
    answer = http.post(f"/api/v2/workflows/{workflow}/execute", json=body)
    run_id: str = answer.json()["execution_id"]
    return run_id


def test_a_human_task_is_listed_claimed_and_completed(http: httpx.Client) -> None:
    run_id = start(http, "asks")
    (task,) = http.get(f"/api/v2/human-tasks?execution_id={run_id}").json()["tasks"]
    assert (task["assignee"], task["title"], task["step"]) == ("ann", "Approve?", "h")
    assert "due" in task
    assert http.get("/api/v2/human-tasks?assignee=bob").json()["tasks"] == []
    url = f"/api/v2/human-tasks/{task['id']}"
    assert http.post(f"{url}/claim", json={"by": "ann"}).json()["claimed_by"] == "ann"
    assert http.post(f"{url}/claim", json={"by": "ann"}).status_code == 200
    assert http.post(f"{url}/claim", json={"by": "bob"}).status_code == 409
    bad = http.post(f"{url}/complete", json={"data": {"ok": 1}})
    assert bad.status_code == 422
    assert bad.json()["errors"][0]["path"] == "/ok"
    done = http.post(f"{url}/complete", json={"data": {"ok": True}, "by": "ann"})
    assert done.status_code == 202
    ended = http.get(f"/api/v2/executions/{run_id}?wait=5s").json()
    assert ended["output"] == {"ok": True}
    assert http.post(f"{url}/complete", json={"data": {"ok": True}}).status_code == 404


def only_task(http: httpx.Client, run_id: str) -> str:
    (task,) = http.get(f"/api/v2/human-tasks?execution_id={run_id}").json()["tasks"]
    return f"/api/v2/human-tasks/{task['id']}"


def test_of_many_who_claim_at_once_one_has_the_task(http: httpx.Client) -> None:
    for _ in range(5):
        url = only_task(http, start(http, "asks"))
        with ThreadPoolExecutor(8) as people:
            claims = [
                people.submit(http.post, f"{url}/claim", json={"by": f"p{n}"})
                for n in range(8)
            ]
            answers = [claim.result() for claim in claims]
        won = [a.json()["claimed_by"] for a in answers if a.status_code == 200]
        assert len(won) == 1
        assert sum(a.status_code == 409 for a in answers) == 7
        again = http.post(f"{url}/claim", json={"by": won[0]})
        assert again.json()["claimed_by"] == won[0]


def test_who_has_not_claimed_a_task_does_not_complete_it(http: httpx.Client) -> None:
    run_id = start(http, "asks")
    url = only_task(http, run_id)
    assert http.post(f"{url}/claim", json={"by": "ann"}).status_code == 200
    refused = http.post(f"{url}/complete", json={"data": {"ok": True}, "by": "bob"})
    assert (refused.status_code, refused.json()["code"]) == (409, "CONFLICT")
    assert only_task(http, run_id) == url
    done = http.post(f"{url}/complete", json={"data": {"ok": True}, "by": "ann"})
    assert done.status_code == 202
    assert http.post(f"{url}/claim", json={"by": "ann"}).status_code == 404


def test_signals_and_published_events(http: httpx.Client) -> None:
    one, two = start(http, "listens", order="o1"), start(http, "listens", order="o2")
    url = f"/api/v2/executions/{one}/events"
    assert http.post(url, json={"data": 1}).status_code == 400
    assert http.post(url, json={"event": "nobodysEvent"}).status_code == 404
    answer = http.post(url, json={"event": "paid", "data": {"order": "o1"}})
    assert answer.status_code == 202
    assert http.get(f"/api/v2/executions/{one}?wait=5s").json()["status"] == "completed"
    late = http.post(url, json={"event": "paid", "data": {"order": "o1"}})
    assert late.json()["code"] == "RUN_ENDED"
    event = {"specversion": "1.0", "type": "paid", "data": {"order": "o2"}}
    reached = http.post("/api/v2/events", json=event).json()
    assert reached["executions"] == [two]
    assert http.post("/api/v2/events", json={"type": 5}).status_code == 400


def test_a_delayed_start_is_queued(http: httpx.Client) -> None:
    body = {"input": {"order": "x"}, "delay": "1h"}
    answer = http.post("/api/v2/workflows/listens/execute", json=body)
    assert answer.json()["status"] == "queued"
    run_id = answer.json()["execution_id"]
    assert http.get(f"/api/v2/executions/{run_id}").json()["status"] == "queued"
    queued = http.get("/api/v2/executions?status=queued").json()["executions"]
    assert run_id in [row["execution_id"] for row in queued]
    http.post(f"/api/v2/executions/{run_id}/cancel")
    bad = {"input": {}, "delay": "soon"}
    url = "/api/v2/workflows/listens/execute"
    assert http.post(url, json=bad).status_code == 400


@pytest.fixture(params=SERVERS)
def language(request: pytest.FixtureRequest) -> str:
    """Of a server that is a process of its own."""
    if request.param == "go":
        need("go")
    command_of(request.param)
    made: str = request.param
    return made


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_and_ends_the_server(
    tmp_path: Path, number: int, language: str
) -> None:
    place = Place(tmp_path, language)
    server = place.start()
    with httpx.Client(base_url=place.url, timeout=10) as http:
        body = {"input": {"n": 1}}
        run_id = http.post("/api/v2/workflows/three/execute", json=body).json()
        assert http.get("/ready").json() == {"ready": True}
        started = time.monotonic()
        assert server.end(number) == 0
        assert time.monotonic() - started < 8
    server = place.start()
    with httpx.Client(base_url=place.url, timeout=10) as http:
        path = f"/api/v2/executions/{run_id['execution_id']}?wait=5s"
        assert http.get(path).json()["status"] == "completed"
        assert server.end(number) == 0


def test_a_drain_lets_work_end(tmp_path: Path, language: str) -> None:
    """What is at work when the signal comes ends, and its result is kept."""
    place = Place(tmp_path, language)
    server = place.start()
    with httpx.Client(base_url=place.url, timeout=10) as http:
        body = {"input": {"n": 1, "ms": 1_000}}
        run_id = http.post("/api/v2/workflows/slow/execute", json=body).json()
    started = time.monotonic()
    assert server.end() == 0
    assert time.monotonic() - started > 0.5
    assert len(place.effects.read_text().splitlines()) == 1
    assert verify(place, {"k": run_id["execution_id"]}) == 1


def test_a_second_signal_ends_at_once(tmp_path: Path, language: str) -> None:
    place = Place(tmp_path, language)
    server = place.start()
    with httpx.Client(base_url=place.url, timeout=None) as http:
        body = {"input": {"n": 1, "ms": 8_000}}
        http.post("/api/v2/workflows/slow/execute", json=body)
        # the step would hold the drain up
        started = time.monotonic()
        server.process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert server.alive
        assert server.end(signal.SIGINT) == 130
        assert time.monotonic() - started < 5


def test_who_waits_when_the_server_stops_is_answered(
    tmp_path: Path, language: str
) -> None:
    place = Place(tmp_path, language)
    server = place.start("--remote")
    found: list[httpx.Response] = []

    def wait() -> None:
        body = {"input": {"n": 1}}
        url = f"{place.url}/api/v2/workflows/three/execute?wait=30s"
        found.append(httpx.post(url, json=body, timeout=40))

    def follow() -> None:
        url = f"{place.url}/api/v2/executions"
        while not (rows := httpx.get(url, timeout=10).json()["executions"]):
            time.sleep(0.01)
        path = f"{url}/{rows[0]['execution_id']}/stream"
        found.append(httpx.get(path, timeout=40))

    threads = [threading.Thread(target=call) for call in (wait, follow)]
    for thread in threads:
        thread.start()
    time.sleep(1.5)
    started = time.monotonic()
    assert server.end(signal.SIGTERM) == 0
    for thread in threads:
        thread.join(10)
    assert time.monotonic() - started < 8
    answers = {response.status_code: response for response in found}
    assert answers[202].json()["status"] in ("running", "waiting")
    assert "event: run_started" in answers[200].text
