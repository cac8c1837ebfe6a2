"""The Python server as the harness wants a server: see `processes.py` for the contract."""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "runtime" / "python")]

from magicflow.engine.clock import SystemClock  # noqa: E402
from magicflow.server import ServerConfig, serve, serving  # noqa: E402
from magicflow.store import SqliteStore, StoreError, Write  # noqa: E402

from tests.runtime.faults.handlers import handlers  # noqa: E402


def move_clock(file: Path) -> None:
    """The wall clock is moved by as many milliseconds as the file says."""
    real = SystemClock.now
    moved = [int(file.read_text())]

    def watch() -> None:
        while True:
            time.sleep(0.02)
            text = file.read_text().strip()
            if text:
                moved[0] = int(text)

    SystemClock.now = lambda self: real(self) + moved[0]  # type: ignore[method-assign]
    SystemClock.LONGEST = 200
    threading.Thread(target=watch, daemon=True).start()


def forget_commit(number: int) -> None:
    """The commit with this number takes hold, and nobody hears of it."""

    class Forgetful(SqliteStore):
        left = number

        def commit(self, writes: Sequence[Write]) -> None:
            super().commit(writes)
            self.left -= 1
            if self.left == 0:
                raise StoreError("timeout")

    serving.SqliteStore = Forgetful  # type: ignore[misc]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--plans", required=True, type=Path)
    parser.add_argument("--effects", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--remote", action="store_true")
    parser.add_argument("--lease", type=int, default=30_000, help="milliseconds")
    parser.add_argument("--clock", type=Path)
    parser.add_argument("--unknown-commit", type=int)
    given = parser.parse_args()
    if given.clock is not None:
        move_clock(given.clock)
    if given.unknown_commit is not None:
        forget_commit(given.unknown_commit)
    config = ServerConfig(
        port=given.port,
        database=given.database,
        auth=False,
        lease=given.lease / 1000,
        log_level="error",
    )
    executors = {} if given.remote else {"svc": handlers(given.effects)}
    serve(
        json.loads(given.plans.read_text()),
        config,
        executors,
        ready=lambda at: print(f"http://{at[0]}:{at[1]}", flush=True),
    )


if __name__ == "__main__":
    main()
