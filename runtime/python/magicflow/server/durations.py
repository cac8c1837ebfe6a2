"""Durations of the API: `500ms 30s 5m 1h 2d`, ISO 8601, or milliseconds as a number."""

from __future__ import annotations

import re

_SHORT = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_ISO = re.compile(
    r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)
_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_LARGEST = 2**53 - 1


def parse_duration(value: str | int | float) -> int:
    """Milliseconds. Raises ValueError."""
    milliseconds = (
        float(value) if isinstance(value, int | float) else _parse(value.strip())
    )
    if not 0 <= milliseconds <= _LARGEST:
        raise ValueError(f"`{value}` is out of range")
    return int(milliseconds)


def _parse(text: str) -> float:
    short = _SHORT.fullmatch(text)
    if short is not None:
        return float(short[1]) * _UNITS[short[2]]
    iso = _ISO.fullmatch(text)
    if iso is None or not any(iso.groups()):
        raise ValueError(f"`{text[:40]}` is no duration such as `30s` or `PT30S`")
    weeks, days, hours, minutes, seconds = (float(part or 0) for part in iso.groups())
    return (
        (weeks * 7 + days) * 86_400_000
        + hours * 3_600_000
        + minutes * 60_000
        + seconds * 1000
    )
