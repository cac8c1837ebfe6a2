"""Servers, executors and clients in two languages, in every combination: a run means the
same. A run that one server began is ended by the other on the same database."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from magicflow.client import Client

from tests.e2e.mixed.cases import CASES, Case, K, U
from tests.e2e.mixed.programs import write_script
from tests.e2e.mixed.runs import Setting, differing, expect, help_along, run_all, told
from tests.runtime.serving import Running

Json = dict[str, Any]
BOTH = ("python", "go")


@pytest.fixture(scope="module")
def setting(
    project: Path,
    scripted: Path,
    plans: list[Json],
    world: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Setting:
    return Setting(project, scripted, plans, tmp_path_factory.mktemp("runs"), world)


@pytest.fixture(scope="module")
def reference(setting: Setting) -> dict[str, Json]:
    """What becomes of each case where all but one client is Python's."""
    return run_all(setting, "python", "python")


@pytest.mark.parametrize("executor", BOTH)
@pytest.mark.parametrize("server", BOTH)
def test_a_run_means_the_same(
    server: str, executor: str, setting: Setting, reference: dict[str, Json]
) -> None:
    if (server, executor) != ("python", "python"):
        found = run_all(setting, server, executor)
        problems: Json = {}
        for case in CASES:
            problems |= differing(case.id, found[case.id], reference[case.id])
        assert problems == {}, problems


def test_every_kind_of_node_is_run(plans: list[Json]) -> None:
    (sink,) = (plan for plan in plans if plan["workflow"]["name"] == K)
    kinds = {node["kind"] for node in sink["nodes"].values()}
    assert kinds == {
        *("seq", "set", "switch", "call", "emit", "listen", "wait", "fork", "for"),
        *("try", "raise", "sub"),
    }


def _named(id: str) -> Case:
    (found,) = (case for case in CASES if case.id == id)
    return found


@pytest.mark.parametrize(("first", "second"), [("python", "go"), ("go", "python")])
def test_the_other_server_goes_on_with_the_database(
    first: str,
    second: str,
    setting: Setting,
    reference: dict[str, Json],
    tmp_path: Path,
) -> None:
    """Runs stop between attempts, in the middle of branches and loops, waiting for an
    event, for a person, for a function. The second server ends them all."""
    database = tmp_path / "runs.db"
    cases = [
        _named(id)
        for id in (
            f"{U}-success",
            f"{U}-retried",
            f"{U}-handler",
            "payment-processing-success",
            "payment-processing-a-branch-retries",
            "payment-processing-rollback",
            f"{K}-success",
            f"{K}-reviewed",
            f"{K}-fallback",
            f"{K}-an-iteration-fails",
        )
    ]
    with setting.serving(first, database) as running:
        runs = _begin(setting, running, cases)
        other = "go" if first == "python" else "python"
        with setting.executing(other, running):
            _await_places(running, runs)
    with (
        setting.serving(second, database) as running,
        setting.executing(first, running),
    ):
        for case, run in runs:
            if not case.name.startswith("halted"):
                write_script(setting.scripts, run, case.script)
            help_along(running, case, run)
        with Client(running.url, running.token) as client:
            for case, run in runs:
                found = told(client, run)
                expect(case, found)
                assert found == reference[case.id], case.id


def _begin(
    setting: Setting, running: Running, cases: list[Case]
) -> list[tuple[Case, str]]:
    """Every case twice: one run that nobody begins to work on, because its functions
    have no script yet, and one that goes as far as it can without an event."""
    runs: list[tuple[Case, str]] = []
    with Client(running.url, running.token) as client:
        for case in cases:
            for scripted in (False, True):
                run = client.start(case.workflow, case.input).id
                if scripted:
                    write_script(setting.scripts, run, case.script)
                runs.append((case, run))
    return runs


def _await_places(running: Running, runs: list[tuple[Case, str]]) -> None:
    """Wait until somebody is asked, and one run listens for its event; then everything
    is under way, and much has ended."""
    end = time.monotonic() + 60
    with httpx.Client(base_url=running.url, headers=running.headers) as http:
        while time.monotonic() < end:
            tasks = http.get("/api/v2/human-tasks").json()["tasks"]
            listening = [
                run
                for case, run in runs
                if case.id == f"{K}-success"
                and any(
                    row["step"] == "paid"
                    for row in http.get(f"/api/v2/executions/{run}/steps").json()[
                        "steps"
                    ]
                )
            ]
            if tasks and listening:
                return
            time.sleep(0.05)
    raise AssertionError("the runs did not come far enough")
