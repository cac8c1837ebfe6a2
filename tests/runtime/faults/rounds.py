"""Rounds of kills on one database; afterwards every promise is checked."""

from __future__ import annotations

import random
import time
from typing import Any

from magicflow.store import RunRow, SqliteStore

from tests.runtime.faults.load import Load, finish
from tests.runtime.faults.processes import DidNotStart, Place
from tests.runtime.faults.promises import Expected, check_promises
from tests.runtime.faults.workflows import outcome

WORKFLOWS = ("three", "three", "mixed", "undone")
"""What a round starts, one after the other."""


def verify(
    place: Place, acknowledged: dict[str, str], expected: Expected | None = None
) -> int:
    """Every promise, read from the files of a server that is gone."""
    store = SqliteStore(place.database)
    try:
        text = place.effects.read_text() if place.effects.exists() else ""
        ids = acknowledged.values()
        return check_promises(store, ids, text.splitlines(), expected or _as_expected)
    finally:
        store.close()


def _as_expected(row: RunRow, state: dict[str, Any]) -> None:
    status, output = outcome(row.workflow, state["start"]["input"]["n"])
    run = state["run"]
    assert (row.status, run.get("output")) == (status, output), f"{row}: {run}"
    if row.workflow == "undone":
        assert run["compensation"] == "complete", f"{row.id} is not undone"


def _or_given_up(row: RunRow, state: dict[str, Any]) -> None:
    """A task that was handed out five times, and each time to nobody who lived to hear
    of it or to report, is given up."""
    error = state["run"].get("error") or {}
    if error.get("code") != "UNAVAILABLE" or "5 deliveries" not in error["message"]:
        _as_expected(row, state)


def kill_server_rounds(
    place: Place,
    rounds: int,
    runs: int,
    fault: str | None = None,
    seed: int = 0,
    remote: bool = False,
) -> int:
    """The server is killed at a random moment, or when it passes a labelled point; gives
    the number of runs at the end. With `remote` a worker of another process works on the
    steps, and lives on."""
    if not remote:
        return _kill_server_rounds(place, rounds, runs, fault, seed, ())
    with place.worker():
        options = ("--remote", "--lease", "1000")
        return _kill_server_rounds(place, rounds, runs, fault, seed, options)


def _kill_server_rounds(
    place: Place,
    rounds: int,
    runs: int,
    fault: str | None,
    seed: int,
    options: tuple[str, ...],
) -> int:
    dice = random.Random(seed)
    acknowledged: dict[str, str] = {}
    for number in range(rounds):
        point = None if fault is None else f"{fault}:{dice.randint(1, 40)}"
        workflow = WORKFLOWS[number % len(WORKFLOWS)]
        try:
            server = place.start(*options, fault=point)
        except DidNotStart as error:
            # what was open was taken up at once, and passed the point
            assert point is not None and error.killed, error
            continue
        try:
            load = Load(place, f"{fault}-{number}", runs, workflow)
            wait = 0.02 + dice.random() * 0.4 if fault is None else 20
            if fault is None and number % 4:
                # else the server is killed while it starts, or before its first answer
                load.first(20)
            deadline = time.monotonic() + wait
            while server.alive and time.monotonic() < deadline:
                time.sleep(0.002)
            if fault is not None:
                assert not server.alive, f"{point} was never reached"
            server.kill()
            acknowledged |= load.join()
        finally:
            server.kill()
    with place.server(*options):
        finish(place)
    return verify(place, acknowledged, _or_given_up if options else None)


def kill_worker_rounds(
    place: Place, rounds: int, runs: int, fault: str | None = None, seed: int = 0
) -> int:
    """Workers are killed at random, during a step (`before_effect`) or between its
    effect and its report (`after_effect`)."""
    dice = random.Random(seed)
    with place.server("--remote", "--lease", "300"):
        load = Load(place, "worker", runs)
        for _ in range(rounds):
            point = None if fault is None else f"{fault}:{dice.randint(1, 15)}"
            with place.worker(point) as worker:
                wait = 0.2 + dice.random() * 0.3 if fault is None else 20
                deadline = time.monotonic() + wait
                while worker.alive and time.monotonic() < deadline:
                    time.sleep(0.002)
                assert fault is None or not worker.alive, f"{point} was never reached"
        acknowledged = load.join()
        with place.worker():
            finish(place)
    return verify(place, acknowledged, _or_given_up)
