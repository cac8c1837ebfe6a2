"""How fast Go decodes a 1 kB order exactly, beside encoding/json alone, in one run.

    python tests/bench/bench_go.py

encoding/json checks less: no schema, no domain. Best of several rounds; exit code 1 when
decoding takes more than twice as long.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

RUNTIME = Path(__file__).resolve().parents[2] / "runtime" / "go"
BOUND = 2.0
ROUNDS = 5


def main() -> int:
    if shutil.which("go") is None:
        print("go: not installed, not measured")
        return 0
    command = [
        "go",
        "test",
        "./types",
        "-run",
        "^$",
        "-bench",
        "Order",
        "-count",
        str(ROUNDS),
        "-benchtime",
        "0.3s",
    ]
    done = subprocess.run(command, cwd=RUNTIME, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout, done.stderr)
        return 2
    best: dict[str, float] = {}
    rates: dict[str, float] = {}
    for name, time, rate in re.findall(
        r"Benchmark(\w+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op\s+([\d.]+) MB/s", done.stdout
    ):
        if float(time) < best.get(name, float("inf")):
            best[name], rates[name] = float(time), float(rate)
    for name in best:
        print(f"{name:24} {best[name] / 1000:8.1f} µs {rates[name]:8.1f} MB/s")
    ratio = best["DecodeOrder"] / best["PlainDecodeOrder"]
    print(f"decoding: {ratio:.2f} × encoding/json, at most {BOUND}")
    return 0 if ratio <= BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
