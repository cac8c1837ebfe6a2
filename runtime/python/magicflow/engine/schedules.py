"""Triggers by time: each due time starts one run, also over crashes.

A run that a schedule starts has an idempotency key made of the due time; the last due
time is kept in the store. Starting again from an older last time therefore changes
nothing.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from magicflow.cron import parse_cron
from magicflow.engine.clock import Handle
from magicflow.engine.requests import (
    OWN_KEYS,
    Overloaded,
    Refused,
    StartRequest,
    Unavailable,
)
from magicflow.expr import MISSING, ExpressionError, Scope, compile_expression
from magicflow.store import Setting, StoreError

if TYPE_CHECKING:
    from magicflow.engine.catalog import Deployed
    from magicflow.engine.engine import Engine

_LOGGER = logging.getLogger("magicflow.engine")
MOST_MISSED = 1_000
"""How many missed times `catch_up: all` makes up for; older ones are left out."""
AGAIN = 1_000


@dataclass(slots=True)
class Schedule:
    """One trigger of one workflow. `next_after` gives the first due time beyond a
    moment."""

    workflow: str
    position: int
    setting: str
    next_after: Callable[[int], int | None]
    catch_up: str
    input: Mapping[str, Any] | None
    last: int = 0


class Schedules:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[str, Schedule] = {}
        self._alarms: dict[str, Handle] = {}

    def load(self) -> None:
        """Take up the schedules of everything that is deployed, missed times first."""
        self.clear()
        for deployed in self._engine.catalog:
            self.add(deployed)

    def add(self, deployed: Deployed) -> None:
        for position, trigger in enumerate(deployed.json["triggers"]):
            if trigger["type"] == "schedule":
                schedule = _schedule(deployed.plan.name, position, trigger)
                self._begin(schedule)

    def clear(self) -> None:
        for alarm in self._alarms.values():
            alarm.cancel()
        self._alarms.clear()
        self._known.clear()

    def _begin(self, schedule: Schedule) -> None:
        now = self._engine.clock.now()
        kept = self._engine.store.setting(schedule.setting)
        schedule.last = now if kept is None else int(kept)
        self._known[schedule.setting] = schedule
        if kept is None:
            self._engine.write_setting(Setting(schedule.setting, str(now)))
        elif schedule.catch_up != "all":
            self._skip_missed(schedule, now)
        else:
            self._bound_missed(schedule, now)
        self._arm(schedule)

    def _skip_missed(self, schedule: Schedule, now: int) -> None:
        """Move `last` so that none, or only the latest of the missed times is due."""
        latest, count = schedule.last, 0
        before = latest
        while (due := schedule.next_after(latest)) is not None and due <= now:
            before, latest, count = latest, due, count + 1
        if count:
            schedule.last = latest if schedule.catch_up == "none" else before

    def _bound_missed(self, schedule: Schedule, now: int) -> None:
        times = [schedule.last]
        while (due := schedule.next_after(times[-1])) is not None and due <= now:
            times.append(due)
        if len(times) > MOST_MISSED:
            schedule.last = times[-MOST_MISSED - 1]

    def _arm(self, schedule: Schedule, at: int | None = None) -> None:
        due = schedule.next_after(schedule.last)
        if due is not None:
            self._alarms[schedule.setting] = self._engine.clock.call_at(
                at or due, lambda: self._ring(schedule)
            )

    def _ring(self, schedule: Schedule) -> None:
        engine = self._engine
        due = schedule.next_after(schedule.last)
        if due is None or engine.state != "open":
            return  # recovery and the next start load the schedules again
        if due > engine.clock.now():
            self._arm(schedule)
            return
        try:
            self._start(schedule, due)
        except (Overloaded, Unavailable):
            self._arm(schedule, engine.clock.now() + AGAIN)
            return
        except (Refused, ExpressionError) as error:
            _LOGGER.error("schedule of %s: %s", schedule.workflow, error)
        except StoreError as error:
            engine.unknown(error)
            return
        schedule.last = due
        engine.write_setting(Setting(schedule.setting, str(due)))
        self._arm(schedule)

    def _start(self, schedule: Schedule, due: int) -> None:
        self._engine.begin(
            StartRequest(
                schedule.workflow,
                self._input(schedule, due),
                idempotency_key=f"{OWN_KEYS}schedule:{schedule.position}:{due}",
                source="schedule",
            )
        )

    def _input(self, schedule: Schedule, due: int) -> Any:
        if schedule.input is None:
            return {}
        scope = Scope(time=due, event_id=self._engine.new_id())
        value = compile_expression(dict(schedule.input))(scope)
        return None if value is MISSING else value


def _schedule(workflow: str, position: int, trigger: Mapping[str, Any]) -> Schedule:
    timing = [trigger.get(name) for name in ("cron", "every", "time_zone")]
    digest = hashlib.sha256(json.dumps(timing).encode()).hexdigest()[:16]
    return Schedule(
        workflow,
        position,
        f"schedule:{workflow}:{position}:{digest}",
        _next_after(trigger),
        trigger.get("catch_up", "none"),
        trigger.get("input"),
    )


def _next_after(trigger: Mapping[str, Any]) -> Callable[[int], int | None]:
    if "cron" in trigger:
        return parse_cron(trigger["cron"], trigger.get("time_zone")).after
    every: int = max(trigger["every"], 1)
    # multiples of the interval since 1970: restarts do not move them
    return lambda moment: (moment // every + 1) * every
