"""Server in Python, executor in Go, clients in both: a run means the same as with an
executor in Python."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from magicflow.client import Client

from tests.e2e.mixed.cases import CASES, USER, USER_SCRIPT, Case
from tests.e2e.mixed.programs import Driver, environment, python_executors, working
from tests.runtime.serving import Running, serving

Json = dict[str, Any]


def _told(client: Client, id: str) -> Json:
    """What a client can know of a run, ids and times aside."""
    run = client.wait(id, 20)
    steps = {
        row["step"]: (row["status"], row["attempts"], row.get("output"))
        for row in client.steps(id)
    }
    error = run.error or {}
    return {
        "status": run.status,
        "output": run.output,
        "error": {key: error.get(key) for key in ("code", "step", "details")},
        "steps": steps,
    }


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("script") / "script.json"


@pytest.fixture(scope="module")
def with_go(
    scripted: Path, plans: list[Json], script: Path
) -> Iterator[tuple[Running, Driver]]:
    with serving(*plans) as running:
        given = environment(running.url, running.token, script)
        driver = Driver(scripted, given)
        with working(scripted, given):
            yield running, driver
        driver.close()


@pytest.fixture(scope="module")
def with_python(plans: list[Json], script: Path) -> Iterator[Running]:
    with serving(*plans, executors=python_executors(plans, script)) as running:
        yield running


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.workflow}-{case.name}")
def test_a_run_means_the_same(
    case: Case, with_go: tuple[Running, Driver], with_python: Running, script: Path
) -> None:
    script.write_text(json.dumps(case.script), encoding="utf-8")
    running, driver = with_go
    ended = driver.execute(case.workflow, case.input)
    with Client(running.url, running.token) as client:
        told = _told(client, ended["id"])
        again = client.start(case.workflow, case.input)
        assert _told(client, again.id) == told
    with Client(with_python.url, with_python.token) as client:
        assert _told(client, client.start(case.workflow, case.input).id) == told
    assert told["status"] == ended["status"] == case.status
    assert ended.get("output") == told["output"]
    assert (told["error"]["code"] or "") == ended.get("code", "") == case.code
    assert set(case.entered) <= told["steps"].keys()
    assert ended["events"][0] == "run_started"
    assert ended["events"][-1] == f"run_{case.status}"


def test_the_go_client_refuses_what_does_not_fit(
    with_go: tuple[Running, Driver],
) -> None:
    _, driver = with_go
    assert driver.execute("user-onboarding", {"name": "Ada"})["invalid"]
    assert driver.execute("user-onboarding", {**USER, "email": "no"})["invalid"]


@pytest.mark.parametrize("how", ["killed", "stopped past its lease"])
def test_another_worker_takes_over(
    how: str, scripted: Path, plans: list[Json], tmp_path: Path
) -> None:
    """One result counts: that of the newest delivery."""
    script, other = tmp_path / "script.json", tmp_path / "other.json"
    slow = [{"sleep": 300, "output": {"valid": True, "errors": ["first"]}}]
    quick = [{"output": {"valid": True, "errors": ["second"]}}]
    script.write_text(json.dumps({**USER_SCRIPT, "validate-user": slow}))
    other.write_text(json.dumps({**USER_SCRIPT, "validate-user": quick}))
    patient = [_patient(plan) for plan in plans]
    with (
        serving(*patient, lease=1.0) as running,
        Client(running.url, running.token) as client,
    ):
        given = environment(
            running.url, running.token, script, MAGICFLOW_HEALTH_PORT="0"
        )
        with working(scripted, given) as first:
            started = client.start("user-onboarding", USER)
            _await_running(client, started.id, "validate-user")
            stopped = signal.SIGKILL if how == "killed" else signal.SIGSTOP
            first.process.send_signal(stopped)
            second = environment(running.url, running.token, other)
            with working(scripted, second):
                ended = client.wait(started.id, 20)
                assert ended.status == "completed"
                rows = {row["step"]: row for row in client.steps(started.id)}
                outputs = rows["validate-user"]["output"]
                assert outputs["validation_errors"] == ["second"]
                assert rows["validate-user"]["attempts"] == 1
                if how != "killed":
                    first.process.send_signal(signal.SIGCONT)
                    _await_stale(first.health)
                    again = {row["step"]: row for row in client.steps(started.id)}
                    assert again == rows


def _patient(plan: Json) -> Json:
    """Without the short timeouts: a lease is what ends here."""
    text = re.sub(r'"timeout": 500\b', '"timeout": 60000', json.dumps(plan))
    patient: Json = json.loads(text)
    return patient


def _await_running(client: Client, id: str, step: str) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if any(row["type"] == "step_scheduled" for row in _history(client, id)):
            time.sleep(0.1)
            return
        time.sleep(0.02)
    raise AssertionError(f"{step} was not scheduled")


def _history(client: Client, id: str) -> list[Json]:
    body = client._http.get(f"/api/v2/executions/{id}/events").json()
    events: list[Json] = body["events"]
    return events


def _await_stale(url: str) -> None:
    end = time.monotonic() + 15
    while time.monotonic() < end:
        try:
            steps = httpx.get(f"{url}/health/workflow", timeout=2).json()["steps"]
            if steps.get("validate-user", {}).get("stale"):
                metrics = httpx.get(f"{url}/metrics", timeout=2).text
                assert 'step="validate-user",outcome="stale"} 1' in metrics
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError("the late result was not told to be stale")
