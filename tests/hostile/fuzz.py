"""Mutates the examples and runs the compiler on what comes out.

    python -m tests.hostile.fuzz --count 10000 [--seed N] [--target load|compiler]

Each file gets 2 s of the processor, so that a busy machine decides nothing, and 256 MB.
Files run in child processes, so that a crash or a hang of one ends neither the run nor
goes unnoticed. A file that fails is written to --keep
and named; the exit code is then 1.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.hostile.compiler import check_compiler, check_load
from tests.hostile.mutation import mutate
from tests.hostile.seeds import YAML

SECONDS = 2
BYTES = 256 << 20
BATCH = 200  # files a child process runs before it is replaced

Check = Callable[[bytes], object]
TARGETS: dict[str, Check] = {"load": check_load, "compiler": check_compiler}
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Failure:
    """File number `index` of a run, its content and what went wrong."""

    index: int
    data: bytes
    reason: str


def corpus() -> list[bytes]:
    """The examples, three times because they reach deepest, and our own small files."""
    examples = [path.read_bytes() for path in sorted(_ROOT.glob("examples/**/*.yaml"))]
    return examples * 3 + [seed.encode() for seed in YAML]


def mutant(index: int, seed: int, files: list[bytes]) -> bytes:
    """File number `index` of the run `seed`: always the same."""
    rng = random.Random(f"{seed}/{index}")
    return mutate(rng.choice(files), rng)


def run(count: int, seed: int, check: Check) -> Iterator[Failure]:
    """The files, of `count`, for which `check` raises, crashes or exceeds a limit."""
    files = corpus()
    if check in TARGETS.values():  # importing them is no file's time
        check(files[0])
    index = 0
    while index < count:
        end = min(count, index + BATCH)
        index, reason = _run_child(index, end, seed, check, files)
        if reason:
            yield Failure(index, mutant(index, seed, files), reason)
            index += 1


def _run_child(
    start: int, end: int, seed: int, check: Check, files: list[bytes]
) -> tuple[int, str]:
    """Run files `start` to `end` in a child until one fails. Returns its index and the
    reason, or `end` and ""."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        with os.fdopen(writer, "w") as out:
            try:
                _limit_memory()
                for index in range(start, end):
                    out.write(f"{index}\n")
                    out.flush()
                    _check_one(mutant(index, seed, files), check)
                out.write("done\n")
            except BaseException:
                out.write(traceback.format_exc())
            out.flush()
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answers:
        lines = answers.read().splitlines()
    _, status = os.waitpid(child, 0)
    if lines and lines[-1] == "done":
        return end, ""
    numbers = [int(line) for line in lines if line.isdigit()]
    words = [line for line in lines if not line.isdigit()]
    index = numbers[-1] if numbers else start
    return index, "\n".join(words) or f"the process died, status {status}"


def _limit_memory() -> None:
    """Let this process have `BYTES` more than it has now."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        now = int(statm.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + BYTES, now + BYTES))


def _check_one(data: bytes, check: Check) -> None:
    def hang(_signal: int, _frame: object) -> None:
        raise TimeoutError(f"took longer than {SECONDS} s")

    signal.signal(signal.SIGPROF, hang)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        check(data)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def main() -> int:
    parser = argparse.ArgumentParser(description="Fuzz the compiler.")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", choices=sorted(TARGETS), default="compiler")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"))
    arguments = parser.parse_args()
    failures = 0
    for failure in run(arguments.count, arguments.seed, TARGETS[arguments.target]):
        failures += 1
        arguments.keep.mkdir(parents=True, exist_ok=True)
        path = arguments.keep / f"{arguments.seed}-{failure.index}.yaml"
        path.write_bytes(failure.data)
        print(f"{path}: {failure.reason}", file=sys.stderr)
    print(f"{arguments.count} files, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
