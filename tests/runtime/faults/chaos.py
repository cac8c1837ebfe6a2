"""Break servers and workers in every way, then look whether every promise was kept.

    python -m tests.runtime.faults.chaos [--server python] [--rounds 200] [--seed N]

is what `make chaos` runs, for the servers of all languages that there are. In a round,
clients start runs while the server (or the worker) is killed with SIGKILL at a random
moment or at a labelled point, or the disk, the clock or a worker fails; then, when every
run that was acknowledged has ended, `rounds.verify` reads the database. The seed that is
printed repeats the dice, not the machine's timing.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "runtime" / "python")]

from tests.runtime.faults import clocks, disks, reports  # noqa: E402
from tests.runtime.faults.processes import (  # noqa: E402
    LABELS,
    SERVERS,
    Lacking,
    Place,
    languages,
)
from tests.runtime.faults.rounds import (  # noqa: E402
    kill_server_rounds,
    kill_worker_rounds,
)

Dice = random.Random
Round = Callable[[Place, Dice], object]

FAULTS: dict[str, Round] = {
    "the disk is full, and freed": lambda place, dice: disks.full(
        place, 150, dice.randint(5, 60), dice.uniform(0.1, 3)
    ),
    "the disk has room for what is small": lambda place, dice: (
        disks.room_for_small_ones(place, 100)
    ),
    "a small file system fills up, and is freed": lambda place, dice: (
        disks.small_file_system(place, 400, dice.randint(5, 60))
    ),
    "an fdatasync fails once": lambda place, dice: disks.failing_sync(
        place, dice.randint(9, 18), 100
    ),
    "a commit takes hold and reports a timeout": lambda place, dice: (
        disks.unknown_commit(place, dice.randint(2, 40), 60)
    ),
    "two servers on one file": lambda place, dice: disks.second_server(place, 50),
    "a worker is stopped past its lease": lambda place, dice: reports.stopped_worker(
        place, dice.randint(800, 2000)
    ),
    "results come five times and out of order": lambda place, dice: reports.repeated(
        place, 12, dice.randrange(1 << 30)
    ),
    "a minute without a server, the clock moved": lambda place, dice: clocks.down(
        place, 60
    ),
    "a frozen server": lambda place, dice: clocks.frozen(place, 20),
    "the clock 30 days ahead and an hour back": lambda place, dice: (
        clocks.ahead_and_back(place, 20)
    ),
    "the clock an hour back over a restart": lambda place, dice: (
        clocks.back_over_a_restart(place, 10)
    ),
}
"""A round of each breaks a server of its own."""


class Chaos:
    """All faults on the server of one language."""

    def __init__(self, language: str, rounds: int, runs: int, seed: int) -> None:
        self.language = language
        self.rounds = rounds
        self.few = max(rounds // 10, 1)
        self.runs = runs
        self.seed = seed

    def parts(self) -> Iterator[tuple[str, int, Callable[[Path], int | None]]]:
        """What, how many rounds, and a call that gives the number of runs, if that
        differs."""
        for fault in (None, *LABELS):
            rounds = self.rounds if fault is None else self.few
            killed = partial(self._kill_server, rounds=rounds, fault=fault)
            yield f"server killed, {fault or 'at random'}", rounds, killed
        for fault in (None, *LABELS):
            killed = partial(
                self._kill_server, rounds=self.few, fault=fault, remote=True
            )
            at = fault or "at random"
            yield f"server killed, {at}, its worker lives on", self.few, killed
        for fault in (None, *LABELS):
            killed = partial(self._take_turns, fault=fault)
            yield f"servers killed in turn, {fault or 'at random'}", self.few, killed
        for fault in (None, "before_effect", "after_effect"):
            killed = partial(self._kill_worker, fault=fault)
            yield f"worker killed, {fault or 'at random'}", self.few, killed
        for name, play in FAULTS.items():
            yield name, self.few, partial(self._repeat, play=play)
        yield "a minute without a server, waited for", 1, self._wait_a_minute

    def _kill_server(
        self, folder: Path, rounds: int, fault: str | None, remote: bool = False
    ) -> int:
        place = Place(folder, self.language)
        return kill_server_rounds(place, rounds, self.runs, fault, self.seed, remote)

    def _take_turns(self, folder: Path, fault: str | None) -> int:
        """One database, and each server that is killed followed by another language's."""
        others = [each for each in languages() if each != self.language]
        if not others:
            raise Lacking("a server of another language")
        place = Place(folder, self.language, *others)
        return kill_server_rounds(place, self.few, self.runs, fault, self.seed, True)

    def _kill_worker(self, folder: Path, fault: str | None) -> int:
        place = Place(folder, self.language)
        return kill_worker_rounds(place, self.few, self.runs, fault, self.seed)

    def _repeat(self, folder: Path, play: Round) -> None:
        dice = Dice(self.seed)
        for number in range(self.few):
            within = folder / str(number)
            within.mkdir()
            play(Place(within, self.language), dice)

    def _wait_a_minute(self, folder: Path) -> None:
        clocks.down(Place(folder, self.language), 60, really=True)


def play(chaos: Chaos, only: list[str]) -> None:
    for name, rounds, call in chaos.parts():
        if only and not any(part in name for part in only):
            continue
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            try:
                count = call(Path(folder))
            except Lacking as missing:
                print(f"{chaos.language}: {name}: NOT TRIED: {missing}", flush=True)
                continue
        runs = "" if count is None else f", {count} runs"
        took = f"{time.monotonic() - began:.0f} s"
        print(f"{chaos.language}: {name}: {rounds} rounds{runs}: kept ({took})", flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="of kills at random")
    parser.add_argument("--runs", type=int, default=100, help="runs per round")
    parser.add_argument("--server", choices=SERVERS, help="all by default")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument(
        "--only", action="append", default=[], help="faults whose name contains this"
    )
    given = parser.parse_args()
    there = languages()
    if given.server is not None and given.server not in there:
        raise SystemExit(f"chaos: there is no {given.server} server here")
    print(f"seed {given.seed}", flush=True)
    for language in SERVERS if given.server is None else (given.server,):
        if language in there:
            play(Chaos(language, given.rounds, given.runs, given.seed), given.only)
        else:
            print(f"{language}: NOT TRIED: `{language}` is not installed", flush=True)


if __name__ == "__main__":
    main()
