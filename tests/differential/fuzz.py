"""The cores of Python and Go against each other, on random plans and events.

    python -m tests.differential.fuzz --sequences 10000 --seed 1
    python -m tests.differential.fuzz --reproduce 4711 [--shrink]

A difference is told with its seed, the number of the event and both answers; the lines of
the sequence can be given to the Go core by hand (runtime/go/cmd/magicflow-decide).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.differential.cores import Core, build_go
from tests.differential.sequences import Sequence, answers_to, random_sequence

BATCH = 50
"""How many sequences are sent at once."""


@dataclass
class Difference:
    seed: int
    index: int
    line: str
    python: str
    go: str

    def __str__(self) -> str:
        return (
            f"seed {self.seed}, line {self.index}: {self.line[:2000]}\n"
            f"  python: {_around(self.python, self.go)}\n"
            f"  go:     {_around(self.go, self.python)}"
        )


def _around(text: str, other: str) -> str:
    """The place where two texts part."""
    at = next(
        (
            i
            for i, pair in enumerate(zip(text, other, strict=False))
            if len(set(pair)) > 1
        ),
        min(len(text), len(other)),
    )
    return f"…{text[max(at - 300, 0) : at]}▶{text[at : at + 500]}"


@dataclass
class Report:
    sequences: int = 0
    decisions: int = 0
    differences: list[Difference] = field(default_factory=list)
    raised: list[Sequence] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)


def compare(core: Core, sequences: list[Sequence]) -> Iterator[Difference]:
    """The first difference of each sequence."""
    answers = iter(core.answers([line for s in sequences for line in s.lines]))
    for sequence in sequences:
        found = None
        for index, line in enumerate(sequence.lines):
            go, python = next(answers), sequence.answers[index]
            if go != python and found is None:
                found = Difference(sequence.seed, index, line, python, go)
        if found is not None:
            yield found


def fuzz(core: Core, seed: int, count: int, stop_after: int = 5) -> Report:
    """Sequences `seed`, `seed + 1`, …; stops after some differences."""
    report = Report()
    for first in range(seed, seed + count, BATCH):
        batch = [
            random_sequence(each)
            for each in range(first, min(first + BATCH, seed + count))
        ]
        report.sequences += len(batch)
        report.decisions += sum(s.decided for s in batch)
        report.raised += [s for s in batch if s.raised is not None]
        for sequence in batch:
            report.kinds.update(sequence.kinds)
        report.differences += compare(core, batch)
        if len(report.differences) >= stop_after:
            break
    return report


def shrink(core: Core, sequence: Sequence) -> Sequence:
    """The same difference with fewer events."""
    lines = list(sequence.lines)
    found = list(compare(core, [sequence]))
    if not found:
        return sequence
    lines = lines[: found[0].index + 1]
    at = len(lines) - 2
    while at > 0:
        fewer = lines[:at] + lines[at + 1 :]
        if '{"plan"' not in lines[at][:8] and _differs(core, fewer):
            lines = fewer
        at -= 1
    return answers_to(lines)


def _differs(core: Core, lines: list[str]) -> bool:
    made = answers_to(lines)
    return bool(list(compare(core, [made])))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.differential.fuzz")
    parser.add_argument("--sequences", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--reproduce", type=int, help="one sequence, by its seed")
    parser.add_argument("--shrink", action="store_true", help="drop events first")
    parser.add_argument("--lines", type=Path, help="write the sequence's lines there")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, Core(build_go(Path(folder))) as core:
        if options.reproduce is not None:
            return _reproduce(core, options)
        report = fuzz(core, options.seed, options.sequences)
    for sequence in report.raised[:3]:
        print(f"seed {sequence.seed}: Python raised {sequence.raised!r}")
        traceback.print_exception(sequence.raised)
    for difference in report.differences:
        print(difference)
    print(
        f"{report.sequences} sequences, {report.decisions} decisions, "
        f"{len(report.raised)} raised, {len(report.differences)} differences"
    )
    return 1 if report.differences or report.raised else 0


def _reproduce(core: Core, options: argparse.Namespace) -> int:
    sequence = random_sequence(options.reproduce)
    if options.shrink:
        sequence = shrink(core, sequence)
    if options.lines is not None:
        options.lines.write_text("".join(f"{line}\n" for line in sequence.lines))
    if sequence.raised is not None:
        traceback.print_exception(sequence.raised)
    found = list(compare(core, [sequence]))
    for line in sequence.lines if options.shrink else ():
        print(json.dumps(json.loads(line), ensure_ascii=False))
    for difference in found:
        print(difference)
    print("no difference" if not found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
