"""Bad input on every surface that acts on a run: a clear error, nothing lost, and the
run as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.runtime.plans import call, lit, obj, path, plan
from tests.runtime.serving import LANGUAGES, Running, serving

Json = dict[str, Any]
FORM = {
    "kind": "object",
    "name": {"words": ["form"]},
    "extra": {"allow": "forbid"},
    "fields": {"ok": {"type": {"type": "boolean"}, "required": True}},
}
TASK = {
    "kind": "listen",
    "event": "@task",
    "correlate": {},
    "type": {"type": "form"},
    "task": {"assignee": lit("ann")},
}
ASKS = plan({"h": TASK}, ["h"], name="asks", types={"form": FORM})
LISTENS = plan(
    {
        "l": {
            "kind": "listen",
            "event": "paid",
            "correlate": {"order": path("input", "order")},
            "type": {"type": "form"},
        }
    },
    ["l"],
    name="listens",
    types={"form": FORM},
    events={"paid": {"name": "paid", "type": {"type": "form"}, "listens": True}},
)
TRIGGERED = plan(
    {"a": call("add")},
    ["a"],
    name="triggered",
    triggers=[
        {
            "type": "event",
            "event": "ordered",
            "input": obj(n=path("event", "data", "n")),
        }
    ],
)
DEEP = "[" * 5_000 + "]" * 5_000
BODIES: list[tuple[str, bytes]] = [
    ("nothing", b""),
    ("half", b'{"a": '),
    ("a list", b"[]"),
    ("a text", b'"x"'),
    ("a number", b"5"),
    ("null", b"null"),
    ("not UTF-8", b'{"by": "\xff"}'),
    ("twice", b'{"data": 1, "data": 2}'),
    ("no number", b'{"data": NaN}'),
    ("beyond a double", b'{"data": 1e999}'),
    ("too deep", b'{"data": ' + DEEP.encode() + b"}"),
    ("unknown member", b'{"surprise": 1}'),
    ("wrong types", b'{"data": [], "by": 5, "event": 7, "event_id": [], "reason": {}}'),
    ("a lone surrogate", b'{"by": "\\ud800", "reason": "\\ud800", "event": "\\ud800"}'),
]


@pytest.fixture(scope="module", params=LANGUAGES)
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    plans = (ASKS, LISTENS, TRIGGERED)
    with serving(*plans, language=request.param) as server:
        yield server


@pytest.fixture
def http(running: Running) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=running.url, headers=running.headers, timeout=20
    ) as http:
        yield http


def start(http: httpx.Client, workflow: str) -> str:
    body = {"input": {"order": "o"}}
    answer = http.post(f"/api/v2/workflows/{workflow}/execute", json=body)
    run_id: str = answer.json()["execution_id"]
    return run_id


def picture(http: httpx.Client, run_id: str) -> Any:
    """All that can be seen of a run."""
    url = f"/api/v2/executions/{run_id}"
    parts = (url, f"{url}/steps", f"{url}/events")
    return [http.get(part).json() for part in parts]


def refused(answer: httpx.Response) -> None:
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:300])
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["code"] and body["detail"]


@pytest.mark.parametrize(("name", "body"), BODIES, ids=[name for name, _ in BODIES])
@pytest.mark.parametrize("what", ["claim", "complete"])
def test_human_tasks(http: httpx.Client, what: str, name: str, body: bytes) -> None:
    run_id = start(http, "asks")
    (task,) = http.get(f"/api/v2/human-tasks?execution_id={run_id}").json()["tasks"]
    before = picture(http, run_id)
    refused(http.post(f"/api/v2/human-tasks/{task['id']}/{what}", content=body))
    assert picture(http, run_id) == before
    assert http.get(f"/api/v2/human-tasks?execution_id={run_id}").json()["tasks"] == [
        task
    ]


@pytest.mark.parametrize(("name", "body"), BODIES, ids=[name for name, _ in BODIES])
def test_events_for_a_run(http: httpx.Client, name: str, body: bytes) -> None:
    run_id = start(http, "listens")
    before = picture(http, run_id)
    refused(http.post(f"/api/v2/executions/{run_id}/events", content=body))
    assert picture(http, run_id) == before


@pytest.mark.parametrize(("name", "body"), BODIES, ids=[name for name, _ in BODIES])
def test_cloud_events_and_triggers(http: httpx.Client, name: str, body: bytes) -> None:
    count = "/api/v2/executions?workflow=triggered"
    before = http.get(count).json()
    refused(http.post("/api/v2/events", content=body))
    assert http.get(count).json() == before


def test_data_that_does_not_fit_an_event(http: httpx.Client) -> None:
    run_id = start(http, "listens")
    before = picture(http, run_id)
    url = f"/api/v2/executions/{run_id}/events"
    answer = http.post(url, json={"event": "paid", "data": {"ok": "yes"}})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "/ok"
    large = {"event": "paid", "data": {"ok": "x" * 400_000}}
    assert http.post(url, json=large).status_code in (413, 422)
    assert picture(http, run_id) == before


BAD_CANCELS = [(n, b) for n, b in BODIES if n not in ("nothing", "null")]


@pytest.mark.parametrize(
    ("name", "body"), BAD_CANCELS, ids=[name for name, _ in BAD_CANCELS]
)
def test_cancel(http: httpx.Client, name: str, body: bytes) -> None:
    run_id = start(http, "asks")
    before = picture(http, run_id)
    refused(http.post(f"/api/v2/executions/{run_id}/cancel", content=body))
    assert picture(http, run_id) == before


@pytest.mark.parametrize("what", ["resume", "retry"])
def test_what_the_state_of_a_run_does_not_allow(http: httpx.Client, what: str) -> None:
    run_id = start(http, "asks")
    before = picture(http, run_id)
    answer = http.post(f"/api/v2/executions/{run_id}/{what}")
    refused(answer)
    assert answer.status_code == 409
    assert picture(http, run_id) == before


def test_a_run_that_is_open_is_not_deleted(http: httpx.Client) -> None:
    run_id = start(http, "asks")
    before = picture(http, run_id)
    answer = http.delete(f"/api/v2/executions/{run_id}")
    refused(answer)
    assert answer.status_code == 409
    assert picture(http, run_id) == before


def test_a_run_that_is_paused_already(http: httpx.Client) -> None:
    run_id = start(http, "asks")
    assert http.post(f"/api/v2/executions/{run_id}/pause").status_code == 202
    before = picture(http, run_id)
    refused(http.post(f"/api/v2/executions/{run_id}/pause"))
    assert picture(http, run_id) == before


@pytest.mark.parametrize(
    "id", ["nobody", "a:b", "%00", "..%2f..%2fetc", "x" * 3_000, "%F0%9F%98%80", "'--"]
)
@pytest.mark.parametrize(
    "action", ["cancel", "pause", "resume", "retry", "events", None, "delete"]
)
def test_ids_that_nobody_has(http: httpx.Client, action: str | None, id: str) -> None:
    url = f"/api/v2/executions/{id}"
    if action == "delete":
        answer = http.delete(url)
    elif action is None:
        answer = http.get(url)
    else:
        body = {"event": "paid", "data": {"ok": True}} if action == "events" else {}
        answer = http.post(f"{url}/{action}", json=body)
    refused(answer)


@pytest.mark.parametrize("id", ["nobody", "nobody:h", ":", "a:b:c", "%00:h"])
@pytest.mark.parametrize("what", ["claim", "complete"])
def test_human_tasks_that_are_not_there(http: httpx.Client, what: str, id: str) -> None:
    body = {"by": "ann"} if what == "claim" else {"data": {"ok": True}}
    refused(http.post(f"/api/v2/human-tasks/{id}/{what}", json=body))
