"""How fast the Go server runs workflows of three durable steps in process.

    python tests/bench/bench_go_server.py [--seconds 20] [--repeat 3] [--connections 64]

The same load, bounds and rules as bench_engine.py has for the Python server: SQLite with
synchronous FULL, history, validation and metrics on, wrk on the same cores; of all
repetitions the worst counts. Exit code 1 when a bound is broken.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "runtime" / "python")]

from tests.bench.bench_engine import BODY, Bench  # noqa: E402
from tests.bench.load import Service, require_wrk, running  # noqa: E402
from tests.runtime.go_serving import build  # noqa: E402
from tests.runtime.plans import three_steps  # noqa: E402

MAIN = """\
package main

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/truongtu268/magic-flow/runtime/go/server"
	"github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

type number struct{ N int64 }

var numbers = types.Object(types.Forbid[number](), types.Required("n", func(of *number) *int64 { return &of.N }, types.Integer()))

func add(_ context.Context, input *number) (*number, error) { return &number{input.N + 1}, nil }

func executors() []*worker.Executor {
	var routes []worker.Route
	for _, step := range []string{"a", "b", "c"} {
		routes = append(routes, worker.NewRoute("svc", step, "add", numbers, numbers))
	}
	made := worker.NewExecutor("three", routes...)
	for _, step := range []string{"a", "b", "c"} {
		made.RegisterFunction(step, add)
	}
	return []*worker.Executor{made}
}

func main() {
	config := server.DefaultConfig()
	config.Port, config.Database, config.Auth, config.LogLevel = 0, os.Args[1], false, "error"
	plan, err := os.ReadFile(os.Args[2])
	if err == nil {
		program := server.Program{Plans: [][]byte{plan}, Executors: executors}
		err = server.Serve(config, program, func(address net.Addr) { fmt.Printf("http://%s\\n", address) })
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
}
"""
RATE, P99, P50_OF_ONE, RSS, FIRST_ANSWER = 8_000, 25.0, 1.5, 100.0, 100.0
"""Workflows a second, milliseconds, MB, milliseconds."""


def binary() -> str:
    os.environ["CGO_ENABLED"] = "0"
    return build(MAIN, "-trimpath", "-ldflags=-s -w")


@contextlib.contextmanager
def served() -> Iterator[Service]:
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=".bench-") as name:
        folder = Path(name)
        plan = folder / "plan.json"
        plan.write_text(json.dumps(three_steps()))
        command = [binary(), str(folder / "bench.db"), str(plan)]
        with running(command) as server:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            target = f"{url}/api/v2/workflows/three/execute?wait=30s"
            yield Service(target, BODY, [server.pid], folder)


def first_answer() -> float:
    """Milliseconds from the start of the process to its first answer, on a new file."""
    begun = time.perf_counter()
    with served() as service:
        answer = httpx.post(service.url, content=service.body)
        took = (time.perf_counter() - begun) * 1000
        assert answer.json()["status"] == "completed", answer.text
        return took


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    given = parser.parse_args()
    require_wrk()
    version = subprocess.run(["go", "version"], capture_output=True, text=True).stdout
    print(
        f"{version.strip()}, CGO_ENABLED=0, {os.cpu_count()} cores shared with wrk, load "
        f"{os.getloadavg()[0]:.1f}, {given.seconds:.0f} s each, worst of {given.repeat}; "
        "HTTP start → three durable steps → result"
    )
    binary()
    bench = Bench(given.seconds, given.repeat)
    first = statistics.median(first_answer() for _ in range(5))
    bench.check(f"first answer after {first:.0f} ms", first < FIRST_ANSWER)
    many = given.connections
    bench.run("load", f"Go, in process, {many} connections", served, many)
    load = bench.results["load"]
    bench.check(f"at least {RATE}/s", load.rate >= RATE)
    bench.check(f"p99 below {P99:.0f} ms", load.p99 < P99)
    bench.check(f"RSS below {RSS:.0f} MB", load.rss < RSS)
    bench.run("single", "Go, in process, 1 connection", served, 1)
    p50 = bench.results["single"].p50
    bench.check(f"p50 below {P50_OF_ONE} ms", p50 < P50_OF_ONE)
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
