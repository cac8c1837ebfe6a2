"""Time that passes without a server, and clocks that are moved under one."""

from __future__ import annotations

import time

from magicflow.client import Client

from tests.runtime.faults.load import Load, finish
from tests.runtime.faults.processes import Place
from tests.runtime.faults.rounds import verify

DAY = 86_400_000
HOUR = 3_600_000


def test_a_server_that_was_down_for_a_minute_with_due_timers(place: Place) -> None:
    """The runs wait for half a minute: what came due while nobody was there fires at the
    start, once."""
    place.move_clock(0)
    with place.server():
        acknowledged = Load(place, "due", 60, "waits").join()
        assert len(acknowledged) == 60
    place.move_clock(60_000)
    started = time.monotonic()
    with place.server():
        finish(place, 10)
    assert time.monotonic() - started < 15
    assert verify(place, acknowledged) == 60


def test_a_frozen_server_catches_up(place: Place) -> None:
    """Stopped, as a machine that is suspended; the clock goes on without it."""
    place.move_clock(0)
    with place.server() as server:
        acknowledged = Load(place, "frozen", 20, "waits").join()
        server.freeze()
        place.move_clock(60_000)
        time.sleep(0.2)
        server.thaw()
        finish(place, 10)
    assert verify(place, acknowledged) == 20


def test_a_clock_30_days_ahead_and_an_hour_back(place: Place) -> None:
    """Ahead fires what waits; back delays it until the time is there again, and never
    fires it early. Steps in between, leases and the order of ids do not care."""
    place.move_clock(0)
    with place.server(), Client(place.url) as client:
        acknowledged = Load(place, "before", 20, "waits").join()
        place.move_clock(30 * DAY)
        finish(place, 10)
        acknowledged |= Load(place, "ahead", 20, "waits").join()
        place.move_clock(30 * DAY - HOUR)
        acknowledged |= Load(place, "back", 20, "mixed").join()
        time.sleep(1.0)
        waiting, _ = client.executions(workflow="waits", open="true", limit=100)
        assert len(waiting) == 20, "an hour back, the half minute is not over"
        newest, _ = client.executions(limit=1)
        assert newest[0].id > max(run.id for run in waiting)
        place.move_clock(30 * DAY + 60_000)
        finish(place, 10)
    assert verify(place, acknowledged) == 80


def test_a_clock_that_goes_back_over_a_restart(place: Place) -> None:
    place.move_clock(HOUR)
    with place.server():
        acknowledged = Load(place, "first", 10).join()
        acknowledged |= Load(place, "waiting", 10, "waits").join()
    place.move_clock(0)
    with place.server(), Client(place.url) as client:
        acknowledged |= Load(place, "second", 10).join()
        ids = [row.id for row in client.executions(limit=500)[0]]
        assert ids == sorted(ids, reverse=True)
        place.move_clock(HOUR + 60_000)
        finish(place, 10)
    assert verify(place, acknowledged) == 30
