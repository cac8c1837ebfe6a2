"""One failing, slow or unreadable run holds nobody else up, on the servers of all
languages; nor do those who ask for too much."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import httpx
from magicflow.client import Client
from magicflow.store import RunRow

from tests.runtime.faults.clocks import MINUTE
from tests.runtime.faults.load import Load, wait_for
from tests.runtime.faults.processes import Place
from tests.runtime.faults.rounds import verify
from tests.runtime.faults.workflows import outcome


def test_nobody_is_held_up(place: Place) -> None:
    """Twenty slow runs are at work and as many fail, beside one whose log is broken and
    whose timer is due: the quick ones end before the first slow one does, and timers
    fire."""
    place.move_clock(0)
    with place.server():
        (broken,) = Load(place, "broken", 1, "waits").join().values()
    _sql(place, "UPDATE log SET changes = '{' WHERE run_id = ?", broken)
    place.move_clock(MINUTE)
    acknowledged: dict[str, str] = {}
    with place.server(), Client(place.url) as client:
        for number in range(20):
            run = client.start("slow", {"n": 1, "ms": 60_000})
            acknowledged[f"slow-{number}"] = run.id
        acknowledged |= Load(place, "failing", 20, "undone").join()
        acknowledged |= Load(place, "waiting", 20, "waits").join()
        acknowledged |= Load(place, "quick", 60).join()

        def still(workflow: str) -> list[str]:
            found, _ = client.executions(workflow=workflow, open="true", limit=100)
            return [row.id for row in found]

        wait_for("the end of the quick", 20, lambda: not still("three"))
        wait_for("the end of the failing", 20, lambda: not still("undone"))
        assert len(still("slow")) == 20
        place.move_clock(2 * MINUTE)
        wait_for("a timer", 20, lambda: still("waits") == [broken])
        answer = httpx.get(f"{place.url}/api/v2/executions/{broken}")
        assert answer.status_code == 500 and "cannot be read" in answer.text
        assert place.metric("magicflow_events_undecided_total") >= 1
        assert place.metric("magicflow_recoveries_total") == 0
        for run_id in still("slow"):
            client.cancel(run_id)
        wait_for("the end of the slow", 20, lambda: not still("slow"))
    for table, column in (("outbox", "run_id"), ("log", "run_id"), ("runs", "id")):
        _sql(place, f"DELETE FROM {table} WHERE {column} = ?", broken)
    assert verify(place, acknowledged, _as_expected) == 120


def _sql(place: Place, statement: str, run_id: str) -> None:
    with sqlite3.connect(place.database) as db:
        assert db.execute(statement, (run_id,)).rowcount > 0
    db.close()


def _as_expected(row: RunRow, state: dict[str, Any]) -> None:
    if row.workflow == "slow":
        assert row.status == "cancelled"
    else:
        assert row.status == outcome(row.workflow, 1)[0]


def test_memory_stays_flat(place: Place) -> None:
    """What is over leaves nothing in memory: runs that ended, and starts that were
    refused with all that they carried."""
    large = {"input": {"n": "no number", "label": "x" * 200_000}}
    with place.server("--remote") as server, httpx.Client(timeout=20) as http:
        url = f"{place.url}/api/v2/workflows"

        def burden(count: int) -> None:
            for number in range(count):
                answer = http.post(f"{url}/three/execute", json=large)
                assert answer.status_code == 422
                if number % 2:
                    answer = http.post(f"{url}/undone/execute", json={"input": {}})
                    assert answer.status_code == 422
                begun = http.post(f"{url}/waits/execute", json={"input": {"n": 1}})
                run_id = begun.json()["execution_id"]
                http.post(f"{place.url}/api/v2/executions/{run_id}/cancel")

        burden(150)
        before = _resident(server.pid)
        started = time.monotonic()
        burden(400)
        grown = _resident(server.pid) - before
        assert grown < 24 << 20, f"{grown} bytes in {time.monotonic() - started:.0f} s"


def _resident(pid: int) -> int:
    """Bytes."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = [line for line in status if line.startswith("VmRSS")]
    return int(line.split()[1]) * 1024
