"""Servers, executors and clients in two languages, in every combination: a run means the
same. A run that one server began is ended by the other on the same database."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from magicflow.client import Client

from tests.e2e.mixed.cases import CASES, Case, K, P, U
from tests.e2e.mixed.programs import write_script
from tests.e2e.mixed.projects import Project
from tests.e2e.mixed.runs import Setting, differing, expect, help_along, run_all, told
from tests.runtime.serving import Running

Json = dict[str, Any]
BOTH = ("python", "go")


@pytest.fixture(scope="module")
def setting(
    projects: dict[str, Project],
    world: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Setting:
    return Setting(projects, tmp_path_factory.mktemp("runs"), world)


@pytest.fixture(scope="module")
def reference(setting: Setting) -> dict[str, Json]:
    """What becomes of each case where server and executors are Python's."""
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


CONTINUED = [
    case
    for case in CASES
    if case.id
    in (
        f"{U}-success",
        f"{U}-retried",
        f"{U}-handler",
        f"{P}-a-branch-retries",
        f"{P}-rollback",
        f"{K}-success",
        f"{K}-reviewed",
        f"{K}-an-iteration-fails",
    )
]


@pytest.mark.parametrize(("first", "second"), [BOTH, BOTH[::-1]])
def test_the_other_server_goes_on_with_the_database(
    first: str,
    second: str,
    setting: Setting,
    reference: dict[str, Json],
    tmp_path: Path,
) -> None:
    """Runs stop where nobody has begun to work on them, in the middle where they wait
    for an event or for a person, and at their end. The second server, with executors
    in the other language, ends them all."""
    database = tmp_path / "runs.db"
    with setting.serving(first, database) as running:
        with setting.executing(second, running):
            begun = [(case, _start(setting, running, case)) for case in CONTINUED]
            _await_rest(running, begun)
        untouched = [(case, _start(setting, running, case)) for case in CONTINUED]
        before = _statuses(running, begun)
        assert {"completed", "failed", "waiting"} <= set(before.values())
    with (
        setting.serving(second, database) as running,
        setting.executing(first, running),
        Client(running.url, running.token) as client,
    ):
        assert _statuses(running, begun) == before
        for case, run in begun + untouched:
            help_along(running, case, run)
            found = told(client, run)
            expect(case, found)
            assert differing(case.id, found, reference[case.id]) == {}


def _start(setting: Setting, running: Running, case: Case) -> str:
    with Client(running.url, running.token) as client:
        run = client.start(case.workflow, case.input).id
    write_script(setting.scripts, run, case.script)
    return run


def _statuses(running: Running, runs: list[tuple[Case, str]]) -> dict[str, str]:
    with Client(running.url, running.token) as client:
        return {run: client.status(run).status for _, run in runs}


def _await_rest(running: Running, runs: list[tuple[Case, str]]) -> None:
    """Wait until every run has ended or waits for the world."""
    end = time.monotonic() + 60
    still: set[str] = set()
    while time.monotonic() < end:
        still = set(_statuses(running, runs).values())
        if still <= {"completed", "failed", "waiting"}:
            return
        time.sleep(0.1)
    raise AssertionError(still)
