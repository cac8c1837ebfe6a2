"""Many writes as one SQL statement, for SQLite.

The driver hands the interpreter's lock back and forth around every step of a statement.
A batch that were a statement per row would have the writer's thread wait for the event
loop hundreds of times; so the rows of a batch are bound to one INSERT into a temporary
view, whose triggers write them to the tables. Alone, that statement is the transaction
too: begin, rows and commit happen in one call, while the event loop goes on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from functools import lru_cache

from magicflow.store.model import Conflict, OutboxChange, Transition

_COLUMNS = (
    "run_id, version, status, at, ended_at, event, changes, history, history_end, "
    "workflow, workflow_version, plan_hash, created_at, idempotency_key, foreign_id, "
    "priority, parent, retry_of, info, "
    "opened, changed, key, name, due, delivery, payload, closed, closed_key"
)
"""A transition, the run that it begins (from `workflow` on), and one outbox row that it
opens or changes and one that it closes: `opened`, `changed` and `closed` are kinds. More
outbox rows are rows of their own, without a status.

What is absent is a value of another type, because the driver takes ten times as long to
bind null: the number 0 for a text, an empty text for a number."""

_WIDTH = _COLUMNS.count(",") + 1
_ROW = f"({','.join('?' * _WIDTH)})"
MOST_ROWS = 512
"""In one statement; SQLite binds at least 32,766 values."""

_NOT_BEGUN = (0,) * 10
_NOTHING_OPENED = (0,) * 7
_NOTHING_CLOSED = (0, 0)
_NO_TRANSITION = (0,) * 18

Values = list[object]
"""The members of rows, one row after the other."""

_OTHER_VERSION = "another version"

_TRIGGERS = {
    "NEW.workflow <> 0": """
        INSERT INTO runs (id, workflow, workflow_version, plan_hash, status, version,
            created_at, updated_at, ended_at, idempotency_key, foreign_id, priority,
            parent, retry_of, info)
        VALUES (NEW.run_id, NEW.workflow, NEW.workflow_version, NEW.plan_hash,
            NEW.status, NEW.version, NEW.created_at, NEW.at, NULLIF(NEW.ended_at, ''),
            NULLIF(NEW.idempotency_key, 0), NULLIF(NEW.foreign_id, 0), NEW.priority,
            NULLIF(NEW.parent, 0), NULLIF(NEW.retry_of, 0), NEW.info);""",
    "NEW.status <> 0 AND NEW.workflow = 0": f"""
        UPDATE runs SET version = NEW.version, status = NEW.status,
            updated_at = NEW.at, ended_at = NULLIF(NEW.ended_at, '')
        WHERE id = NEW.run_id AND version = NEW.version - 1;
        SELECT RAISE(ABORT, '{_OTHER_VERSION}') WHERE changes() = 0;""",
    # version 0 is accepted and not started: nothing has happened yet
    "NEW.status <> 0 AND NEW.version > 0": """
        INSERT INTO log (run_id, version, at, event, changes, history, history_end)
        VALUES (NEW.run_id, NEW.version, NEW.at, NEW.event, NEW.changes, NEW.history,
            NEW.history_end);""",
    "NEW.opened <> 0": """
        INSERT OR REPLACE INTO outbox
            (run_id, kind, key, name, due, delivery, payload)
        VALUES (NEW.run_id, NEW.opened, NEW.key, NEW.name, NULLIF(NEW.due, ''),
            NEW.delivery, NEW.payload);""",
    "NEW.changed <> 0": """
        UPDATE outbox SET delivery = NEW.delivery, payload = NEW.payload
        WHERE run_id = NEW.run_id AND kind = NEW.changed AND key = NEW.key;""",
    "NEW.closed <> 0": """
        DELETE FROM outbox WHERE run_id = NEW.run_id AND kind = NEW.closed
            AND key = NEW.closed_key;""",
}


def open_sink(connection: sqlite3.Connection) -> None:
    """Make the view and its triggers; they belong to the connection, not to the file."""
    members = ", ".join(f"NULL AS {name}" for name in _COLUMNS.split(", "))
    connection.execute(f"CREATE TEMP VIEW sink AS SELECT {members}")
    for number, (when, statements) in enumerate(_TRIGGERS.items()):
        connection.execute(
            f"CREATE TEMP TRIGGER sink_{number} INSTEAD OF INSERT ON sink "
            f"WHEN {when} BEGIN {statements} END"
        )


def values_of(writes: Iterable[Transition | OutboxChange]) -> Values:
    """The writes as rows of the sink, in order. What a transition opens and closes
    again is closed behind: which trigger of one row comes first is not defined."""
    values: Values = []
    for write in writes:
        if isinstance(write, Transition):
            behind = _closes_its_own(write)
            _add_transition(values, write, behind)
            opened = write.opened[1:]
            closed = write.closed if behind else write.closed[1:]
        else:
            for e in write.changed:
                values += (e.run_id, *_NO_TRANSITION, 0, e.kind, e.key, 0, 0)
                values += (e.delivery, e.payload, *_NOTHING_CLOSED)
            opened, closed = [], write.closed
        for e in opened:
            values += (e.run_id, *_NO_TRANSITION, e.kind, 0, e.key, e.name)
            values += ("" if e.due is None else e.due, e.delivery, e.payload)
            values += _NOTHING_CLOSED
        for run_id, kind, key in closed:
            values += (run_id, *_NO_TRANSITION, *_NOTHING_OPENED, kind, key)
    return values


def _closes_its_own(write: Transition) -> bool:
    """Whether the first row that the transition closes is one that it opens."""
    if not write.closed:
        return False
    _, kind, key = write.closed[0]
    return any(e.key == key and e.kind == kind for e in write.opened)


def _add_transition(values: Values, write: Transition, behind: bool) -> None:
    """A transition with the first row that it opens and, unless it has to be closed
    behind, the first that it closes."""
    values += (
        write.run_id,
        write.version,
        write.status,
        write.at,
        "" if write.ended_at is None else write.ended_at,
        write.event,
        write.changes,
        write.history,
        write.history_end,
    )
    run = write.begins
    if run is None:
        values += _NOT_BEGUN
    else:
        values += (
            run.workflow,
            run.workflow_version,
            run.plan_hash,
            run.created_at,
            run.idempotency_key or 0,
            run.foreign_id or 0,
            run.priority,
            run.parent or 0,
            run.retry_of or 0,
            run.info,
        )
    if write.opened:
        e = write.opened[0]
        due = "" if e.due is None else e.due
        values += (e.kind, 0, e.key, e.name, due, e.delivery, e.payload)
    else:
        values += _NOTHING_OPENED
    if write.closed and not behind:
        values += write.closed[0][1:]
    else:
        values += _NOTHING_CLOSED


def parts_of(values: Values) -> Iterator[Values]:
    """The rows of `values_of` in as many parts as they need statements."""
    most = MOST_ROWS * _WIDTH
    if 0 < len(values) <= most:
        yield values
        return
    for start in range(0, len(values), most):
        yield values[start : start + most]


def write_values(connection: sqlite3.Connection, values: Values) -> None:
    """Write at most MOST_ROWS rows. Raises Conflict."""
    size = 1 << (len(values) // _WIDTH - 1).bit_length()
    # rows in which everything is absent are ignored: so there are few statements
    values += [0] * (size * _WIDTH - len(values))
    try:
        connection.execute(_statement(size), values)
    except sqlite3.IntegrityError as error:
        raise _conflict(error, str(values[0])) from None


@lru_cache(maxsize=16)
def _statement(size: int) -> str:
    return f"INSERT INTO sink ({_COLUMNS}) VALUES {','.join([_ROW] * size)}"


def _conflict(error: sqlite3.IntegrityError, run_id: str) -> Exception:
    text = str(error)
    if text == _OTHER_VERSION or text.startswith("UNIQUE constraint failed: log."):
        return Conflict("version", run_id)
    if text.startswith("UNIQUE constraint failed: runs."):
        return Conflict("key", run_id)
    return error
