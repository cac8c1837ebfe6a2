"""Time that passes without a server, and clocks that are moved under one (short;
`make chaos` is long)."""

from __future__ import annotations

from tests.runtime.faults.clocks import (
    ahead_and_back,
    back_over_a_restart,
    down,
    frozen,
)
from tests.runtime.faults.processes import Place


def test_a_server_that_was_down_for_a_minute_with_due_timers(place: Place) -> None:
    down(place, 60)


def test_a_frozen_server_catches_up(place: Place) -> None:
    frozen(place, 20)


def test_a_clock_30_days_ahead_and_an_hour_back(place: Place) -> None:
    ahead_and_back(place, 20)


def test_a_clock_that_goes_back_over_a_restart(place: Place) -> None:
    back_over_a_restart(place, 10)
