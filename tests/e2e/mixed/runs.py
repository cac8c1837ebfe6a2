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
    environment,
    python_executors,
    serving_in,
    working,
    write_script,
)
from tests.runtime.go_serving import polling
from tests.runtime.serving import Running

Json = dict[str, Any]
LONG = 60.0
"""Seconds that a run may take on a busy machine."""


@dataclass(frozen=True)
class Setting:
    """What every combination works with. `world` is the address that http steps may
    reach."""

    project: Path
    scripted: Path
    plans: list[Json]
    folder: Path
    world: str

    @property
    def scripts(self) -> Path:
        return self.folder

    @contextmanager
    def serving(self, language: str, database: Path | None = None) -> Iterator[Running]:
        with serving_in(
            language, self.project, self.plans, self.folder, self.world, database
        ) as running:
            yield running

    @contextmanager
    def executing(self, language: str, running: Running) -> Iterator[None]:
        """Executors in a language: a process in Go, a thread in Python."""
        if language == "go":
            given = environment(running.url, running.token, self.scripts)
            with working(self.scripted, {**given, "MAGICFLOW_CONCURRENCY": "100"}):
                yield
            return
        functions = python_executors(self.plans, self.scripts)
        with polling(functions, running.url, running.token):
            yield

    @contextmanager
    def driving(self, running: Running) -> Iterator[Driver]:
        """The typed clients in Go."""
        given = environment(running.url, running.token, self.scripts)
        driver = Driver(self.scripted, given)
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
        setting.driving(running) as driver,
        Client(running.url, running.token) as client,
        ThreadPoolExecutor(2 * len(CASES)) as pool,
    ):
        for case in CASES:
            driver.begin(case.id, case.workflow, case.input, case.script)

        def by_python(case: Case) -> Json:
            with Client(running.url, running.token) as own:
                run = own.start(case.workflow, case.input).id
                write_script(setting.scripts, run, case.script)
                help_along(running, case, run)
                return told(own, run)

        def by_go(case: Case) -> Json:
            help_along(running, case, driver.id_of(case.id))
            return driver.ending_of(case.id)

        python = {case.id: pool.submit(by_python, case) for case in CASES}
        go = {case.id: pool.submit(by_go, case) for case in CASES}
        found: dict[str, Json] = {}
        problems: Json = {}
        for case in CASES:
            found[case.id] = python[case.id].result()
            ended = go[case.id].result()
            assert "failure" not in ended, ended
            problems |= differing(case.id, told(client, ended["id"]), found[case.id])
            said = {name: ended.get(name) for name in ("status", "output")}
            wanted = {name: found[case.id][name] for name in said}
            if said != wanted or ended.get("code", "") != case.code:
                problems[f"{case.id}: the Go client"] = (ended, wanted)
            ends = (ended["events"][0], ended["events"][-1])
            if ends != ("run_started", f"run_{case.status}"):
                problems[f"{case.id}: the Go client's events"] = ended
            undone = "compensation_completed" in ended["events"]
            assert undone == (case.workflow == T), (case.id, ended["events"])
            expect(case, found[case.id])
        assert problems == {}, problems
        return found
