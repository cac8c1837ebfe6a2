"""Time that passes without a server, and clocks that are moved under one. Each function
is one round on a place of its own, and ends with the check of every promise."""

from __future__ import annotations

import time

from magicflow.client import Client

from tests.runtime.faults.load import Load, finish
from tests.runtime.faults.processes import Place
from tests.runtime.faults.rounds import verify

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def down(place: Place, runs: int, really: bool = False) -> None:
    """A minute without a server. The runs wait for half of it: what came due while
    nobody was there fires at the start, once. `really`: the minute is waited for; else
    the clock is moved."""
    place.move_clock(0)
    with place.server():
        acknowledged = Load(place, "due", runs, "waits").join()
        assert len(acknowledged) == runs
    if really:
        time.sleep(MINUTE / 1000)
    else:
        place.move_clock(MINUTE)
    with place.server():
        finish(place, 10)
    assert verify(place, acknowledged) == runs


def frozen(place: Place, runs: int) -> None:
    """Stopped, as a machine that is suspended; the clock goes on without it."""
    place.move_clock(0)
    with place.server() as server:
        acknowledged = Load(place, "frozen", runs, "waits").join()
        server.freeze()
        place.move_clock(MINUTE)
        time.sleep(0.2)
        server.thaw()
        finish(place, 10)
    assert verify(place, acknowledged) == runs


def ahead_and_back(place: Place, runs: int) -> None:
    """30 days ahead fires what waits; an hour back delays it until the time is there
    again, and never fires it early. Steps in between, leases and the order of ids do
    not care."""
    place.move_clock(0)
    with place.server(), Client(place.url) as client:
        acknowledged = Load(place, "before", runs, "waits").join()
        place.move_clock(30 * DAY)
        finish(place, 10)
        acknowledged |= Load(place, "ahead", runs, "waits").join()
        place.move_clock(30 * DAY - HOUR)
        acknowledged |= Load(place, "back", runs, "mixed").join()
        time.sleep(1.0)
        waiting, _ = client.executions(workflow="waits", open="true", limit=100)
        assert len(waiting) == runs, "an hour back, the half minute is not over"
        newest, _ = client.executions(limit=1)
        assert newest[0].id > max(run.id for run in waiting)
        place.move_clock(30 * DAY + MINUTE)
        finish(place, 10)
    assert verify(place, acknowledged) == 4 * runs, "with a child for each `mixed`"


def back_over_a_restart(place: Place, runs: int) -> None:
    place.move_clock(HOUR)
    with place.server():
        acknowledged = Load(place, "first", runs).join()
        acknowledged |= Load(place, "waiting", runs, "waits").join()
    place.move_clock(0)
    with place.server(), Client(place.url) as client:
        acknowledged |= Load(place, "second", runs).join()
        ids = [row.id for row in client.executions(limit=500)[0]]
        assert ids == sorted(ids, reverse=True)
        place.move_clock(HOUR + MINUTE)
        finish(place, 10)
    assert verify(place, acknowledged) == 3 * runs
