"""What a simulated run costs: python tests/bench/bench_simulate.py

Prints seconds of processor time of `magic-flow simulate` for 10,000 runs of each
example, as a user starts it. The budget of issue 8 is 10 s for user-onboarding on one
core; the exit code is 1 beyond it.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUNS = 10_000
BUDGET = 10.0
EXAMPLES = ("user-onboarding", "payment-processing")


def measure(example: str) -> float:
    """Seconds of processor time, the start of Python and the compiler included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    path = os.pathsep.join([str(ROOT), str(ROOT / "runtime" / "python")])
    code = "from magicflow_cli.cli.main import main; main()"
    subprocess.run(
        [
            *(sys.executable, "-c", code, "simulate", ROOT / "examples" / example),
            *("--runs", str(RUNS), "--seed", "1"),
        ],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    taken = {example: measure(example) for example in EXAMPLES}
    for example, seconds in taken.items():
        each = seconds / RUNS * 1e6
        print(
            f"simulate {example:<20}{seconds:6.2f} s for {RUNS:,} runs  {each:5.0f} µs/run"
        )
    print(f"budget   {EXAMPLES[0]:<20}{BUDGET:6.2f} s")
    return 1 if taken[EXAMPLES[0]] > BUDGET else 0


if __name__ == "__main__":
    sys.exit(main())
