"""kill -9: what was acknowledged exists and ends, once (short; `make chaos` is long)."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from magicflow.engine.faults import LABELS, Faults

from tests.runtime.chaos import kill_server_rounds, kill_worker_rounds


def test_a_server_killed_at_random_loses_nothing(tmp_path: Path) -> None:
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    assert kill_server_rounds(tmp_path, rounds=4, runs=100, seed=seed) > 0


@pytest.mark.parametrize("label", LABELS)
def test_a_server_killed_at_a_labelled_point_loses_nothing(
    tmp_path: Path, label: str
) -> None:
    assert kill_server_rounds(tmp_path, rounds=2, runs=40, fault=label, seed=7) > 0


def test_a_killed_worker_loses_nothing(tmp_path: Path) -> None:
    assert kill_worker_rounds(tmp_path, rounds=2, runs=60, seed=3) == 60


def test_an_unknown_label_is_refused() -> None:
    with pytest.raises(ValueError, match="none of"):
        Faults("before_lunch")
