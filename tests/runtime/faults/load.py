"""Clients that start runs while things break, and wait until all runs have ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from magicflow.client import Client, ClientError, Retries

from tests.runtime.faults.processes import Place

NO_RETRY = Retries(attempts=1)


class Load:
    """Starts `count` runs from several threads. With `patient` a start that failed is
    repeated with the same key, as docs tell clients to; without, a thread ends at its
    first failure. `acknowledged` has what the server answered, by key."""

    def __init__(
        self,
        place: Place,
        name: str,
        count: int,
        workflow: str = "three",
        threads: int = 4,
        patient: bool = False,
    ) -> None:
        self.acknowledged: dict[str, str] = {}
        self.times: list[float] = []
        """When each was acknowledged, `time.monotonic`."""
        self.failures: list[float] = []
        """When each start failed."""
        self._url = place.url
        self._workflow = workflow
        self._patient = patient
        self._left = [f"{name}-{n}" for n in range(count)]
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, daemon=True) for _ in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        with Client(self._url, retries=NO_RETRY, timeout=5) as client:
            while True:
                with self._lock:
                    if not self._left:
                        return
                    key = self._left.pop()
                while not self._start(client, key):
                    if not self._patient:
                        return  # killed; whether this one was started is unknown
                    time.sleep(0.01)

    def _start(self, client: Client, key: str) -> bool:
        try:
            run = client.start(
                self._workflow, {"n": 1, **_MORE.get(self._workflow, {})},
                idempotency_key=key,
            )  # fmt: skip
        except ClientError:
            with self._lock:
                self.failures.append(time.monotonic())
            return False
        with self._lock:
            self.acknowledged[key] = run.id
            self.times.append(time.monotonic())
        return True

    def first(self, seconds: float) -> None:
        """Wait for the first answer."""
        end = time.monotonic() + seconds
        while not self.times and time.monotonic() < end:
            time.sleep(0.001)

    def join(self) -> dict[str, str]:
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a client hangs"
        return self.acknowledged


_MORE = {"slow": {"ms": 200}}


def finish(place: Place, seconds: float = 60) -> None:
    """Wait until no run is open."""
    end = time.monotonic() + seconds
    with Client(place.url) as client:
        while True:
            open_runs, _ = client.executions(limit=1, open="true")
            if not open_runs:
                return
            if time.monotonic() > end:
                raise AssertionError(f"run {open_runs[0].id} does not end")
            time.sleep(0.01)


def wait_for(what: str, seconds: float, look: Callable[[], object]) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, f"{what} did not happen"
        time.sleep(0.02)
