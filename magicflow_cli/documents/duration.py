"""Durations as users write them: `500ms 30s 5m 1h 2d`, and ISO 8601."""

from __future__ import annotations

import re

_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SHORT = re.compile(r"([0-9]{1,12})(ms|s|m|h|d)", re.ASCII)
_ISO = re.compile(
    r"P(?:(?P<weeks>[0-9]{1,7})W|(?=[0-9T])(?:(?P<days>[0-9]{1,8})D)?"
    r"(?:T(?=[0-9])(?:(?P<hours>[0-9]{1,8})H)?(?:(?P<minutes>[0-9]{1,8})M)?"
    r"(?:(?P<seconds>[0-9]{1,8})(?:\.(?P<fraction>[0-9]{1,3}))?S)?)?)",
    re.ASCII,
)
_LONGEST = 9_007_199_254_740_991  # 2^53 − 1, the plan's largest integer


def parse_duration(text: str) -> int | None:
    """The duration in milliseconds, always exact; None when `text` is none.

    Years and months have no fixed length and are none. The longest duration has
    2^53 − 1 milliseconds, which the schema's digit limits keep below.
    """
    short = _SHORT.fullmatch(text)
    if short is not None:
        millis = int(short[1]) * _UNITS[short[2]]
        return millis if millis <= _LONGEST else None
    iso = _ISO.fullmatch(text)
    if iso is None:
        return None
    part = {name: int(value or 0) for name, value in iso.groupdict().items()}
    fraction = int((iso["fraction"] or "0").ljust(3, "0"))
    days = part["weeks"] * 7 + part["days"]
    seconds = (part["hours"] * 60 + part["minutes"]) * 60 + part["seconds"]
    return days * _UNITS["d"] + seconds * _UNITS["s"] + fraction
