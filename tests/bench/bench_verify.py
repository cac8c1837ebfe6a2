"""What verification costs: python tests/bench/bench_verify.py

Prints seconds of processor time of the whole command (user and system, best of the
rounds), states and transitions. Budgets of issue 8: user-onboarding completely in 5 s;
a workflow of 50 steps with 3 parallel branches within the bound that is printed.
Leaves with 1 when a budget is exceeded.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parents[2]
PATH = os.pathsep.join([str(ROOT), str(ROOT / "runtime" / "python")])
ROUNDS = 3
MAGIC_FLOW = [
    sys.executable,
    "-c",
    "from magicflow_cli.cli.main import main; main()",
    "verify",
]
HEAD = """\
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: {name: fifty-steps, version: 1.0.0}
spec:
  timeout: 1d
  input_schema: {type: object, properties: {total: {type: integer}}}
  output_schema: {type: object, properties: {}}
  retry_policy: {max_attempts: 3, initial_delay: 1s}
  steps:
"""
UNDONE = ", compensation: {function: undo, timeout: 10s, retry: {max_attempts: 2}}"


def fifty_steps(more: str = "") -> str:
    """4 steps in a row, and between them 3 branches of 15 with `more` to each step."""
    lines = [HEAD]
    step = "{name: %s, executor: shop, timeout: 30s%s}"
    lines += [f"    - {step % (f'before-{n}', '')}\n" for n in range(2)]
    lines.append("    - name: fan\n      type: parallel\n      branches:\n")
    for branch in range(3):
        lines.append(f"        - name: branch-{branch}\n          steps:\n")
        lines += [
            f"            - {step % (f'step-{branch}-{n}', more)}\n" for n in range(15)
        ]
    lines += [f"    - {step % (f'after-{n}', '')}\n" for n in range(2)]
    return "".join([*lines, "  output: {}\n"])


def measure(*arguments: str) -> tuple[float, dict[str, Any]]:
    """Processor seconds of one command, best of the rounds, and what it says."""
    best, said = float("inf"), {}
    for _ in range(ROUNDS):
        before = os.times()
        done = subprocess.run(
            [*MAGIC_FLOW, *arguments, "--format", "json"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": PATH},
            capture_output=True,
            check=True,
        )
        after = os.times()
        seconds = after.children_user - before.children_user
        seconds += after.children_system - before.children_system
        if seconds < best:
            best, said = seconds, json.loads(done.stdout)["verified"][0]
    return best, said


def show(name: str, seconds: float, said: dict[str, Any], budget: float) -> bool:
    done = "complete" if said["complete"] else "not complete"
    print(
        f"{name:<42} {seconds:6.2f} s (budget {budget:g} s)  "
        f"{said['states']:>7,} states {said['transitions']:>8,} transitions  "
        f"{done}, bound {said['bound']:,}"
    )
    return seconds <= budget


def main() -> int:
    fine = []
    for name in ("user-onboarding", "payment-processing"):
        seconds, said = measure(f"examples/{name}")
        fine.append(show(name, seconds, said, 5) and said["complete"])
    with TemporaryDirectory() as folder:
        file = Path(folder) / "workflow.yaml"
        file.write_text(fifty_steps(), encoding="utf-8")
        seconds, said = measure(str(file))
        fine.append(
            show("50 steps, 3 branches", seconds, said, 10) and said["complete"]
        )
        file.write_text(fifty_steps(UNDONE), encoding="utf-8")
        seconds, said = measure(str(file), "--bound", "3000")
        fine.append(show("50 steps, 3 branches, all of them undone", seconds, said, 30))
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
