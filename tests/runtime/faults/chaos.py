"""Kill servers and workers, then look whether every promise was kept.

    python -m tests.runtime.faults.chaos --rounds 200 [--server python|go] [--seed N]

is what `make chaos` runs. A round starts runs through the client while the server (or the
worker) is killed with SIGKILL at a random moment or at a labelled point; then it is
started again, until every run that was acknowledged has ended; then `rounds.verify` reads
the database. The seed that is printed repeats the kills, not the machine's timing.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "runtime" / "python")]

from tests.runtime.faults.processes import LABELS, Place, languages  # noqa: E402
from tests.runtime.faults.rounds import (  # noqa: E402
    kill_server_rounds,
    kill_worker_rounds,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--runs", type=int, default=100, help="runs per round")
    parser.add_argument("--server", choices=["python", "go"], default="python")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    given = parser.parse_args()
    if given.server not in languages():
        raise SystemExit(f"chaos: there is no {given.server} server here")
    print(f"seed {given.seed}", flush=True)
    few = max(given.rounds // 10, 1)
    with tempfile.TemporaryDirectory() as name:

        def place(of: str) -> Place:
            folder = Path(name) / of
            folder.mkdir()
            return Place(folder, given.server)

        for fault in (None, *LABELS):
            rounds = given.rounds if fault is None else few
            at = fault or "at random"
            count = kill_server_rounds(place(at), rounds, given.runs, fault, given.seed)
            print(
                f"server killed, {at}: {rounds} rounds, {count} runs: kept", flush=True
            )
        for fault in (None, "before_effect", "after_effect"):
            at = f"worker {fault or 'at random'}"
            count = kill_worker_rounds(place(at), few, given.runs, fault, given.seed)
            print(f"{at} killed: {few} rounds, {count} runs: kept", flush=True)


if __name__ == "__main__":
    main()
