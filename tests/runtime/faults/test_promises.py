"""The check itself: it fails for every promise that is broken, here by hand."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from magicflow.client import Client
from magicflow.store import MemoryStore, SqliteStore

from tests.languages import need
from tests.runtime.faults.load import finish
from tests.runtime.faults.processes import SERVERS, Place
from tests.runtime.faults.promises import check_promises
from tests.runtime.plans import plan, retried

Change = Callable[[sqlite3.Connection], Any]


@pytest.fixture(scope="module", params=SERVERS)
def ran(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with the database of a run with a retry and one that waited."""
    if request.param != "python":
        need(request.param)
    place = Place(tmp_path_factory.mktemp("ran"), request.param)
    waits = plan({"w": {"kind": "wait", "duration": 20}}, ["w"], name="waits")
    unsteady = retried(delay=10)
    unsteady["nodes"]["a/do"]["function"] = "flaky"
    place.plans.write_text(json.dumps([unsteady, waits]))
    with place.server(), Client(place.url) as client:
        for name, key in (("retried", "k1"), ("waits", "k2")):
            client.start(name, {"n": 1}, idempotency_key=key)
        finish(place)
    return place.folder


def check(ran: Path, tmp_path: Path, change: Change | None = None, **more: Any) -> int:
    """Check a copy of the database after a change."""
    file = tmp_path / "runs.db"
    with sqlite3.connect(ran / "runs.db") as old, sqlite3.connect(file) as new:
        old.backup(new)
        if change is not None:
            change(new)
    new.close()
    old.close()
    store = SqliteStore(file)
    effects = more.pop("effects", (ran / "effects").read_text().splitlines())
    try:
        return check_promises(store, effects=effects, **more)
    finally:
        store.close()


def test_promises_that_were_kept(ran: Path, tmp_path: Path) -> None:
    assert check(ran, tmp_path) == 2


def event(kind: str, edit: Callable[[dict[str, Any]], Any]) -> Change:
    """Changes the stored events of a type."""

    def change(db: sqlite3.Connection) -> None:
        for id, version, text in db.execute("SELECT run_id, version, event FROM log"):
            value = json.loads(text)
            if value["type"] == kind:
                edit(value)
                db.execute(
                    "UPDATE log SET event = ? WHERE run_id = ? AND version = ?",
                    (json.dumps(value), id, version),
                )

    return change


def sql(*statements: str) -> Change:
    def change(db: sqlite3.Connection) -> None:
        for statement in statements:
            assert db.execute(statement).rowcount > 0

    return change


def _another_output(event: dict[str, Any]) -> None:
    if "output" in event:
        event["output"] = {"n": 99}


_OUTPUT = "json_set(changes, '$.run.output', json('{\"x\":1}'))"


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (sql("DELETE FROM log", "DELETE FROM runs"), "acknowledged and lost"),
        (sql("UPDATE runs SET ended_at = NULL"), "has not ended"),
        (sql("UPDATE runs SET status = 'failed'"), "ended"),
        (sql("UPDATE runs SET version = version + 1"), "gaps"),
        (sql("DELETE FROM log WHERE version = 2"), "gaps"),
        (sql(f"UPDATE log SET changes = {_OUTPUT} WHERE version = 2"), "decision"),
        (sql("UPDATE log SET history = '[]' WHERE version = 2"), "another history"),
        (sql("UPDATE log SET history_end = history_end + 1"), "version 1"),
        (sql("UPDATE runs SET parent = 'one:child'"), "started twice"),
        (
            sql("INSERT INTO outbox VALUES ('x', 'task', 't@1', 'svc', 0, 0, '{}')"),
            "the outbox stands",
        ),
        (event("timer_fired", lambda e: e.update(at=e["at"] - 1000)), "early"),
        (event("task_result", lambda e: e.update(attempt=1)), "refuses"),
        (event("task_result", _another_output), "decision"),
    ],
)
def test_a_broken_promise_is_found(
    ran: Path, tmp_path: Path, change: Change, broken: str
) -> None:
    with sqlite3.connect(ran / "runs.db") as db:
        ids = [id for (id,) in db.execute("SELECT id FROM runs")]
    db.close()
    with pytest.raises(AssertionError, match=broken):
        check(ran, tmp_path, change, acknowledged=ids)


def test_a_key_that_started_two_runs_is_found(ran: Path, tmp_path: Path) -> None:
    def change(db: sqlite3.Connection) -> None:
        db.execute("DROP INDEX runs_key")
        db.execute("UPDATE runs SET idempotency_key = 'k', workflow = 'w'")

    with pytest.raises(AssertionError, match="two runs"):
        check(ran, tmp_path, change)


def test_effects_are_counted(ran: Path, tmp_path: Path) -> None:
    lines = (ran / "effects").read_text().splitlines()
    assert len(lines) == 2
    key = lines[0].split(" ")[0]
    for effects, broken in (
        ([], "a result without an effect"),
        ([*lines, "nobody:a 1 add"], "no run knows"),
        ([*lines, f"{key} 3 flaky"], "used an attempt"),
    ):
        with pytest.raises(AssertionError, match=broken):
            check(ran, tmp_path, effects=effects)
    assert check(ran, tmp_path, effects=lines * 3) == 2


def test_what_must_come_out_is_asked_for(ran: Path, tmp_path: Path) -> None:
    def expected(row: Any, state: Any) -> None:
        assert row.status == "cancelled", "another outcome"

    with pytest.raises(AssertionError, match="another outcome"):
        check(ran, tmp_path, expected=expected)
    assert check_promises(MemoryStore()) == 0
