"""Server in Python, executor in Go: what the clients refuse, and workers that die."""

from __future__ import annotations

import json
import re
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from magicflow.client import Client

from tests.e2e.mixed.cases import USER, USER_SCRIPT
from tests.e2e.mixed.programs import Driver, environment, working, write_script
from tests.runtime.serving import serving

Json = dict[str, Any]


def test_the_go_client_refuses_what_does_not_fit(
    scripted: Path, tmp_path: Path
) -> None:
    driver = Driver(scripted, environment("http://127.0.0.1:1", "", tmp_path))
    driver.begin("a", "user-onboarding", {"name": "Ada"}, {})
    driver.begin("b", "user-onboarding", {**USER, "email": "no"}, {})
    assert driver.ending_of("a", 1)["invalid"]
    assert driver.ending_of("b", 1)["invalid"]
    driver.close()


@pytest.mark.parametrize("how", ["killed", "stopped past its lease"])
def test_another_worker_takes_over(
    how: str, scripted: Path, plans: list[Json], tmp_path: Path
) -> None:
    """One result counts: that of the newest delivery."""
    scripts, others = tmp_path / "first", tmp_path / "second"
    scripts.mkdir()
    others.mkdir()
    slow = [{"sleep": 300, "output": {"valid": True, "errors": ["first"]}}]
    quick = [{"output": {"valid": True, "errors": ["second"]}}]
    patient = [_patient(plan) for plan in plans]
    with (
        serving(*patient, lease=1.0) as running,
        Client(running.url, running.token) as client,
    ):
        given = environment(
            running.url, running.token, scripts, MAGICFLOW_HEALTH_PORT="0"
        )
        with working(scripted, given) as first:
            started = client.start("user-onboarding", USER)
            slowly = {**USER_SCRIPT, "validate-user": slow}
            write_script(scripts, started.id, slowly)
            quickly = {**USER_SCRIPT, "validate-user": quick}
            write_script(others, started.id, quickly)
            _await_running(client, started.id, "validate-user")
            stopped = signal.SIGKILL if how == "killed" else signal.SIGSTOP
            first.process.send_signal(stopped)
            second = environment(running.url, running.token, others)
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
    text = re.sub(r'"timeout": 3000\b', '"timeout": 60000', json.dumps(plan))
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
