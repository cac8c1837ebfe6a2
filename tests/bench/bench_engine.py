"""How fast workflows of three durable steps run, beside DBOS and Restate.

    python tests/bench/bench_engine.py [--seconds 20] [--repeat 3] [--connections 64]
                                       [--only load|single|remote|peers]

Starts real servers (ours: SQLite, synchronous FULL, history, validation and metrics on)
and drives HTTP start → three durable steps → result with wrk on the same cores. Prints
the conditions and, of all repetitions, the worst; exit code 1 when a bound is broken or a
peer cannot be had. How to read it stands in docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "runtime" / "python")]

from tests.bench.installing import NODE, PYTHON, Missing  # noqa: E402
from tests.bench.interpreter import Interpreter, quickest, running_one  # noqa: E402
from tests.bench.load import (  # noqa: E402
    Measurement,
    Service,
    measure,
    require_wrk,
    running,
)
from tests.bench.peers import starting  # noqa: E402

BODY = json.dumps({"input": {"n": 1}})
_HEAD = """
import sys
sys.path[:0] = {path!r}
async def add(input):
    return {{"n": input["n"] + 1}}
"""
SERVER = """
from magicflow.server import ServerConfig, serve
from tests.runtime.plans import three_steps
executors = {{}} if {remote} else {{"svc": {{"add": add}}}}
config = ServerConfig(port=0, database={database!r}, auth=False, log_level="error")
serve([three_steps()], config, executors,
      ready=lambda at: print(f"http://{{at[0]}}:{{at[1]}}", flush=True))
"""
WORKER = """
from magicflow.worker import Worker
worker = Worker("svc", {url!r}, concurrency=100)
worker.register_function("add", add)
print("up", flush=True)
worker.start()
"""
RATE, P99, P50_OF_ONE, REMOTE_RATE = 2500, 25.0, 3.0, 800
OVER_DBOS, OVER_RESTATE = 10.0, 2.0


def program(python: Interpreter, text: str, **values: object) -> list[str]:
    path = [str(ROOT), str(ROOT / "runtime" / "python")]
    return [str(python.path), "-c", (_HEAD + text).format(path=path, **values)]


@contextlib.contextmanager
def ours(python: Interpreter, remote: bool) -> Iterator[Service]:
    """Our server, with the steps in its process or in a worker's."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(dir=ROOT, prefix=".bench-")
        )
        database = str(Path(folder) / "bench.db")
        command = program(python, SERVER, remote=remote, database=database)
        server = stack.enter_context(running(command))
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        processes = [server.pid]
        if remote:
            worker = stack.enter_context(running(program(python, WORKER, url=url)))
            processes.append(worker.pid)
        target = f"{url}/api/v2/workflows/three/execute?wait=30s"
        yield Service(target, BODY, processes, Path(folder))


Start = Callable[[], AbstractContextManager[Service]]


class Bench:
    """The measurements of one run, by case."""

    def __init__(self, seconds: float, repeat: int) -> None:
        self.seconds = seconds
        self.repeat = repeat
        self.results: dict[str, Measurement] = {}
        self.failed = False

    def run(self, case: str, name: str, start: Start, connections: int) -> None:
        """Measure as often as wanted, each time on a new database, and keep the worst."""
        measured = []
        for _ in range(self.repeat):
            with start() as service:
                measured.append(measure(service, connections, self.seconds))
        worst = min(measured, key=lambda each: each.rate)
        worst.p99 = max(each.p99 for each in measured)
        worst.longest = max(each.longest for each in measured)
        self.results[case] = worst
        print(
            f"{name:<40} {worst.rate:>7.0f}/s   p50 {worst.p50:>7.2f} ms   "
            f"p99 {worst.p99:>7.2f} ms   max {worst.longest:>7.2f} ms   "
            f"errors {worst.errors}   processor {worst.processor:>6.0f} µs   "
            f"RSS {worst.rss:.0f} MB   data {worst.database:.0f} MB",
            flush=True,
        )
        if worst.errors:
            self.check(f"{name}: no errors", False)

    def check(self, bound: str, holds: bool) -> None:
        self.failed = self.failed or not holds
        print(f"  {'PASS' if holds else 'FAIL'}  {bound}", flush=True)

    def ratio(self, case: str, peer: str, bound: float, name: str) -> None:
        ratio = self.results[case].rate / self.results[peer].rate
        self.check(f"{ratio:.1f} times {name} (at least {bound:.0f})", ratio >= bound)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--only", choices=["load", "single", "remote", "peers"])
    parser.add_argument(
        "--this-python",
        action="store_true",
        help="serve with the running Python, not with the quickest of its version",
    )
    parser.add_argument("--json", type=Path, help="write the results there too")
    given = parser.parse_args()
    require_wrk()
    python = running_one() if given.this_python else quickest()
    print(
        f"{python}, SQLite {sqlite3.sqlite_version} "
        f"(WAL, synchronous FULL), {os.cpu_count()} cores shared with wrk, "
        f"load {os.getloadavg()[0]:.1f}, {given.seconds:.0f} s each, "
        f"worst of {given.repeat}; HTTP start → three durable steps → result"
    )
    bench = Bench(given.seconds, given.repeat)
    run_all(bench, python, given.only, given.connections)
    if given.json is not None:
        results = {case: asdict(each) for case, each in bench.results.items()}
        given.json.write_text(json.dumps(results, indent=2))
    return 1 if bench.failed else 0


def run_all(bench: Bench, python: Interpreter, only: str | None, many: int) -> None:
    peers = only in (None, "peers")
    if peers or only == "load":
        name = f"in process, {many} connections"
        bench.run("load", name, lambda: ours(python, False), many)
        if only != "peers":
            load = bench.results["load"]
            bench.check(f"at least {RATE}/s", load.rate >= RATE)
            bench.check(f"p99 below {P99:.0f} ms", load.p99 < P99)
    if only in (None, "single"):
        bench.run("single", "in process, 1 connection", lambda: ours(python, False), 1)
        p50 = bench.results["single"].p50
        bench.check(f"p50 below {P50_OF_ONE:.0f} ms", p50 < P50_OF_ONE)
    if peers or only == "remote":
        name = f"worker over HTTP, {many} connections"
        bench.run("remote", name, lambda: ours(python, True), many)
        rate = bench.results["remote"].rate
        if only != "peers":
            bench.check(f"at least {REMOTE_RATE}/s", rate >= REMOTE_RATE)
    if peers:
        compare(bench, python, many)


def compare(bench: Bench, python: Interpreter, many: int) -> None:
    """The peers in the same run, so that they meet the same conditions."""
    version, server = PYTHON[0].replace("==", " "), NODE[0].rpartition("@")[2]
    dbos = partial(starting.dbos, python.base)
    try:
        bench.run("dbos", f"{version} (SQLite, in process)", dbos, many)
        bench.ratio("load", "dbos", OVER_DBOS, "DBOS, both in process")
    except Missing as missing:
        bench.check(f"DBOS: {missing}", False)
    try:
        bench.run("restate", f"restate {server} (worker)", starting.restate, many)
        bench.ratio("remote", "restate", OVER_RESTATE, "Restate, both with a worker")
    except Missing as missing:
        bench.check(f"Restate: {missing}", False)


if __name__ == "__main__":
    sys.exit(main())
