"""Checkpoints on their own thread: a log that becomes long, a disk that fails."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from magicflow.store import Erasure, Setting, SqliteStore, StoreError, checkpoints

from tests.runtime.store.contract import advance, begin


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "PAUSE", 0.01)


def wait_for(what: Any, seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_long_log_is_finished_by_the_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "LONG", 3)
    store = SqliteStore(tmp_path / "a.db")
    store.commit([begin("a", event='"' + "x" * 100_000 + '"')])
    wait_for(lambda: store._checkpoints._long)
    store.commit([advance("a", 2)])
    assert not store._checkpoints._long
    store.close()
    assert len(SqliteStore(tmp_path / "a.db").log("a")) == 2


def test_a_checkpoint_that_fails_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteStore(tmp_path / "a.db")
    tries: list[int] = []
    connect = store._checkpoints._connect

    def failing() -> sqlite3.Connection:
        tries.append(1)
        if len(tries) < 3:
            raise sqlite3.OperationalError("disk I/O error")
        return connect()

    monkeypatch.setattr(store._checkpoints, "_connect", failing)
    for version in range(1, 50):
        store.commit([begin("a") if version == 1 else advance("a", version)])
        if len(tries) >= 3:
            break
        time.sleep(0.03)
    assert len(tries) >= 3
    store.close()
    assert len(SqliteStore(tmp_path / "a.db").log("a")) == version


def test_a_log_that_cannot_be_emptied_at_all_is_emptied_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Erasing is done even so; the copy in the log goes with the next commit."""
    from magicflow.store import sqlite

    store = SqliteStore(tmp_path / "a.db")
    store.commit([begin("a", event='"canary-9"'), begin("b")])
    monkeypatch.setattr(sqlite, "_EMPTY_LOG", "PRAGMA nonsense(")
    store.commit([Erasure("a")])
    assert store.run("a") is None
    monkeypatch.undo()
    store.commit([advance("b", 2)])
    for file in tmp_path.iterdir():
        assert b"canary-9" not in file.read_bytes(), file
    store.close()


def test_a_commit_that_fails_in_parts_is_rolled_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from magicflow.store import sqlite

    store = SqliteStore(tmp_path / "a.db")
    store.commit([begin("a"), begin("b")])

    def broken(*_: Any) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(sqlite, "_write_seldom", broken)
    with pytest.raises(StoreError, match="disk I/O"):
        store.commit([advance("a", 2), Erasure("b")])
    monkeypatch.undo()
    assert len(store.log("a")) == 1
    assert store.run("b") is not None
    store.commit([])
    store.commit([advance("a", 2)])
    store.close()


def test_a_full_disk_may_have_rolled_back_already(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "a.db")
    store.commit([begin("a")])
    (pages,) = store._writer.execute("PRAGMA page_count").fetchone()
    store._writer.execute(f"PRAGMA max_page_count = {pages + 2}")
    big = advance("a", 2, event='"' + "x" * 100_000 + '"')
    with pytest.raises(StoreError, match="full"):
        store.commit([big, Setting("s", "1")])
    assert (len(store.log("a")), store.setting("s")) == (1, None)
    store.reopen()
    store.commit([big, Setting("s", "1")])
    assert (len(store.log("a")), store.setting("s")) == (2, "1")
    store.close()


def test_closing_at_the_worst_moment_does_not_hang(tmp_path: Path) -> None:
    """Right behind the pause, before the thread forgets that something was written: a
    recovery would wait for ever."""
    store = SqliteStore(tmp_path / "a.db")
    made = store._checkpoints

    class Between(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            if timeout is None:
                return super().wait()
            self.set()
            made._written.set()
            return False

    made._closing = Between()
    store.commit([begin("a")])
    made._thread.join(5)
    assert not made._thread.is_alive()
    store.close()
