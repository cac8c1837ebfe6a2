"""Workers that come back too late, and results that come again and again (short; `make
chaos` is long)."""

from __future__ import annotations

from tests.runtime.faults.processes import Place
from tests.runtime.faults.reports import repeated, stopped_worker


def test_a_worker_stopped_past_its_lease_is_refused(place: Place) -> None:
    stopped_worker(place)


def test_results_that_come_five_times_and_out_of_order(place: Place) -> None:
    repeated(place, 12, seed=5)
