"""Moving the write-ahead log into the file, aside from commits.

A checkpoint writes pages all over the file and waits for the disk: inside a commit, as
SQLite does it by itself, everybody who waits for that commit waits for it too.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from threading import Event, Thread

PAUSE = 0.05
"""Seconds between two checkpoints while there is something to write. Each syncs what it
wrote, and a commit that meets it waits for that: often and little holds nobody up for
long, and what is left to the writer when the log is long is next to nothing."""
LONG = 8_192
"""Pages of the log (32 MiB) beyond which the writer helps to start it anew."""

_CHECKPOINT = "PRAGMA wal_checkpoint(PASSIVE)"


class Checkpoints:
    """Checkpoints on a thread and a connection of their own.

    The log starts anew when a checkpoint has reached its end and nothing was written
    since. While commits follow each other closely that never happens; so when the log
    has become long, the writer does the rest itself, which then is short.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._written = Event()
        self._closing = Event()
        self._long = False
        self._thread = Thread(
            target=self._work, name="magicflow-checkpoints", daemon=True
        )
        self._thread.start()

    def committed(self, writer: sqlite3.Connection) -> None:
        """Something was written. On the writer's thread, after the commit."""
        if not self._written.is_set():
            self._written.set()
        if self._long:
            self._long = False
            with contextlib.suppress(sqlite3.Error):
                writer.execute(_CHECKPOINT)

    def close(self) -> None:
        self._closing.set()
        self._written.set()
        self._thread.join()

    def _work(self) -> None:
        connection: sqlite3.Connection | None = None
        while True:
            self._written.wait()
            if self._closing.wait(PAUSE):
                break
            self._written.clear()
            if self._closing.is_set():
                break  # `close` came in between, and its call was just cleared
            try:
                connection = connection or self._connect()
                _, pages, _ = connection.execute(_CHECKPOINT).fetchone()
                self._long = pages > LONG
            except sqlite3.Error:
                # a disk that is full or fails: commits tell of it, and the log keeps
                # everything until a later checkpoint works
                _close(connection)
                connection = None
        _close(connection)


def _close(connection: sqlite3.Connection | None) -> None:
    if connection is not None:
        with contextlib.suppress(sqlite3.Error):
            connection.close()
