"""How fast the command line is: `make bench`.

Times are medians of processes started anew, in one run, shown beside and divided by
`python -c pass` of the same run. Exit code 1 when a bound is broken.
"""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(sys.executable).parent
RUNS = 15
EXAMPLE = ROOT / "examples" / "user-onboarding"


def main() -> int:
    print_conditions()
    base = median_seconds([sys.executable, "-c", "pass"])
    print(f"{'python -c pass':<52}{base * 1000:8.1f} ms")
    with tempfile.TemporaryDirectory() as folder:
        results = [*measure_starts(base, Path(folder)), *measure_folders(Path(folder))]
    return 0 if all(results) else 1


def print_conditions() -> None:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    print(
        f"{platform.python_implementation()} {platform.python_version()},"
        f" {platform.system()} {platform.machine()}, {os.cpu_count()} cores,"
        f" load {load:.1f}; medians of {RUNS} runs"
    )


def measure_starts(base: float, folder: Path) -> list[bool]:
    """Cold commands, as multiples of `python -c pass`."""
    large = folder / "large.yaml"
    large.write_text(large_workflow(steps=100, mappings=5))
    commands: list[tuple[str, list[str | Path], float]] = [
        ("--help", ["--help"], 8),
        ("validate user-onboarding", ["validate", EXAMPLE], 22),
        ("plan of 100 steps with 500 mappings", ["plan", large], 60),
    ]
    kept: list[bool] = []
    for name, arguments, bound in commands:
        seconds = median_seconds([SCRIPTS / "magic-flow", *arguments])
        kept.append(
            report(name, f"{seconds * 1000:8.1f} ms", seconds / base, bound, "×")
        )
    return kept


def measure_folders(folder: Path) -> list[bool]:
    """Folders of workflows: rate, growth, memory."""
    seconds: dict[int, float] = {}
    memory = 0
    for number in (250, 1000):
        flows = folder / str(number)
        write_copies(flows, number)
        seconds[number], memory = run_once(["validate", flows])
    rate = 1000 / seconds[1000]
    growth = seconds[1000] / seconds[250]
    return [
        report(
            "1,000 workflows, processor time",
            f"{seconds[1000]:8.2f} s ",
            rate,
            100,
            "/s",
            at_least=True,
        ),
        report("time of 1,000 over time of 250", "", growth, 4.4, "×"),
        report("memory with 1,000 workflows", "", memory / 1024, 300, " MB"),
    ]


def report(
    name: str,
    shown: str,
    value: float,
    bound: float,
    unit: str,
    *,
    at_least: bool = False,
) -> bool:
    fine = value >= bound if at_least else value <= bound
    relation = "≥" if at_least else "≤"
    print(
        f"{name:<52}{shown:>11}{value:10.1f}{unit:<4}{relation} {bound:g}"
        f"{'' if fine else '   BROKEN'}"
    )
    return fine


def median_seconds(command: Sequence[str | Path]) -> float:
    """The median over `RUNS` processes; one before does not count, it warms caches."""
    times = []
    for _ in range(RUNS + 1):
        started = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True)
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:])


def run_once(arguments: list[str | Path]) -> tuple[float, int]:
    """Processor seconds and peak memory (KiB) of one process on one core: on an idle
    machine the first is its time, on a shared one the time that it would take."""
    process = subprocess.Popen(
        [SCRIPTS / "magic-flow", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_utime + usage.ru_stime, peak_kib(usage)


def peak_kib(usage: resource.struct_rusage) -> int:
    return usage.ru_maxrss // (1024 if sys.platform == "darwin" else 1)


def write_copies(folder: Path, number: int) -> None:
    """`number` workflows with a context each, in folders of fifty."""
    workflow = (EXAMPLE / "workflow.yaml").read_text("utf-8")
    context = (EXAMPLE / "context.yaml").read_text("utf-8")
    for i in range(number):
        part = folder / f"part-{i // 50}"
        part.mkdir(parents=True, exist_ok=True)
        name = f"user-onboarding-{i}"
        (part / f"{name}.yaml").write_text(workflow.replace("user-onboarding", name, 1))
        (part / f"{name}-context.yaml").write_text(
            context.replace("user-onboarding", name, 1)
        )


def large_workflow(steps: int, mappings: int) -> str:
    """A chain of steps, each of which maps `mappings` values."""
    lines = [
        "apiVersion: workflow.magic-flow.io/v2",
        "kind: Workflow",
        "metadata: {name: large, version: 1.0.0}",
        "spec:",
        "  executor: worker",
        "  input_schema:",
        "    type: object",
        "    properties: {id: {type: string}, count: {type: integer}}",
        "    required: [id, count]",
        "  steps:",
    ]
    for i in range(steps):
        lines.append(f"    - name: step-{i:03}")
        lines.append("      input:")
        for m in range(mappings):
            source = "$.input.id" if i == 0 or m == 0 else f"$.step-{i - 1:03}.out_{m}"
            value = f'"{source}"' if m % 2 == 0 else f'"item ${{{source}}} of {i}"'
            lines.append(f"        in_{m}: {value}")
        lines.append("      output:")
        lines += [f'        out_{m}: "$.response.value_{m}"' for m in range(mappings)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
