"""Every promise holds under any schedule; see `simulation.py` for what may happen.

`MAGICFLOW_SCHEDULES` sets how many schedules run (10,000 where `CI` is set), from a
random first seed; a failing one is named by its seed and runs alone with
`MAGICFLOW_SEED=<seed>`.
"""

from __future__ import annotations

import logging
import os
import random
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from unittest import mock

import pytest
from magicflow.engine import catalog

from tests.runtime.simulation.loop import run
from tests.runtime.simulation.simulation import Simulation, play
from tests.runtime.simulation.workflows import load_once

SCHEDULES = int(
    os.environ.get("MAGICFLOW_SCHEDULES") or (10_000 if os.environ.get("CI") else 400)
)


def simulate(seed: int) -> None:
    try:
        with mock.patch.object(catalog, "load_plan", load_once):
            run(play(Simulation(seed)))
    except BaseException as error:
        raise AssertionError(f"schedule {seed}: {error!r}") from error


def simulate_all(seeds: range) -> int:
    logging.disable(logging.CRITICAL)
    for seed in seeds:
        simulate(seed)
    return len(seeds)


def test_every_promise_holds_under_any_schedule() -> None:
    chosen = os.environ.get("MAGICFLOW_SEED")
    if chosen is not None:
        simulate(int(chosen))
        return
    first = random.randrange(1 << 40)
    parts = [range(first + n, first + SCHEDULES, 2) for n in range(2)]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert sum(pool.map(simulate_all, parts)) == SCHEDULES


@pytest.mark.parametrize("seed", range(40))
def test_known_schedules(seed: int) -> None:
    simulate(seed)


def test_a_schedule_repeats() -> None:
    """A seed names one schedule: the same effects, in the same order."""
    seen = []
    for _ in range(2):
        simulation = Simulation(77)
        with mock.patch.object(catalog, "load_plan", load_once):
            run(play(simulation))
        kinds = [line.partition(":")[2] for line in simulation.effects]
        seen.append((kinds, simulation.store.size() > 0, simulation.clock.now()))
    assert seen[0] == seen[1]
