"""What a hundred thousand waiting runs cost: memory, and the time of a restart.

    python tests/bench/bench_restart.py [--runs 100000] [--repeat 3]

Fills a database with runs that wait for a day, in an engine as a server has it; then
starts a server on it, several times, once after kill -9. A restart is measured from the
start of the process to its first answer over HTTP.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATH = [str(ROOT), str(ROOT / "runtime" / "python")]
PLANS = """
import sys
sys.path[:0] = {path!r}
from tests.runtime.plans import plan, three_steps
PLANS = [plan({{"w": {{"kind": "wait", "duration": 86_400_000}}}}, ["w"], name="waits"), three_steps()]
"""
FILL = """
import asyncio, resource
from magicflow.engine import Engine, StartRequest
from magicflow.store import SqliteStore
async def main():
    engine = Engine(SqliteStore({database!r}))
    for each in PLANS:
        engine.deploy(each)
    await engine.open()
    for _ in range({runs} // 500):
        starts = [engine.begin(StartRequest("waits", {{"n": 1}}))[1] for _ in range(500)]
        await asyncio.gather(*starts)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, flush=True)
    await engine.close(0)
asyncio.run(main())
"""
SERVE = """
from magicflow.server import ServerConfig, serve
config = ServerConfig(port=0, database={database!r}, auth=False, log_level="error")
serve(PLANS, config, {{}},
      ready=lambda at: print(f"http://{{at[0]}}:{{at[1]}}", flush=True))
"""


def start(program: str, database: Path, runs: int) -> subprocess.Popen[str]:
    text = (PLANS + program).format(path=PATH, database=str(database), runs=runs)
    return subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, text=True
    )


def restart(database: Path, runs: int, kill: bool) -> tuple[float, float, float]:
    """Seconds until the first answer, processor seconds until then, RSS in MB when all
    timers have been armed."""
    began = time.perf_counter()
    server = start(SERVE, database, runs)
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        with urllib.request.urlopen(f"{url}/api/v2/executions?limit=1") as answer:
            assert len(json.load(answer)["executions"]) == 1
        took, used = time.perf_counter() - began, processor(server.pid)
        while gauge(url, "magicflow_timers") < runs:
            time.sleep(0.02)
        assert gauge(url, "magicflow_runs_open") == runs
        return took, used, memory(server.pid)
    finally:
        server.kill() if kill else server.terminate()
        server.wait()


def gauge(url: str, name: str) -> float:
    with urllib.request.urlopen(f"{url}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return next(
        float(line.split(" ")[1]) for line in lines if line.startswith(f"{name} ")
    )


def processor(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    print(
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {given.runs} waiting "
        f"runs, worst of {given.repeat}"
    )
    with tempfile.TemporaryDirectory(dir=ROOT) as folder:
        database = Path(folder) / "bench.db"
        filling = start(FILL, database, given.runs)
        told, _ = filling.communicate()
        size = database.stat().st_size / 2**20
        print(f"started: RSS {told.strip()} MB, database {size:.0f} MB")
        for name, kill in (("restart", False), ("restart after kill -9", True)):
            if kill:
                restart(database, given.runs, kill)
            measured = [
                restart(database, given.runs, kill) for _ in range(given.repeat)
            ]
            took, used, rss = (max(part) for part in zip(*measured, strict=True))
            print(
                f"{name:<22} first answer after {took * 1000:.0f} ms "
                f"(processor {used * 1000:.0f} ms), RSS {rss:.0f} MB"
            )


if __name__ == "__main__":
    main()
