"""The disk below the server fails, by the kernel's hand: writes find no room, an
`fdatasync` reports an error, a commit takes hold and nobody hears of it. Each function is
one round on a place of its own, and ends with the check of every promise."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx

from tests.runtime.faults.load import Load, finish, wait_for
from tests.runtime.faults.processes import DidNotStart, Lacking, Place
from tests.runtime.faults.rounds import verify

LARGE = 250_000
"""Bytes; a value has at most 256 KiB."""
REMOTE = ("--remote", "--lease", "3000")


def failures(place: Place) -> float:
    return place.metric("magicflow_store_failures_total")


def recoveries(place: Place) -> float:
    return place.metric("magicflow_recoveries_total")


def full(place: Place, runs: int, begun: int = 20, seconds: float = 1.0) -> None:
    """From the first failed commit on nothing is acknowledged, small or large; when
    there is room again the server recovers by itself. The disk becomes full when so many
    runs have begun, and is freed so many seconds after everybody has noticed."""
    with place.server(*REMOTE) as server, place.worker():
        load = Load(place, "full", runs, "mixed", patient=True)
        wait_for("a start", 10, lambda: len(load.times) > begun)
        server.limit_files(0)
        wait_for("a failure", 10, lambda: load.failures)
        time.sleep(0.5)  # answers from before may still be on their way
        failed = time.monotonic()
        time.sleep(seconds)
        assert httpx.get(f"{place.url}/health").json()["status"] == "degraded"
        tiny = httpx.post(
            f"{place.url}/api/v2/workflows/three/execute", json={"input": {"n": 1}}
        )
        assert tiny.status_code == 503
        assert tiny.headers["retry-after"] == "1"
        freed = time.monotonic()
        server.limit_files(None)
        acknowledged = load.join()
        assert not [at for at in load.times if failed <= at <= freed]
        assert len(acknowledged) == runs
        finish(place)
        assert failures(place) >= 1
        assert recoveries(place) >= 1
    assert verify(place, acknowledged) == 2 * runs, "with a child for each"


def room_for_small_ones(place: Place, runs: int) -> None:
    """No file may grow beyond a size that what is small does not reach. A large start
    fails each time; nobody overtakes it: small ones that were under way fail with it,
    and are taken when the server has recovered, by itself."""
    padding = "x" * LARGE
    large = {"input": {"n": 1, "label": padding}, "metadata": {"padding": padding}}
    url = f"{place.url}/api/v2/workflows/three/execute"
    acknowledged: dict[str, str] = {}

    def begin(key: str) -> bool:
        answer = httpx.post(url, json={**large, "idempotency_key": key})
        if answer.is_success:
            acknowledged[key] = answer.json()["execution_id"]
        else:
            assert answer.status_code == 503, answer.text
        return answer.is_success

    with place.server(*REMOTE) as server, place.worker():
        server.limit_files(4 * LARGE)  # the event, and what it changes
        load = Load(place, "small", runs, patient=True)
        wait_for("a start", 10, lambda: len(load.times) > 5)
        keys = [f"large-{number}" for number in range(5)]
        assert not [key for key in keys if begin(key)]
        acknowledged |= load.join()
        assert len(acknowledged) == runs
        assert failures(place) >= 1
        assert recoveries(place) >= 1
        finish(place)
        server.limit_files(None)
        for key in keys:
            wait_for("room", 10, partial(begin, key))
        finish(place)
    assert verify(place, acknowledged) == runs + len(keys)


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of its own with 48 MB. Raises Lacking."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        raise Lacking("only root may mount a small file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def small_file_system(place: Place, runs: int, begun: int = 20) -> None:
    """A file system fills up to the last byte, and is freed. Raises Lacking."""
    with small_disk(place.folder / "disk") as folder:
        place.database = folder / "runs.db"
        rest = folder / "rest"
        with place.server(*REMOTE), place.worker():
            load = Load(place, "small", runs, patient=True)
            wait_for("a start", 10, lambda: len(load.times) > begun)
            fill(rest)
            wait_for("a failure", 20, lambda: load.failures)
            failed = time.monotonic()
            time.sleep(0.5)
            fill(rest)  # what the recovery gave back
            time.sleep(0.5)
            freed = time.monotonic()
            rest.unlink()
            acknowledged = load.join()
            assert not [at for at in load.times if failed + 0.5 <= at <= freed]
            finish(place)
            assert failures(place) >= 1
        assert verify(place, acknowledged) == runs


def fill(file: Path) -> None:
    with file.open("ab", buffering=0) as rest:
        for size in (65536, 4096, 512, 1):
            try:
                while True:
                    rest.write(b"x" * size)
            except OSError:
                continue


def failing_sync(place: Place, at: int, runs: int) -> None:
    """The n-th `fdatasync` of a thread fails. What was in that batch is unknown: the
    engine looks what there is. It must not write on, and take the next `fdatasync` that
    works for the one that failed: the next thing that it writes is in a log that was
    opened again. Raises Lacking."""
    if shutil.which("strace") is None:
        raise Lacking("strace makes system calls fail, and is not installed")
    log = place.folder / "calls"
    calls = "trace=open,openat,fdatasync,fsync,pwrite64"
    inject = f"inject=fdatasync,fsync:error=EIO:when={at}"
    tracer = ["strace", "-D", "-f", "-y", "-o", str(log), "-e", calls, "-e", inject]
    with place.server(*REMOTE, tracer=tracer), place.worker():
        load = Load(place, "sync", runs, patient=True)
        acknowledged = load.join()
        finish(place)
        assert failures(place) >= 1
        assert recoveries(place) >= 1
    assert verify(place, acknowledged) == runs
    lines = log.read_text().splitlines()
    failed = [n for n, line in enumerate(lines) if "(INJECTED)" in line]
    failed = [n for n in failed if "runs.db-wal>" in lines[n]]
    assert any(_until_opened(lines, n) for n in failed), "the log was not opened again"


def _until_opened(lines: list[str], failed: int) -> bool:
    """Whether the log was opened again after a failure; nobody may have written to it
    in between as if nothing had been."""
    file = lines[failed].partition("sync(")[2].partition(")")[0]
    for line in lines[failed + 1 :]:
        if "open" in line and "runs.db-wal" in line:
            return True
        assert f"pwrite64({file}," not in line, "written on after a failure"
    return False


def unknown_commit(place: Place, number: int, runs: int) -> None:
    """The n-th commit takes hold and reports a timeout."""
    with place.server("--unknown-commit", str(number)):
        load = Load(place, "unknown", runs, "mixed", patient=True)
        acknowledged = load.join()
        finish(place)
        assert failures(place) == 1
        assert recoveries(place) == 1
    assert verify(place, acknowledged) == 2 * runs


def second_server(place: Place, runs: int) -> None:
    """Another server on the file refuses, with the first one's process id."""
    with place.server() as first:
        load = Load(place, "two", runs)
        other = Place(place.folder, place.language)
        try:
            other.start().kill()
            raise AssertionError("two servers have one file")
        except DidNotStart as error:
            text = str(error)
            assert "in use by another server" in text and str(first.pid) in text, text
        acknowledged = load.join()
        finish(place)
    assert verify(place, acknowledged) == runs
