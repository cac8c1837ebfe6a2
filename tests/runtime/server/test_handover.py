"""A database that one language's server wrote is continued by the other's."""

from __future__ import annotations

import sqlite3
from itertools import permutations
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.runtime.harness import add
from tests.runtime.plans import call, plan, step_output, three_steps
from tests.runtime.server.test_human import ASKS, LISTENS
from tests.runtime.serving import LANGUAGES, serving

POLLED = plan(
    {"far": call("far", executor="far"), "near": call("add", input=step_output("far"))},
    ["far", "near"],
    name="polled",
    output=step_output("near"),
)
PAUSES = plan(
    {
        "w": {"kind": "wait", "duration": 1_500},
        "a": call("add", input=step_output("w")),
    },
    ["w"],
    name="pauses",
)
PLANS = (three_steps(), ASKS, LISTENS, POLLED, PAUSES)


class Site:
    """Where servers live one after the other."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "runs.db"

    def served(self, language: str) -> Any:
        return serving(
            *PLANS,
            handlers={"add": add},
            language=language,
            database=str(self.database),
        )


def begin(http: httpx.Client, workflow: str, input: Any, **more: Any) -> str:
    url = f"/api/v2/workflows/{workflow}/execute"
    answer = http.post(url, json={"input": input, **more})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["execution_id"])


@pytest.mark.parametrize(("first", "second"), list(permutations(LANGUAGES, 2)))
def test_what_one_began_the_other_ends(tmp_path: Path, first: str, second: str) -> None:
    site = Site(tmp_path)
    client = {"timeout": 20.0}
    with (
        site.served(first) as running,
        httpx.Client(base_url=running.url, headers=running.headers, **client) as http,
    ):
        done = http.post(
            "/api/v2/workflows/three/execute?wait=10s",
            json={"input": {"n": 1}, "idempotency_key": "once", "foreign_id": "é"},
        ).json()
        asks = begin(http, "asks", {})
        listens = begin(http, "listens", {"order": "o1"})
        polled = begin(http, "polled", {})
        pauses = begin(http, "pauses", {})
        later = begin(http, "three", {"n": 5}, delay="2s")
        before = http.get(f"/api/v2/executions/{done['execution_id']}").json()
        rows = http.get(f"/api/v2/executions/{done['execution_id']}/events").json()
        poll = {"executors": ["far"], "wait_ms": 5_000, "worker_id": "w"}
        (task,) = http.post("/api/v2/tasks/poll", json=poll).json()["tasks"]
    assert (done["status"], done["output"]) == ("completed", {"n": 4})
    with (
        site.served(second) as running,
        httpx.Client(base_url=running.url, headers=running.headers, **client) as http,
    ):

        def ended(run: str) -> dict[str, Any]:
            found: dict[str, Any] = http.get(
                f"/api/v2/executions/{run}?wait=15s"
            ).json()
            return found

        assert ended(done["execution_id"]) == before
        after = http.get(f"/api/v2/executions/{done['execution_id']}/events").json()
        assert after == rows
        again = http.post(
            "/api/v2/workflows/three/execute?wait=10s",
            json={"input": {"n": 9}, "idempotency_key": "once"},
        ).json()
        assert again["execution_id"] == done["execution_id"]
        (human,) = http.get("/api/v2/human-tasks").json()["tasks"]
        url = f"/api/v2/human-tasks/{human['id']}/complete"
        assert http.post(url, json={"data": {"ok": True}}).status_code == 202
        assert ended(asks)["output"] == {"ok": True}
        event = {"type": "paid", "data": {"order": "o1"}}
        reached = http.post("/api/v2/events", json=event).json()["executions"]
        assert reached == [listens]
        assert ended(listens)["status"] == "completed"
        # the lease that the first server gave still counts
        fence = {"attempt": task["attempt"], "delivery": task["delivery"]}
        url = f"/api/v2/tasks/{task['id']}/complete"
        assert http.post(url, json={**fence, "result": {"n": 6}}).status_code == 200
        assert ended(polled)["output"] == {"n": 7}
        assert ended(pauses)["status"] == "completed"
        assert (found := ended(later))["output"] == {"n": 8}, found
        listed = http.get("/api/v2/executions?foreign_id=%C3%A9").json()["executions"]
        assert [row["execution_id"] for row in listed] == [done["execution_id"]]
    with sqlite3.connect(site.database) as database:
        (left,) = database.execute("SELECT count(*) FROM outbox").fetchone()
        assert left == 0
