"""The disk below the server fails, by the kernel's hand: writes find no room, an
`fdatasync` reports an error, a commit takes hold and nobody hears of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.languages import lack
from tests.runtime.faults.load import Load, finish
from tests.runtime.faults.processes import DidNotStart, Place
from tests.runtime.faults.rounds import verify


def failures(place: Place) -> float:
    return place.metric("magicflow_store_failures_total")


def wait_for(what: str, seconds: float, look: object) -> None:
    end = time.monotonic() + seconds
    while not look():  # type: ignore[operator]
        assert time.monotonic() < end, f"{what} did not happen"
        time.sleep(0.02)


def test_a_full_disk_stops_everything_until_it_is_freed(place: Place) -> None:
    """From the first failed commit on nothing is acknowledged, small or large; when
    there is room again the server recovers by itself."""
    with place.server("--remote", "--lease", "3000") as server, place.worker():
        load = Load(place, "full", 150, "mixed", patient=True)
        wait_for("a start", 10, lambda: len(load.times) > 20)
        server.limit_files(0)
        wait_for("a failure", 10, lambda: load.failures)
        time.sleep(0.5)  # answers from before may still be on their way
        failed = time.monotonic()
        time.sleep(1.0)
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
        assert len(acknowledged) == 150
        finish(place)
        assert failures(place) >= 1
        assert place.metric("magicflow_recoveries_total") >= 1
    assert verify(place, acknowledged) == 300, "with a child for each"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with 48 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        lack("only root may mount a small file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_small_file_system_that_fills_up(place: Place, small_disk: Path) -> None:
    place.database = small_disk / "runs.db"
    rest = small_disk / "rest"
    with place.server("--remote", "--lease", "3000"), place.worker():
        load = Load(place, "small", 400, patient=True)
        wait_for("a start", 10, lambda: len(load.times) > 20)
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
    assert verify(place, acknowledged) == 400


def fill(file: Path) -> None:
    with file.open("ab", buffering=0) as rest:
        for size in (65536, 4096, 512, 1):
            try:
                while True:
                    rest.write(b"x" * size)
            except OSError:
                continue


@pytest.mark.parametrize("at", [9, 16])
def test_an_fdatasync_that_fails_once(place: Place, tmp_path: Path, at: int) -> None:
    """What was in that batch is unknown: the engine looks what there is. It must not
    write on, and take the next `fdatasync` that works for the one that failed: the
    next thing that it writes is in a log that was opened again."""
    if shutil.which("strace") is None:
        lack("strace makes system calls fail, and is not installed")
    log = tmp_path / "calls"
    calls = "open,openat,fdatasync,fsync,pwrite64"
    inject = f"inject=fdatasync,fsync:error=EIO:when={at}"
    tracer = [
        "strace",
        "-D",
        "-f",
        "-y",
        "-o",
        str(log),
        "-e",
        f"trace={calls}",
        "-e",
        inject,
    ]
    with place.server("--remote", "--lease", "3000", tracer=tracer), place.worker():
        load = Load(place, "sync", 100, patient=True)
        acknowledged = load.join()
        finish(place)
        assert failures(place) >= 1
        assert place.metric("magicflow_recoveries_total") >= 1
    assert verify(place, acknowledged) == 100
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


@pytest.mark.parametrize("number", [2, 5, 11])
def test_a_commit_that_took_hold_and_reported_a_timeout(
    place: Place, number: int
) -> None:
    with place.server("--unknown-commit", str(number)):
        load = Load(place, "unknown", 60, "mixed", patient=True)
        acknowledged = load.join()
        finish(place)
        assert failures(place) == 1
        assert place.metric("magicflow_recoveries_total") == 1
    assert verify(place, acknowledged) == 120


def test_a_second_server_on_the_file_is_refused(place: Place) -> None:
    with place.server() as first:
        load = Load(place, "two", 50)
        other = Place(place.folder, place.language)
        with pytest.raises(DidNotStart, match=f"in use by another server.*{first.pid}"):
            other.start()
        acknowledged = load.join()
        finish(place)
    assert verify(place, acknowledged) == 50
