"""10,000 random sequences: both cores give the same bytes. Any number by hand:
`python -m tests.differential.fuzz --sequences N --seed S`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.differential import fuzz
from tests.differential.cores import Core, build_go
from tests.differential.sequences import answers_to, random_sequence

SEQUENCES = 10_000
PARTS = 8
# what a person can read in a history, and what an event can be refused with
KINDS = {
    "run_started",
    "step_scheduled",
    "step_started",
    "step_waiting",
    "attempt_failed",
    "retry_scheduled",
    "step_completed",
    "step_failed",
    "step_timed_out",
    "step_skipped",
    "step_cancelled",
    "fallback_started",
    "handler_started",
    "rule_matched",
    "rule_error",
    "event_buffered",
    "event_matched",
    "event_emitted",
    "task_opened",
    "child_started",
    "child_ended",
    "workflow_timeout",
    "compensation_started",
    "compensation_completed",
    "compensation_failed",
    "cancel_requested",
    "run_paused",
    "run_resumed",
    "run_completed",
    "run_failed",
    "run_timed_out",
    "run_cancelled",
    "RUN_ENDED",
    "STALE",
    "VALIDATION",
    "LIMIT",
    "UNKNOWN_EVENT",
    "NOT_STARTED",
    "NOT_PAUSED",
    "MALFORMED",
}


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Core]:
    with Core(build_go(tmp_path_factory.mktemp("core"))) as running:
        yield running


@pytest.mark.parametrize("part", range(PARTS))
def test_both_cores_give_the_same_bytes(core: Core, part: int) -> None:
    count = SEQUENCES // PARTS
    report = fuzz.fuzz(core, part * count, count)
    raised = [(s.seed, s.raised) for s in report.raised]
    assert not report.differences, "\n".join(map(str, report.differences))
    assert not raised
    assert report.sequences == count
    assert {*report.kinds} >= KINDS, KINDS - {*report.kinds}


def test_a_difference_is_told(core: Core) -> None:
    """The comparison can fail: an event that only one side saw is found."""
    sequence = next(s for s in map(random_sequence, range(100)) if s.decided > 20)
    at = max(i for i, line in enumerate(sequence.lines) if '"event"' in line)
    answer = json.loads(sequence.answers[at])
    answer["delta"] = {"run": {"version": 0}}
    sequence.answers[at] = json.dumps(answer)
    (found,) = fuzz.compare(core, [sequence])
    assert (found.seed, found.index) == (sequence.seed, at)
    assert f"seed {sequence.seed}, line {at}" in str(found)


class Forgetful(Core):
    """A core that does not know pauses."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def answers(self, lines: list[str]) -> list[str]:
        found = self._core.answers(lines)
        return [answer.replace('"paused":true', '"paused":false') for answer in found]


def test_a_difference_is_made_small(core: Core) -> None:
    wrong = Forgetful(core)
    paused = (
        s
        for s in map(random_sequence, range(1000))
        if any('"paused":true' in answer for answer in s.answers[5:])
    )
    sequence = next(paused)
    small = fuzz.shrink(wrong, sequence)
    (found,) = fuzz.compare(wrong, [small])
    assert len(small.lines) < len(sequence.lines)
    assert '"pause"' in found.line and found.index == len(small.lines) - 1
    # the plan, the start, the pause
    assert len(small.lines) <= 4


def test_a_sequence_is_the_same_every_time(core: Core) -> None:
    one, other = random_sequence(7), random_sequence(7)
    assert (one.lines, one.answers) == (other.lines, other.answers)
    again = answers_to(one.lines)
    assert again.answers == one.answers
    assert list(fuzz.compare(core, [again])) == []
    # without a difference there is nothing to make small
    assert fuzz.shrink(core, one) is one


def test_by_hand(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert fuzz.main(["--sequences", "3", "--seed", "5"]) == 0
    assert "3 sequences" in capsys.readouterr().out
    lines = tmp_path / "lines"
    assert fuzz.main(["--reproduce", "7", "--lines", str(lines)]) == 0
    assert "no difference" in capsys.readouterr().out
    assert lines.read_text().splitlines() == random_sequence(7).lines
