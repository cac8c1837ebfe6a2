"""How fast Go decodes a 1 kB order exactly, beside encoding/json alone; and how fast both
languages are generated, beside `python -c pass`.

    python tests/bench/bench_go.py

encoding/json checks less: no schema, no domain. Everything is measured three times, by
processor time, and the worst ratio counts; exit code 1 when a bound is broken.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = ROOT / "runtime" / "go"
COMMAND = Path(sys.executable).with_name("magic-flow")
WORKFLOW = ROOT / "examples" / "user-onboarding" / "workflow.yaml"
DECODING = 2.0
GENERATING = 50.0
TIMES = 3
RUNS = 7


def main() -> int:
    kept = [measure_generating()]
    if shutil.which("go") is None:
        print("go: not installed, decoding is not measured")
    else:
        kept.append(measure_decoding())
    return 0 if all(kept) else 1


def measure_generating() -> bool:
    """`generate all` for both languages into an empty folder."""
    with tempfile.TemporaryDirectory() as name:
        output = Path(name) / "all"
        options = ["--workflow", WORKFLOW, "--languages", "python,go"]
        command = [COMMAND, "generate", "all", *options, "--output", output]
        # compiled modules are there, as they are for whoever has used the command once
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = f"{name}/compiled"
        run(command)
        ratios = []
        for _ in range(TIMES):
            base = cold = float("inf")
            for _ in range(RUNS):  # by turns: both see the same load
                base = min(base, processor([sys.executable, "-c", "pass"]))
                shutil.rmtree(output)
                cold = min(cold, processor(command))
            shown = f"{cold * 1000:.0f} ms, {cold / base:.1f} × `python -c pass`"
            print(f"generate all, python and go, cold: {shown}")
            ratios.append(cold / base)
    return verdict("generating", max(ratios), GENERATING)


def measure_decoding() -> bool:
    ratios = []
    for _ in range(TIMES):
        best = decode()
        for name, (time, rate) in best.items():
            print(f"{name:24} {time / 1000:8.1f} µs {rate:8.1f} MB/s")
        ratios.append(best["DecodeOrder"][0] / best["PlainDecodeOrder"][0])
    return verdict("decoding, × encoding/json", max(ratios), DECODING)


def decode() -> dict[str, tuple[float, float]]:
    """Nanoseconds and MB/s of each benchmark, the best of several rounds. One thread:
    garbage is collected in the time that is measured."""
    done = subprocess.run(
        [
            *("go", "test", "./types", "-run", "^$", "-bench", "Order"),
            *("-count", str(RUNS), "-benchtime", "0.3s", "-cpu", "1"),
        ],
        cwd=RUNTIME,
        env={**os.environ, "GOMAXPROCS": "1"},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    best: dict[str, tuple[float, float]] = {}
    for name, time, rate in re.findall(
        r"Benchmark(\w+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op\s+([\d.]+) MB/s", done.stdout
    ):
        found = (float(time), float(rate))
        best[name] = min(best.get(name, found), found)
    return best


def verdict(name: str, worst: float, bound: float) -> bool:
    kept = worst <= bound
    print(f"{name}: worst {worst:.2f} <= {bound:g}{'' if kept else '  BROKEN'}")
    return kept


def processor(command: list[Any]) -> float:
    """Seconds of processor time, of the process and those that it starts."""
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(command)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime


def run(command: list[Any]) -> None:
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{command}: {done.stderr.decode()[-2000:]}")


if __name__ == "__main__":
    sys.exit(main())
