"""How fast the server runs workflows of three durable steps in process.

    python tests/bench/bench_engine.py [--seconds 20] [--repeat 3] [--connections 64]

Starts a real server (SQLite, synchronous FULL, history, validation and metrics on), and
drives `POST …/execute?wait=30s` with wrk on the same cores. Prints the conditions and,
of all repetitions, the worst.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "runtime" / "python")]

BODY = json.dumps({"input": {"n": 1}})
LUA = f"""
wrk.method = "POST"
wrk.body = '{BODY}'
wrk.headers["Content-Type"] = "application/json"
done = function(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %f %f %f %d\\n",
    summary.requests, summary.duration,
    summary.errors.status + summary.errors.connect + summary.errors.read
      + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000, 0))
end
"""
SERVER = """
import sys
sys.path[:0] = {path!r}
from magicflow.server import ServerConfig, serve
from tests.runtime.plans import three_steps
async def add(input):
    return {{"n": input["n"] + 1}}
executors = {{}} if {remote} else {{"svc": {{"add": add}}}}
config = ServerConfig(port=0, database={database!r}, auth=False, log_level="error")
serve([three_steps()], config, executors,
      ready=lambda at: print(f"http://{{at[0]}}:{{at[1]}}", flush=True))
"""
WORKER = """
import sys
sys.path[:0] = {path!r}
from magicflow.worker import Worker
async def add(input):
    return {{"n": input["n"] + 1}}
worker = Worker("svc", {url!r}, concurrency=100)
worker.register_function("add", add)
print("up", flush=True)
worker.start()
"""


@dataclass
class Measurement:
    rate: float
    p50: float
    p99: float
    longest: float
    errors: int
    rss: float
    database: float


def start(program: str) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def drive(url: str, connections: int, seconds: float, script: Path) -> list[float]:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(int(seconds), 1)}s", "-s"]
    target = f"{url}/api/v2/workflows/three/execute?wait=30s"
    done = subprocess.run(
        [*command, str(script), target], capture_output=True, text=True, check=True
    )
    found = re.search(r"RESULT (.*)", done.stdout)
    if found is None:
        raise SystemExit(f"wrk said nothing that can be read:\n{done.stdout}")
    return [float(part) for part in found[1].split()]


def measure(connections: int, seconds: float, remote: bool) -> Measurement:
    with tempfile.TemporaryDirectory(dir=ROOT) as folder:
        database = Path(folder) / "bench.db"
        script = Path(folder) / "start.lua"
        script.write_text(LUA)
        path = [str(ROOT), str(ROOT / "runtime" / "python")]
        program = SERVER.format(path=path, remote=remote, database=str(database))
        server, url = start(program)
        worker = None
        try:
            if remote:
                worker, _ = start(WORKER.format(path=path, url=url))
            drive(url, connections, 2, script)  # warm up
            requests, micros, errors, p50, p99, longest, _ = drive(
                url, connections, seconds, script
            )
            time.sleep(0.2)
            return Measurement(
                requests / (micros / 1e6),
                p50,
                p99,
                longest,
                int(errors),
                memory(server.pid),
                sum(f.stat().st_size for f in Path(folder).glob("bench.db*")) / 2**20,
            )
        finally:
            if worker is not None:
                stop(worker)
            stop(server)


def memory(pid: int) -> float:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+)", status.read_text())
    return int(found[1]) / 1024 if found else 0.0


def show(name: str, results: list[Measurement]) -> dict[str, Any]:
    worst = min(results, key=lambda m: m.rate)
    print(
        f"{name:<34} {worst.rate:>7.0f}/s   p50 {worst.p50:>6.2f} ms   "
        f"p99 {worst.p99:>6.2f} ms   max {worst.longest:>7.2f} ms   "
        f"errors {worst.errors}   RSS {worst.rss:.0f} MB   db {worst.database:.0f} MB"
    )
    return {"name": name, **vars(worst)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--only", choices=["load", "single", "remote"])
    parser.add_argument("--json", type=Path, help="write the results there too")
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit(
            "bench: `wrk` is missing and drives the load; install it "
            "(`apt-get install -y wrk`) and run this again"
        )
    print(
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version} "
        f"(WAL, synchronous FULL), {os.cpu_count()} cores shared with wrk, "
        f"load {os.getloadavg()[0]:.1f}, "
        f"{given.seconds:.0f} s each, worst of {given.repeat}; "
        "HTTP start → three durable steps → result"
    )
    cases = [
        (
            "load",
            f"in process, {given.connections} connections",
            given.connections,
            False,
        ),
        ("single", "in process, 1 connection", 1, False),
        (
            "remote",
            f"worker over HTTP, {given.connections} conn.",
            given.connections,
            True,
        ),
    ]
    results = []
    for key, name, connections, remote in cases:
        if given.only in (None, key):
            measured = [
                measure(connections, given.seconds, remote) for _ in range(given.repeat)
            ]
            results.append(show(name, measured))
    if given.json is not None:
        given.json.write_text(json.dumps(results, indent=2))
    if any(result["errors"] for result in results):
        raise SystemExit("bench: some requests failed")


if __name__ == "__main__":
    main()
