"""Durations and latencies as scenarios write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from math import exp, log
from random import Random
from statistics import NormalDist

_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SHORT = re.compile(r"([0-9]{1,12})(ms|s|m|h|d)", re.ASCII)
_ISO = re.compile(
    r"P(?:(?P<weeks>[0-9]{1,7})W|(?=[0-9T])(?:(?P<days>[0-9]{1,8})D)?"
    r"(?:T(?=[0-9])(?:(?P<hours>[0-9]{1,8})H)?(?:(?P<minutes>[0-9]{1,8})M)?"
    r"(?:(?P<seconds>[0-9]{1,8})(?:\.(?P<fraction>[0-9]{1,3}))?S)?)?)",
    re.ASCII,
)
_LONGEST = 2**53 - 1
_PERCENTILES = re.compile(r"p50=(\S+) +p95=(\S+)")
_Z95 = NormalDist().inv_cdf(0.95)
_STEPS = 1_024
_NORMAL = tuple(NormalDist().inv_cdf((k + 0.5) / _STEPS) for k in range(_STEPS))
"""Quantiles of the normal distribution, from below one in 2,000 to above 1,999."""


def parse_duration(text: str) -> int:
    """Milliseconds: `500ms 30s 5m 1h 2d`, ISO 8601. Raises ValueError."""
    short = _SHORT.fullmatch(text)
    if short is not None:
        millis = int(short[1]) * _UNITS[short[2]]
    else:
        iso = _ISO.fullmatch(text)
        if iso is None:
            raise ValueError(f"`{text[:40]}` is no duration such as `30s` or `PT30S`")
        part = {name: int(value or 0) for name, value in iso.groupdict().items()}
        fraction = int((iso["fraction"] or "0").ljust(3, "0"))
        days = part["weeks"] * 7 + part["days"]
        seconds = (part["hours"] * 60 + part["minutes"]) * 60 + part["seconds"]
        millis = days * _UNITS["d"] + seconds * 1_000 + fraction
    if millis > _LONGEST:
        raise ValueError(f"`{text[:40]}` is longer than durations can be")
    return millis


def print_duration(millis: int) -> str:
    """As `parse_duration` reads it, in the largest unit that is exact."""
    for unit in ("d", "h", "m", "s"):
        if millis and millis % _UNITS[unit] == 0:
            return f"{millis // _UNITS[unit]}{unit}"
    return f"{millis}ms" if millis else "0s"


@dataclass(frozen=True, slots=True)
class Latency:
    """A distribution of durations: `table` has quantiles at equal distances, so that a
    sample is one look-up and the same everywhere."""

    text: str
    table: tuple[int, ...]

    @property
    def is_fixed(self) -> bool:
        return len(self.table) == 1

    def sample(self, dice: Random) -> int:
        """Milliseconds."""
        table = self.table
        if len(table) == 1:
            return table[0]
        return table[int(dice.random() * len(table))]


@lru_cache(maxsize=1_024)
def parse_latency(text: str) -> Latency:
    """`500ms`, `100ms..2s` (evenly), `p50=200ms p95=2s` (log-normal). Raises
    ValueError."""
    low, dots, high = text.partition("..")
    if dots:
        first, last = parse_duration(low.strip()), parse_duration(high.strip())
        if first > last:
            raise ValueError(f"`{text[:60]}` ends before it begins")
        width = last - first
        count = min(width + 1, _STEPS)
        if count == 1:
            return Latency(text, (first,))
        return Latency(
            text, tuple(first + width * k // (count - 1) for k in range(count))
        )
    found = _PERCENTILES.fullmatch(text.strip())
    if found is None:
        return Latency(text, (parse_duration(text.strip()),))
    median, high95 = parse_duration(found[1]), parse_duration(found[2])
    if not 0 < median <= high95:
        raise ValueError(f"in `{text[:60]}` the median is not above 0 and below p95")
    sigma = log(high95 / median) / _Z95
    table = tuple(min(round(median * exp(sigma * z)), _LONGEST) for z in _NORMAL)
    return Latency(text, table)
