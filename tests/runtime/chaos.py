"""Kill servers and workers, then look whether every promise was kept.

    python -m tests.runtime.chaos --rounds 200        what `make chaos` runs

A round starts runs through the client while the server (or the worker) is killed with
SIGKILL at a random moment or at a labelled point; then it is started again, until every
run that was acknowledged has ended; then `verify` reads the database.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "runtime" / "python")]

from magicflow.client import Client, ClientError, Retries  # noqa: E402
from magicflow.core import fold, replay  # noqa: E402
from magicflow.engine.encoding import decode  # noqa: E402
from magicflow.engine.faults import LABELS  # noqa: E402
from magicflow.plan import load_plan  # noqa: E402
from magicflow.store import RunFilter, SqliteStore  # noqa: E402

HERE = Path(__file__).parent
TERMINAL = {"run_completed", "run_failed", "run_timed_out", "run_cancelled"}
NO_RETRY = Retries(attempts=1)


class Process:
    def __init__(self, script: str, *arguments: str, fault: str | None = None) -> None:
        environment = {k: v for k, v in os.environ.items() if k != "MAGICFLOW_FAULT"}
        if fault is not None:
            environment["MAGICFLOW_FAULT"] = fault
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / script), *arguments],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert self.process.stdout is not None
        self.first_line = self.process.stdout.readline().strip()
        assert self.first_line, f"{script} did not come up"

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@contextmanager
def process(
    script: str, *arguments: str, fault: str | None = None
) -> Iterator[Process]:
    running = Process(script, *arguments, fault=fault)
    try:
        yield running
    finally:
        running.kill()


class Load:
    """Starts runs from several threads until it is told to stop, or the server is gone;
    `acknowledged` are the ids that the server answered."""

    def __init__(self, url: str, name: str, count: int, threads: int = 4) -> None:
        self.acknowledged: dict[str, str] = {}
        self._url = url
        self._left = [f"{name}-{n}" for n in range(count)]
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, daemon=True) for _ in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        with Client(self._url, retries=NO_RETRY, timeout=5) as client:
            while True:
                with self._lock:
                    if not self._left:
                        return
                    key = self._left.pop()
                try:
                    started = client.start("three", {"n": 1}, idempotency_key=key)
                except ClientError:
                    return  # killed; whether this one was started is unknown
                with self._lock:
                    self.acknowledged[key] = started.id

    def join(self) -> None:
        for thread in self._threads:
            thread.join(30)


def finish(url: str, seconds: float = 60) -> None:
    """Wait until no run is open."""
    end = time.monotonic() + seconds
    with Client(url) as client:
        while True:
            open_runs, _ = client.executions(limit=1, open="true")
            if not open_runs:
                return
            if time.monotonic() > end:
                raise AssertionError(f"run {open_runs[0].id} does not end")
            time.sleep(0.01)


def verify(database: Path, effects: Path, acknowledged: dict[str, str]) -> int:
    """Every promise, read from the database; gives the number of runs."""
    store = SqliteStore(database)
    try:
        runs = store.runs(RunFilter(), limit=1_000_000)
        by_id = {row.id: row for row in runs}
        lost = [run_id for run_id in acknowledged.values() if run_id not in by_id]
        assert not lost, f"acknowledged and lost: {lost}"
        keys = Counter(row.idempotency_key for row in runs)
        assert set(keys.values()) <= {1}, "an idempotency key started two runs"
        for row in runs:
            _verify_run(store, row.id)
        assert not store.effects(
            ("task", "timer", "event", "child")
        ), "the outbox stands"
    finally:
        store.close()
    lines = effects.read_text().splitlines() if effects.exists() else []
    once = {line.split(" ")[0] for line in lines}
    wanted = {f"{row.id}:{step}" for row in runs for step in "abc"}
    assert once == wanted, f"effects: {len(once)} keys, {len(wanted)} wanted"
    assert all(line.endswith(" 1") for line in lines), "a redelivery used an attempt"
    return len(runs)


def _verify_run(store: SqliteStore, run_id: str) -> None:
    row = store.run(run_id)
    assert row is not None and row.status == "completed", f"{run_id}: {row}"
    log = store.log(run_id)
    assert [entry.version for entry in log] == list(range(1, len(log) + 1))
    assert len(log) == row.version
    history = [entry for rows in log for entry in decode(rows.history)]
    assert [entry["n"] for entry in history] == list(range(1, len(history) + 1))
    ends = [entry["type"] for entry in history if entry["type"] in TERMINAL]
    assert ends == ["run_completed"], f"{run_id}: {ends}"
    results = Counter(
        event["task_id"]
        for event in (decode(entry.event) for entry in log)
        if event["type"] == "task_result"
    )
    assert results == {"a": 1, "b": 1, "c": 1}, f"{run_id}: {results}"
    plan = store.plan(row.plan_hash)
    assert plan is not None
    stored = fold(decode(entry.changes) for entry in log)
    replayed = replay(load_plan(decode(plan.plan)), [decode(e.event) for e in log])
    assert stored == replayed, f"{run_id}: history gives another state"
    assert stored["run"]["output"] == {"n": 4}


def kill_server_rounds(
    folder: Path, rounds: int, runs: int, fault: str | None = None, seed: int = 0
) -> int:
    """Rounds on one database; gives the number of runs at the end."""
    dice = random.Random(seed)
    database, effects = folder / "runs.db", folder / "effects"
    arguments = (str(database), str(effects))
    acknowledged: dict[str, str] = {}
    for number in range(rounds):
        point = None if fault is None else f"{fault}:{dice.randint(1, 40)}"
        with process("crash_server.py", *arguments, fault=point) as server:
            load = Load(server.first_line, f"{fault}-{number}", runs)
            deadline = time.monotonic() + (
                0.02 + dice.random() * 0.4 if not fault else 10
            )
            while server.alive and time.monotonic() < deadline:
                time.sleep(0.002)
            if fault is not None:
                assert not server.alive, f"{point} was never reached"
            server.kill()
            load.join()
            acknowledged |= load.acknowledged
    with process("crash_server.py", *arguments) as server:
        finish(server.first_line)
    return verify(database, effects, acknowledged)


def kill_worker_rounds(folder: Path, rounds: int, runs: int, seed: int = 0) -> int:
    """Workers are killed during steps and between effect and report."""
    dice = random.Random(seed)
    database, effects = folder / "runs.db", folder / "effects"
    server_arguments = (str(database), str(effects), "--remote", "--lease", "0.4")
    with process("crash_server.py", *server_arguments) as server:
        load = Load(server.first_line, "worker", runs)
        for _ in range(rounds):
            with process("crash_worker.py", server.first_line, str(effects)):
                time.sleep(0.2 + dice.random() * 0.3)
        load.join()
        with process("crash_worker.py", server.first_line, str(effects)):
            finish(server.first_line)
    return verify(database, effects, load.acknowledged)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--runs", type=int, default=100, help="runs per round")
    given = parser.parse_args()
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    with tempfile.TemporaryDirectory() as name:
        for fault in (None, *LABELS):
            folder = Path(name) / (fault or "random")
            folder.mkdir()
            rounds = given.rounds if fault is None else max(given.rounds // 10, 1)
            count = kill_server_rounds(folder, rounds, given.runs, fault, seed)
            print(
                f"server killed, {fault or 'at random'}: {rounds} rounds, {count} runs: kept"
            )
        folder = Path(name) / "worker"
        folder.mkdir()
        count = kill_worker_rounds(folder, given.rounds // 10, given.runs, seed)
        print(f"worker killed: {count} runs: kept")


if __name__ == "__main__":
    main()
