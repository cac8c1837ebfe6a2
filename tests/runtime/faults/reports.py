"""Workers that come back too late, and results that come again and again. Each function
is one round on a place of its own, and ends with the check of every promise."""

from __future__ import annotations

import random
import time
from typing import Any

import httpx
from magicflow.client import Client

from tests.runtime.faults.load import Load, finish, wait_for
from tests.runtime.faults.processes import Place
from tests.runtime.faults.rounds import verify

Json = dict[str, Any]


def stopped_worker(place: Place, lease: int = 800) -> None:
    """SIGSTOP during a step, past the lease (which heartbeats must be able to prolong on a
    busy machine); somebody else does it meanwhile; then
    SIGCONT: the late result is refused."""
    with (
        place.server("--remote", "--lease", str(lease)),
        Client(place.url) as client,
        place.worker() as late,
    ):
        run = client.start("slow", {"n": 1, "ms": 2_000})
        wait_for("a lease", 10, lambda: _is_leased(place))
        late.freeze()
        with place.worker():
            assert client.result(run.id, timeout=30) == {"n": 2}
        before = place.metric("magicflow_stale_reports")
        late.thaw()
        wait_for(
            "a refusal",
            30,
            lambda: place.metric("magicflow_stale_reports") > before,
        )
        assert client.result(run.id) == {"n": 2}
    verify(place, {"k": run.id})
    keys = [line.split(" ")[0] for line in place.effects.read_text().splitlines()]
    assert set(keys) == {f"{run.id}:s"}


def _is_leased(place: Place) -> bool:
    return (
        place.metric("magicflow_tasks_open") == 1
        and place.metric("magicflow_tasks_queued") == 0
    )


def repeated(place: Place, runs: int, seed: int) -> None:
    """Results five times and out of order: of ten copies, over two deliveries, one
    counts."""
    dice = random.Random(seed)
    with (
        place.server("--remote", "--lease", "300"),
        httpx.Client(base_url=place.url, timeout=20) as http,
    ):
        acknowledged = Load(place, "again", runs, threads=1).join()
        accepted: list[str] = []
        old: list[Json] = []
        end = time.monotonic() + 60
        while len(accepted) < 3 * len(acknowledged):
            assert time.monotonic() < end, f"{len(accepted)} results were accepted"
            tasks = _poll(http)
            with place.effects.open("a") as effects:
                for task in tasks:
                    key, attempt = task["idempotency_key"], task["attempt"]
                    effects.write(f"{key} {attempt} add\n")
            young = all(task["delivery"] < 3 for task in tasks)  # of five
            if young and (not old or dice.random() < 0.4):
                old += tasks  # their lease runs out, and they are delivered again
                continue
            copies = [task for task in tasks + old for _ in range(5)]
            dice.shuffle(copies)
            accepted += _report(http, copies)
        assert len(accepted) == len(set(accepted)), "a result was taken twice"
        assert old, "no delivery was late"
        _report(http, [task for task in old for _ in range(5)])
        finish(place)
    assert verify(place, acknowledged) == runs


def _poll(http: httpx.Client) -> list[Json]:
    body = {"executors": ["svc"], "max_tasks": 5, "wait_ms": 400, "worker_id": "t"}
    tasks: list[Json] = http.post("/api/v2/tasks/poll", json=body).json()["tasks"]
    return tasks


def _report(http: httpx.Client, copies: list[Json]) -> list[str]:
    """Ids of the tasks whose result was taken; the others' were stale."""
    results = [
        {
            "id": task["id"],
            "attempt": task["attempt"],
            "delivery": task["delivery"],
            "success": True,
            "output": {"n": task["context"]["n"] + 1},
        }
        for task in copies
    ]
    body = {"results": results, "heartbeats": []}
    answers = http.post("/api/v2/tasks/report", json=body).json()["results"]
    assert {answer["status"] for answer in answers} <= {200, 409}
    return [answer["id"] for answer in answers if answer["status"] == 200]
