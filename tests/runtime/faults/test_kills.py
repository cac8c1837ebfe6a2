"""kill -9: what was acknowledged exists and ends, once (short; `make chaos` is long)."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.languages import need
from tests.runtime.faults.processes import LABELS, DidNotStart, Place
from tests.runtime.faults.rounds import kill_server_rounds, kill_worker_rounds


def test_a_server_killed_at_random_loses_nothing(place: Place) -> None:
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    assert kill_server_rounds(place, rounds=4, runs=60, seed=seed) > 0


@pytest.mark.parametrize("label", LABELS)
def test_a_server_killed_at_a_labelled_point_loses_nothing(
    place: Place, label: str
) -> None:
    assert kill_server_rounds(place, rounds=3, runs=40, fault=label, seed=7) > 0


@pytest.mark.parametrize("label", [None, "before_record"])
def test_a_killed_server_and_its_workers_go_on(place: Place, label: str | None) -> None:
    """Steps are polled for: leases and results survive too."""
    kept = kill_server_rounds(place, 2, 40, fault=label, seed=11, remote=True)
    assert kept > 0


@pytest.mark.parametrize("remote", [False, True])
@pytest.mark.parametrize("label", [None, "before_record"])
def test_what_a_killed_server_left_another_language_ends(
    tmp_path: Path, label: str | None, remote: bool
) -> None:
    """Steps at work and leased, timers, loops, children and compensations of one server
    are the next one's, whose language is another."""
    need("go")
    place = Place(tmp_path, "go", "python")
    assert kill_server_rounds(place, 4, 40, label, seed=5, remote=remote) > 0


@pytest.mark.parametrize("fault", [None, "before_effect", "after_effect"])
def test_a_killed_worker_loses_nothing(place: Place, fault: str | None) -> None:
    assert kill_worker_rounds(place, rounds=2, runs=40, fault=fault, seed=3) == 40


def test_the_labels_are_those_of_the_engine(place: Place) -> None:
    """A label that a server does not know is refused, with those that it knows."""
    known = ".*".join(LABELS)
    with pytest.raises(DidNotStart, match=f"(?s)none of.*{known}"):
        place.start(fault="before_lunch")
