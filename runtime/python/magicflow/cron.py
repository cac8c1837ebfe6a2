"""Cron expressions with time zones.

Five fields: minute, hour, day of month, month, day of week; `*`, lists, ranges, steps and
English names. When both days are restricted, either counts (as in every cron).

A local time that the clock skips in spring happens as much later as it skips; one that comes
twice in autumn happens the first time. A schedule that names no hour (`*`) follows real
time instead: nothing is skipped or shifted, and both of the repeated hours count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_MONTHS = [
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_NAMED = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_HORIZON = 366 * 9
"""Days in which every possible date comes up, 29 February included."""


@dataclass(frozen=True, slots=True)
class Cron:
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool
    every_hour: bool
    zone: tzinfo

    def after(self, moment: int) -> int | None:
        """The first time beyond `moment`, in milliseconds since 1970; None when the
        schedule never comes up."""
        local = datetime.fromtimestamp(moment / 1000, UTC).astimezone(self.zone)
        day = local.date() - timedelta(days=1)
        for _ in range(_HORIZON):
            if self._on(day):
                times = [at for at in self._times(day) if at > moment]
                if times:
                    return min(times)
            day += timedelta(days=1)
        return None

    def _on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        in_month = day.day in self.days
        in_week = day.isoweekday() % 7 in self.weekdays
        return in_month or in_week if self.either_day else in_month and in_week

    def _times(self, day: date) -> Iterator[int]:
        for hour in self.hours:
            for minute in self.minutes:
                local = datetime(
                    day.year, day.month, day.day, hour, minute, tzinfo=self.zone
                )
                first = local.astimezone(UTC)
                exists = first.astimezone(self.zone).replace(tzinfo=None) == (
                    local.replace(tzinfo=None)
                )
                if not self.every_hour:
                    yield _millis(first)
                elif exists:
                    yield _millis(first)
                    yield _millis(local.replace(fold=1).astimezone(UTC))


def _millis(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000


def parse_cron(text: str, time_zone: str | None = None) -> Cron:
    """Raises ValueError for what is no cron expression or no time zone."""
    fields = _NAMED.get(text.strip().lower(), text).split()
    if len(fields) != 5:
        raise ValueError(f"`{text}` has not the five fields of a cron expression")
    minute, hour, day, month, weekday = fields
    try:
        zone: tzinfo = UTC if time_zone in (None, "UTC") else ZoneInfo(str(time_zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone `{time_zone}`") from None
    weekdays = {value % 7 for value in _field(weekday, 0, 7, _DAYS)}
    return Cron(
        tuple(sorted(_field(minute, 0, 59))),
        tuple(sorted(_field(hour, 0, 23))),
        frozenset(_field(day, 1, 31)),
        frozenset(_field(month, 1, 12, _MONTHS, 1)),
        frozenset(weekdays),
        either_day=not day.startswith("*") and not weekday.startswith("*"),
        every_hour=hour == "*",
        zone=zone,
    )


def _field(
    text: str, low: int, high: int, names: list[str] | None = None, first: int = 0
) -> set[int]:
    values: set[int] = set()
    for part in text.split(","):
        span, slash, step_text = part.partition("/")
        step = int(step_text) if step_text.isdigit() else 0
        if slash and step < 1:
            raise ValueError(f"`{part}` has no step")
        if span in ("*", "?"):
            start, end = low, high
        else:
            begin, dash, stop = span.partition("-")
            start = _value(begin, names, first)
            end = _value(stop, names, first) if dash else (high if slash else start)
        if not low <= start <= end <= high:
            raise ValueError(f"`{part}` is not within {low}-{high}")
        values.update(range(start, end + 1, step or 1))
    return values


def _value(text: str, names: list[str] | None, first: int) -> int:
    if text.isascii() and text.isdigit() and len(text) < 4:
        return int(text)
    if names is not None and text.lower() in names:
        return names.index(text.lower()) + first
    raise ValueError(f"`{text}` is no value of a cron field")
