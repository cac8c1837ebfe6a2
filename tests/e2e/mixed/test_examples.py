"""The snippets of the first description, on generated packages, against a server."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from magicflow.client import Client

from tests.e2e.mixed.conftest import ROOT
from tests.languages import build
from tests.runtime.serving import serving


@pytest.fixture(scope="module")
def programs(scripted: Path) -> dict[str, Path]:
    project = scripted.parent
    made: dict[str, Path] = {}
    for name in ("executor", "trigger"):
        package = f"example-{name}"
        shutil.copytree(ROOT / "examples" / "go" / name, project / "cmd" / package)
        made[name] = build(project, f"./cmd/{package}", project / package)
    return made


def test_an_event_starts_a_run_that_the_executor_completes(
    programs: dict[str, Path], plans: list[dict[str, Any]]
) -> None:
    with serving(*plans) as running, Client(running.url, running.token) as client:
        given = {"MAGICFLOW_URL": running.url, "MAGICFLOW_TOKEN": running.token}
        executor = subprocess.Popen(
            [programs["executor"]],
            env={**os.environ, **given},
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            subprocess.run(
                [programs["trigger"]], env={**os.environ, **given}, check=True
            )
            (started,), _ = client.executions()
            ended = client.wait(started.id, 20)
        finally:
            executor.terminate()
            _, words = executor.communicate(timeout=20)
    assert ended.status == "completed", (ended.error, words)
    assert ended.output == {
        "user_id": "user-John Doe",
        "account_status": "active",
        "welcome_email_sent": True,
    }
    assert executor.returncode == 0
    assert "steps without a function" in words
