"""The SQLite store keeps the contract, and what only a file can break."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from magicflow.store import Effect, Erasure, SqliteStore, Store, StoreError, StoreInUse
from magicflow.store.migrations import MIGRATIONS

from tests.runtime.store.contract import StoreContract, advance, begin


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def make(self, tmp_path: Path) -> Iterator[Callable[[], Store]]:
        stores: list[SqliteStore] = []

        def open_one() -> Store:
            stores.append(SqliteStore(tmp_path / f"{len(stores)}.db"))
            return stores[-1]

        yield open_one
        for store in stores:
            store.close()
            store.close()


def test_a_second_server_is_refused(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "a.db")
    with pytest.raises(StoreInUse, match=f"process {os.getpid()}"):
        SqliteStore(tmp_path / "a.db")
    store.close()
    SqliteStore(tmp_path / "a.db").close()


def test_the_lock_goes_with_a_killed_process(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    program = (
        "import sys,time; from magicflow.store import SqliteStore; "
        "s=SqliteStore(sys.argv[1]); print('open',flush=True); time.sleep(60)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "open\n"
    with pytest.raises(StoreInUse, match=str(other.pid)):
        SqliteStore(path)
    other.send_signal(signal.SIGKILL)
    other.wait()
    other.stdout.close()
    SqliteStore(path).close()


def test_what_was_committed_is_there_after_reopening(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "a.db")
    store.commit([begin("a"), advance("a", 2)])
    store.close()
    again = SqliteStore(tmp_path / "a.db")
    assert [row.version for row in again.log("a")] == [1, 2]
    again.close()


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    SqliteStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(StoreError, match="this server knows"):
        SqliteStore(path)


def test_a_file_of_the_first_schema_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(f"{MIGRATIONS[0]} PRAGMA user_version = 1;")
        for run_id, version in (("b", 1), ("a", 2), ("a", 1)):
            row = (run_id, version, 5, "{}", f'"{run_id}{version}"', "[]", 0)
            connection.execute("INSERT INTO log VALUES (?,?,?,?,?,?,?)", row)
    connection.close()
    store = SqliteStore(path)
    assert [row.changes for row in store.log("a")] == ['"a1"', '"a2"']
    assert [row.changes for row in store.log("b")] == ['"b1"']
    version = store._writer.execute("PRAGMA user_version").fetchone()
    assert version == (len(MIGRATIONS),)
    store.close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"this is no database, and long enough to be seen as such" * 9)
    with pytest.raises(StoreError, match="not a database"):
        SqliteStore(path)
    with pytest.raises(StoreError, match="cannot open"):
        SqliteStore(tmp_path / "missing" / "a.db")


def test_durability_settings(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "a.db")
    connection = store._writer
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    store.close()


def test_a_full_disk_is_a_store_error_and_recovers(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "a.db")
    (pages,) = store._writer.execute("PRAGMA page_count").fetchone()
    store._writer.execute(f"PRAGMA max_page_count = {pages + 2}")
    big = '"' + "x" * 100_000 + '"'
    with pytest.raises(StoreError, match="full"):
        store.commit([begin("a", event=big)])
    assert store.run("a") is None
    store.reopen()
    store.commit([begin("a", event=big)])
    assert store.log("a")[0].event == big
    store.close()


def test_an_erased_run_is_in_no_file(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "a.db")
    canary = "canary-5d0f2b"
    for n in range(20):
        run_id = f"r{n}"
        task = Effect(run_id, "task", "t", payload=f'"{canary}"')
        store.commit([begin(run_id, event=f'"{canary}"', opened=[task])])
        store.commit(
            [advance(run_id, 2, changes=canary * 50, closed=[(run_id, "task", "t")])]
        )
    files = [tmp_path / "a.db", tmp_path / "a.db-wal"]
    assert any(canary.encode() in file.read_bytes() for file in files)
    store.commit([Erasure(f"r{n}") for n in range(20)])
    for file in tmp_path.iterdir():
        assert canary.encode() not in file.read_bytes(), file
    store.close()


def test_what_was_erased_is_forgotten_when_a_checkpoint_was_in_the_way(
    tmp_path: Path,
) -> None:
    """The log cannot be emptied while somebody reads it: the next commit does it."""
    store = SqliteStore(tmp_path / "a.db")
    store.commit([begin("a", event='"canary-77"'), begin("b")])
    reader = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM log").fetchall()
    store._writer.execute("PRAGMA busy_timeout = 1")
    store.commit([Erasure("a")])
    assert b"canary-77" in b"".join(f.read_bytes() for f in tmp_path.iterdir())
    reader.execute("COMMIT")
    reader.close()
    store.commit([advance("b", 2)])
    for file in tmp_path.iterdir():
        assert b"canary-77" not in file.read_bytes(), file
    store.close()
