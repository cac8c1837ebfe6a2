"""Runs of all cases in one combination of server, executor and clients."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from magicflow.client import Client

from tests.e2e.mixed.cases import CASES, Case, K, T
from tests.e2e.mixed.programs import (
    Driver,
    Working,
    environment,
    serving_project,
    working,
)
from tests.e2e.mixed.projects import Project
from tests.runtime.serving import Running

Json = dict[str, Any]
LONG = 60.0
"""Seconds that a run may take on a busy machine."""


@dataclass(frozen=True)
class Setting:
    """What every combination works with. `world` is the address that http steps may
    reach."""

    projects: dict[str, Project]
    folder: Path
    world: str

    @property
    def scripts(self) -> Path:
        return self.folder

    @contextmanager
    def serving(
        self, language: str, database: Path | None = None, **more: str
    ) -> Iterator[Running]:
        """The generated server of a language."""
        project = self.projects[language]
        with serving_project(
            project, self.folder, self.world, database, **more
        ) as running:
            yield running

    @contextmanager
    def executing(self, language: str, running: Running) -> Iterator[Working]:
        """The generated executors in a language, in a process of their own."""
        project = self.projects[language]
        given = environment(
            running.url, running.token, self.scripts, MAGICFLOW_CONCURRENCY="500"
        )
        with working(project.scripted, given, project.folder) as worker:
            yield worker

    @contextmanager
    def driving(self, language: str, running: Running) -> Iterator[Driver]:
        """The generated clients in a language."""
        project = self.projects[language]
        given = environment(running.url, running.token, self.scripts)
        driver = Driver(project.scripted, given, project.folder)
        yield driver
        driver.close()


def told(client: Client, id: str) -> Json:
    """What a client can know of an ended run, ids and times aside."""
    run = client.wait(id, LONG)
    steps = {
        row.get("path")
        or row["step"]: (
            row["status"],
            row["attempts"],
            row.get("output"),
        )
        for row in client.steps(id)
    }
    error = run.error or {}
    return {
        "status": run.status,
        "output": run.output,
        "error": {key: error.get(key) for key in ("code", "step", "details")},
        "steps": steps,
    }


def differing(id: str, left: Json, right: Json) -> Json:
    """Where what is told of two runs differs, by case and member."""
    steps = left["steps"].keys() | right["steps"].keys()
    pairs = {
        **{name: (left[name], right[name]) for name in ("status", "output", "error")},
        **{name: (left["steps"].get(name), right["steps"].get(name)) for name in steps},
    }
    return {f"{id}: {name}": pair for name, pair in pairs.items() if pair[0] != pair[1]}


def expect(case: Case, told: Json) -> None:
    """The end that a case is about."""
    assert told["status"] == case.status, (case.id, told)
    assert (told["error"]["code"] or "") == case.code, (case.id, told)
    names = {path.rpartition("/")[2] for path in told["steps"]}
    assert set(case.entered) <= names, (case.id, told)


def help_along(running: Running, case: Case, run: str) -> None:
    """What runs of the kitchen sink wait for: an event, and people."""
    if case.workflow != K:
        return
    with httpx.Client(base_url=running.url, headers=running.headers) as http:
        data = {"order_id": "A1", "amount": 12.5}
        body = {"event": "payment.received", "data": data, "event_id": f"e-{run}"}
        answer = http.post(f"/api/v2/executions/{run}/events", json=body)
        ended = case.status == "failed" and answer.status_code == 409
        assert ended or answer.status_code == 202, answer.text
        if "review" not in case.entered:
            return
        end = time.monotonic() + LONG
        tasks: list[Json] = []
        while not tasks:
            assert time.monotonic() < end, "nobody was asked"
            found = http.get("/api/v2/human-tasks", params={"execution_id": run})
            tasks = found.json()["tasks"]
            time.sleep(0.02)
        path = f"/api/v2/human-tasks/{tasks[0]['id']}"
        claimed = http.post(f"{path}/claim", json={"by": "ann"})
        assert claimed.status_code == 200, claimed.text
        approval = {"data": {"approve": True}, "by": "ann"}
        done = http.post(f"{path}/complete", json=approval)
        assert done.status_code == 202, done.text


def run_all(setting: Setting, server: str, executor: str) -> dict[str, Json]:
    """Every case by both clients, all at once; what became of each, by case. What the
    clients say must agree."""
    with (
        setting.serving(server) as running,
        setting.executing(executor, running),
        setting.driving("python", running) as python,
        setting.driving("go", running) as go,
        Client(running.url, running.token) as client,
        ThreadPoolExecutor(2 * len(CASES)) as pool,
    ):

        def by(driver: Driver, case: Case) -> Json:
            driver.begin(case.id, case.workflow, case.input, case.script)
            help_along(running, case, driver.id_of(case.id))
            ended = driver.ending_of(case.id)
            assert "failure" not in ended, ended
            return ended

        drivers = {"python": python, "go": go}
        ends = [
            (case, {name: pool.submit(by, drivers[name], case) for name in drivers})
            for case in CASES
        ]
        found: dict[str, Json] = {}
        problems: Json = {}
        for case, ending in ends:
            for name, future in ending.items():
                ended = future.result()
                one = told(client, ended["id"])
                found.setdefault(case.id, one)
                problems |= differing(case.id, one, found[case.id])
                problems |= misunderstood(name, case, ended, one)
            expect(case, found[case.id])
        assert problems == {}, problems
        return found


def misunderstood(name: str, case: Case, ended: Json, told: Json) -> Json:
    """Where what a typed client says of a run is not what became of it."""
    problems: Json = {}
    said = {member: ended.get(member) for member in ("status", "output")}
    wanted = {member: told[member] for member in said}
    if said != wanted or ended.get("code", "") != case.code:
        problems[f"{case.id}: the client in {name}"] = (ended, wanted)
    ends = (ended["events"][0], ended["events"][-1])
    if ends != ("run_started", f"run_{case.status}"):
        problems[f"{case.id}: events of the client in {name}"] = ended
    undone = "compensation_completed" in ended["events"]
    if undone != (case.workflow == T):
        problems[f"{case.id}: what was undone"] = ended["events"]
    return problems
