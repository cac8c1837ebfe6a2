"""The same plan and events give the same bytes, in every process."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

from magicflow.canonical import canonical
from magicflow.core import apply, decide, new_state
from magicflow.plan import load_plan

from tests.runtime.core.test_conformance import CASES, ROOT


def digest() -> str:
    """Of everything that is decided in all conformance cases."""
    total = hashlib.sha256()
    for path in CASES:
        case = json.loads(path.read_text())
        plan, state = load_plan(case["plan"]), new_state()
        for step in case["steps"]:
            decision = decide(plan, state, step["event"])
            told = [decision.delta, decision.commands, decision.refused]
            total.update(canonical(told).encode())
            total.update(
                json.dumps(decision.commands).encode()
            )  # members in order, too
            apply(state, decision.delta)
        total.update(canonical(state).encode())
    return total.hexdigest()


def in_another_process(seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    path = [str(ROOT), str(ROOT / "runtime" / "python")]
    environment["PYTHONPATH"] = os.pathsep.join(path)
    command = [sys.executable, "-m", "tests.runtime.core.test_determinism"]
    done = subprocess.run(
        command, env=environment, capture_output=True, cwd=ROOT, check=True
    )
    return done.stdout.decode().strip()


def test_no_order_of_hashing() -> None:
    assert in_another_process("1") == in_another_process("2") == digest()


if __name__ == "__main__":
    print(digest())
