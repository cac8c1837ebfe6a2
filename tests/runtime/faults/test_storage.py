"""The disk below the server fails (short; `make chaos` is long)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.languages import lack
from tests.runtime.faults import disks
from tests.runtime.faults.processes import Lacking, Place


@contextlib.contextmanager
def as_far_as_can_be() -> Iterator[None]:
    try:
        yield
    except Lacking as missing:
        lack(str(missing))


def test_a_full_disk_stops_everything_until_it_is_freed(place: Place) -> None:
    disks.full(place, 150)


def test_nothing_overtakes_what_the_disk_has_no_room_for(place: Place) -> None:
    disks.room_for_small_ones(place, 100)


def test_a_small_file_system_that_fills_up(place: Place) -> None:
    with as_far_as_can_be():
        disks.small_file_system(place, 400)


@pytest.mark.parametrize("at", [9, 16])
def test_an_fdatasync_that_fails_once(place: Place, at: int) -> None:
    with as_far_as_can_be():
        disks.failing_sync(place, at, 100)


@pytest.mark.parametrize("number", [2, 5, 11])
def test_a_commit_that_took_hold_and_reported_a_timeout(
    place: Place, number: int
) -> None:
    disks.unknown_commit(place, number, 60)


def test_a_second_server_on_the_file_is_refused(place: Place) -> None:
    disks.second_server(place, 50)
