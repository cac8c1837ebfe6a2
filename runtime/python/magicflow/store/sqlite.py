"""The store on one SQLite file: WAL, synchronous FULL, one transaction per batch.

The file belongs to one server at a time: `<file>.lock` is locked for as long as the
store is open, and the lock goes with the process, however it ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from magicflow.store.checkpoints import Checkpoints
from magicflow.store.migrations import MIGRATIONS
from magicflow.store.model import (
    Effect,
    Erasure,
    LogRow,
    OutboxChange,
    PlanRow,
    RunFilter,
    RunRow,
    Setting,
    StoreError,
    StoreInUse,
    Transition,
    Write,
)
from magicflow.store.sink import (
    Values,
    open_sink,
    parts_of,
    values_of,
    write_values,
)

_RUN_COLUMNS = (
    "id, workflow, workflow_version, plan_hash, status, version, created_at, "
    "updated_at, ended_at, idempotency_key, foreign_id, priority, parent, retry_of, info"
)
_EFFECT_COLUMNS = "run_id, kind, key, name, due, delivery, payload"
_INSERT_PLAN = "INSERT OR IGNORE INTO plans VALUES (?,?,?,?,?)"

_EMPTY_LOG = "PRAGMA wal_checkpoint(TRUNCATE)"
_FORGET_TRIES = 200
_OFTEN = (Transition, OutboxChange)  # a union would be made anew for each test


class SqliteStore:
    """`path` is created when it is not there.

    Raises StoreInUse when another server has the file, StoreError when it is no
    database of ours or one of a newer version.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._lock_file = self._own()
        self._read_lock = Lock()
        try:
            self._writer = self._connect()
            self._migrate()
            open_sink(self._writer)
            self._reader = self._connect()
        except BaseException:
            os.close(self._lock_file)
            raise
        self._checkpoints = Checkpoints(self._open)
        self._forgetting = False
        """Whether the write-ahead log still has what was erased."""
        self._closed = False

    def _own(self) -> int:
        lock = self.path.with_name(self.path.name + ".lock")
        try:
            handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(f"cannot open {lock}: {error.strerror}") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(handle, 20, 0).decode(errors="replace").strip()
            os.close(handle)
            raise StoreInUse(
                f"{self.path} is in use by another server (process {owner or '?'})"
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        return handle

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, timeout=10
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("PRAGMA secure_delete = ON")
        return connection

    def _connect(self) -> sqlite3.Connection:
        with _translated("cannot open"):
            return self._open()

    def _migrate(self) -> None:
        with _translated("cannot migrate"):
            (version,) = self._writer.execute("PRAGMA user_version").fetchone()
            if version > len(MIGRATIONS):
                raise StoreError(
                    f"{self.path} has schema version {version}; this server knows "
                    f"versions up to {len(MIGRATIONS)}"
                )
            for number, script in enumerate(MIGRATIONS[version:], version + 1):
                self._writer.executescript(
                    f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;"
                )

    def commit(self, writes: Sequence[Write]) -> None:
        often: list[Transition | OutboxChange] = []
        seldom: list[PlanRow | Setting | Erasure] = []
        for write in writes:
            if isinstance(write, _OFTEN):
                often.append(write)
            else:
                seldom.append(write)
        parts = [*parts_of(values_of(often))]
        with _translated("cannot write"):
            if seldom or len(parts) > 1:
                self._commit_parts(parts, seldom)
            elif parts:
                write_values(self._writer, parts[0])
        self._checkpoints.committed(self._writer)
        if self._forgetting or any(isinstance(write, Erasure) for write in seldom):
            self._forgetting = not self._forget_erased()

    def _commit_parts(
        self, parts: list[Values], seldom: list[PlanRow | Setting | Erasure]
    ) -> None:
        writer = self._writer
        writer.execute("BEGIN IMMEDIATE")
        try:
            for values in parts:
                write_values(writer, values)
            for write in seldom:
                _write_seldom(writer, write)
            writer.execute("COMMIT")
        except BaseException:
            if writer.in_transaction:
                writer.execute("ROLLBACK")
            raise

    def _forget_erased(self) -> bool:
        """What was erased is overwritten in the file (`secure_delete`); the write-ahead
        log has older copies until it is emptied. False when it could not be emptied:
        the next commit does it."""
        for _ in range(_FORGET_TRIES):
            try:
                with self._read_lock:
                    row = self._writer.execute(_EMPTY_LOG).fetchone()
            except sqlite3.Error:
                return False
            if row[0] == 0:
                return True
            time.sleep(0.01)  # another checkpoint is under way
        return False

    def reopen(self) -> None:
        with _translated("cannot reopen"):
            self._disconnect()
            self._writer = self._connect()
            self._reader = self._connect()
            self._writer.execute("BEGIN IMMEDIATE")
            self._writer.execute(
                "INSERT INTO settings VALUES ('probe', '1') "
                "ON CONFLICT (name) DO UPDATE SET value = value + 1"
            )
            self._writer.execute("COMMIT")
            open_sink(self._writer)
        self._checkpoints = Checkpoints(self._open)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._disconnect()
        os.close(self._lock_file)

    def _disconnect(self) -> None:
        self._checkpoints.close()
        for connection in (self._reader, self._writer):
            with self._read_lock, contextlib.suppress(sqlite3.Error):
                connection.close()

    def run(self, run_id: str) -> RunRow | None:
        rows = self._read(f"SELECT {_RUN_COLUMNS} FROM runs WHERE id = ?", run_id)
        return RunRow(*rows[0]) if rows else None

    def runs(
        self, wanted: RunFilter, before: str | None = None, limit: int = 100
    ) -> list[RunRow]:
        where, values = _conditions(wanted, before)
        rows = self._read(
            f"SELECT {_RUN_COLUMNS} FROM runs {where} ORDER BY id DESC LIMIT ?",
            *values,
            limit,
        )
        return [RunRow(*row) for row in rows]

    def run_of_key(self, workflow: str, key: str) -> str | None:
        rows = self._read(
            "SELECT id FROM runs WHERE workflow = ? AND idempotency_key = ?",
            workflow,
            key,
        )
        return rows[0][0] if rows else None

    def open_run_of(self, workflow: str, foreign_id: str) -> str | None:
        rows = self._read(
            "SELECT id FROM runs WHERE foreign_id = ? AND workflow = ? "
            "AND ended_at IS NULL ORDER BY id DESC LIMIT 1",
            foreign_id,
            workflow,
        )
        return rows[0][0] if rows else None

    def log(
        self, run_id: str, after: int = 0, limit: int | None = None
    ) -> list[LogRow]:
        rows = self._read(
            "SELECT version, at, event, changes, history, history_end FROM log "
            "WHERE run_id = ? AND version > ? ORDER BY version LIMIT ?",
            run_id,
            after,
            -1 if limit is None else limit,
        )
        return [LogRow(*row) for row in rows]

    def effects(self, kinds: Iterable[str], run_id: str | None = None) -> list[Effect]:
        wanted = sorted(kinds)
        marks = ",".join("?" * len(wanted))
        of_run, values = ("", []) if run_id is None else (" AND run_id = ?", [run_id])
        rows = self._read(
            f"SELECT {_EFFECT_COLUMNS} FROM outbox WHERE kind IN ({marks}){of_run} "
            "ORDER BY run_id, kind, key",
            *wanted,
            *values,
        )
        return [Effect(*row) for row in rows]

    def timers(
        self, after: tuple[str, str] = ("", ""), limit: int = 1 << 40
    ) -> list[tuple[str, str, int]]:
        return self._read(
            "SELECT run_id, key, due FROM outbox WHERE kind = 'timer' "
            "AND (run_id, kind, key) > (?, 'timer', ?) "
            "ORDER BY run_id, kind, key LIMIT ?",
            *after,
            limit,
        )

    def expired(
        self, workflow: str, statuses: Iterable[str], before: int, limit: int
    ) -> list[str]:
        wanted = sorted(statuses)
        marks = ",".join("?" * len(wanted))
        rows = self._read(
            f"SELECT id FROM runs WHERE workflow = ? AND status IN ({marks}) "
            "AND ended_at < ? ORDER BY id LIMIT ?",
            workflow,
            *wanted,
            before,
            limit,
        )
        return [row[0] for row in rows]

    def listeners(self, event: str) -> list[Effect]:
        rows = self._read(
            f"SELECT {_EFFECT_COLUMNS} FROM outbox WHERE kind = 'listen' AND name = ? "
            "ORDER BY run_id, key",
            event,
        )
        return [Effect(*row) for row in rows]

    def plan(self, hash: str) -> PlanRow | None:
        rows = self._read("SELECT * FROM plans WHERE hash = ?", hash)
        return PlanRow(*rows[0]) if rows else None

    def plans(self) -> list[PlanRow]:
        rows = self._read("SELECT * FROM plans ORDER BY created_at, hash")
        return [PlanRow(*row) for row in rows]

    def setting(self, name: str) -> str | None:
        rows = self._read("SELECT value FROM settings WHERE name = ?", name)
        return rows[0][0] if rows else None

    def count_open(self) -> int:
        rows = self._read(
            # the partial index alone answers this
            "SELECT count(*) FROM runs WHERE status <> 'completed' "
            "AND status IN ('queued', 'running', 'waiting', 'paused')"
        )
        return int(rows[0][0])

    def size(self) -> int:
        names = ("", "-wal")
        files = (self.path.with_name(self.path.name + name) for name in names)
        return sum(file.stat().st_size for file in files if file.exists())

    def _read(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._read_lock, _translated("cannot read"):
            return self._reader.execute(query, values).fetchall()


def _write_seldom(
    connection: sqlite3.Connection, write: PlanRow | Setting | Erasure
) -> None:
    if isinstance(write, PlanRow):
        row = (write.hash, write.workflow, write.version, write.plan, write.created_at)
        connection.execute(_INSERT_PLAN, row)
    elif isinstance(write, Setting) and write.value is None:
        connection.execute("DELETE FROM settings WHERE name = ?", (write.name,))
    elif isinstance(write, Setting):
        setting = (write.name, write.value)
        connection.execute("INSERT OR REPLACE INTO settings VALUES (?,?)", setting)
    else:
        for table, column in (("outbox", "run_id"), ("log", "run_id"), ("runs", "id")):
            connection.execute(
                f"DELETE FROM {table} WHERE {column} = ?", (write.run_id,)
            )


def _conditions(wanted: RunFilter, before: str | None) -> tuple[str, list[object]]:
    parts: list[tuple[str, list[object]]] = []
    if before is not None:
        parts.append(("id < ?", [before]))
    for column in ("workflow", "foreign_id", "parent"):
        value = getattr(wanted, column)
        if value is not None:
            parts.append((f"{column} = ?", [value]))
    if wanted.status is not None:
        marks = ",".join("?" * len(wanted.status))
        parts.append((f"status IN ({marks})", [*sorted(wanted.status)]))
        if "completed" not in wanted.status:
            # says the condition of the partial index, so that it can be used
            parts.append(("status <> 'completed'", []))
    if wanted.created_from is not None:
        parts.append(("created_at >= ?", [wanted.created_from]))
    if wanted.created_to is not None:
        parts.append(("created_at < ?", [wanted.created_to]))
    if wanted.open_only:
        parts.append(("ended_at IS NULL AND status <> 'completed'", []))
    where = " AND ".join(condition for condition, _ in parts)
    return (f"WHERE {where}" if where else ""), [v for _, vs in parts for v in vs]


@contextlib.contextmanager
def _translated(what: str) -> Iterator[None]:
    """Every error of SQLite becomes a StoreError: the engine knows no driver."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"{what} the database: {error}") from error
