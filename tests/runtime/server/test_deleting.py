"""Deleting a run: what it was given on any way, also what its child runs were, is gone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from magicflow.worker import WorkflowError

from tests.runtime.plans import call, path, plan
from tests.runtime.serving import LANGUAGES, serving

CANARY = "canary-b41d77a0"
ANY = {"type": "any"}
CHILD = plan(
    {
        "ask": {
            "kind": "listen",
            "event": "@task",
            "correlate": {},
            "type": ANY,
            "task": {"title": path("input", "label")},
        },
        "heard": {"kind": "listen", "event": "told", "correlate": {}, "type": ANY},
        "echo": call("echo"),
        "fails": call("fails"),
    },
    ["ask", "heard", "echo", "fails"],
    name="child",
    events={"told": {"name": "told", "type": ANY, "listens": True}},
)
PARENT = plan(
    {
        "sub": {
            "kind": "sub",
            "workflow": "child",
            "version": "*",
            "input": path("input"),
        }
    },
    ["sub"],
    name="parent",
)


async def echo(input: Any) -> Any:
    return {"echo": input}


async def fails(input: Any) -> Any:
    raise WorkflowError("NO", f"not with {input['label']}", retryable=False)


@pytest.fixture(params=LANGUAGES)
def http(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[httpx.Client]:
    with (
        serving(
            *(CHILD, PARENT),
            handlers={"echo": echo, "fails": fails},
            language=request.param,
            database=tmp_path / "runs.db",
        ) as running,
        httpx.Client(base_url=running.url, headers=running.headers, timeout=20) as http,
    ):
        yield http


def start(http: httpx.Client) -> tuple[str, str]:
    """A parent and its child, which asks somebody."""
    url = "/api/v2/workflows/parent/execute"
    answer = http.post(url, json={"input": {"label": CANARY}})
    run_id: str = answer.json()["execution_id"]
    while not (tasks := http.get("/api/v2/human-tasks").json()["tasks"]):
        time.sleep(0.02)
    return run_id, tasks[0]["execution_id"]


def found(folder: Path) -> list[str]:
    files = [file for file in folder.iterdir() if file.is_file()]
    return [file.name for file in files if CANARY.encode() in file.read_bytes()]


def test_what_a_child_was_given_goes_with_its_parent(
    http: httpx.Client, tmp_path: Path
) -> None:
    run_id, child = start(http)
    url = f"/api/v2/executions/{child}"
    event = {"event": "told", "data": {"text": CANARY}}
    assert http.post(f"{url}/events", json=event).status_code == 202
    answer = {"data": {"note": CANARY}, "by": CANARY}
    assert http.post(
        f"/api/v2/human-tasks/{child}:ask/complete", json=answer
    ).is_success
    ended = http.get(f"/api/v2/executions/{run_id}?wait=20s").json()
    assert (ended["status"], ended["error"]["code"]) == ("failed", "NO")
    assert found(tmp_path)
    assert http.delete(f"/api/v2/executions/{run_id}").status_code == 204
    assert http.get(url).status_code == 404
    assert http.get("/api/v2/executions").json()["executions"] == []
    assert found(tmp_path) == []


def test_a_run_is_kept_while_a_child_of_it_has_not_ended(http: httpx.Client) -> None:
    run_id, child = start(http)
    url = f"/api/v2/executions/{run_id}"
    assert http.delete(url).status_code == 409
    assert http.post(f"{url}/cancel").status_code == 202
    assert http.get(f"{url}?wait=20s").json()["status"] == "cancelled"
    assert http.delete(url).status_code == 204
    assert http.get(f"/api/v2/executions/{child}").status_code == 404


def test_a_child_alone_may_be_deleted_before(http: httpx.Client) -> None:
    run_id, child = start(http)
    url = f"/api/v2/executions/{run_id}"
    assert http.post(f"{url}/cancel").status_code == 202
    assert http.get(f"{url}?wait=20s").json()["status"] == "cancelled"
    assert http.delete(f"/api/v2/executions/{child}").status_code == 204
    assert http.delete(url).status_code == 204
