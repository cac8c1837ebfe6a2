"""Erasing what was kept long enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from magicflow.engine.clock import Handle
from magicflow.store import StoreError

if TYPE_CHECKING:
    from magicflow.engine.engine import Engine

_KEPT = {"completed": ("completed",), "failed": ("failed", "timed_out", "cancelled")}
MOST = 100
"""Runs of one workflow and outcome that one sweep erases."""


class Retention:
    def __init__(self, engine: Engine, forget: Callable[[str], None]) -> None:
        self._engine = engine
        self._forget = forget
        self._alarm: Handle | None = None

    def arm(self) -> None:
        """Sweep from now on, when a deployed workflow wants it."""
        self.clear()
        engine = self._engine
        if any(deployed.json.get("retention") for deployed in engine.catalog):
            at = engine.clock.now() + engine.settings.sweep
            self._alarm = engine.clock.call_at(at, self._sweep)

    def clear(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _sweep(self) -> None:
        engine = self._engine
        if engine.state != "open":
            return
        now = engine.clock.now()
        try:
            for deployed in engine.catalog:
                kept = deployed.json.get("retention") or {}
                for name, statuses in _KEPT.items():
                    if name in kept:
                        before = now - kept[name]
                        workflow = deployed.plan.name
                        for run_id in engine.store.expired(
                            workflow, statuses, before, MOST
                        ):
                            self._forget(run_id)
        except StoreError as error:
            engine.unknown(error)
            return
        self.arm()
