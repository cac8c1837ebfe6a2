"""Date-times of RFC 3339 → integer milliseconds since 1970 UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_DATE_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_date_time(text: str) -> int | None:
    """Milliseconds, finer fractions cut off; None when the text is no date-time with an
    offset. A leap second counts as the second after it."""
    found = _DATE_TIME.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.group(1, 2, 3, 4, 5, 6))
    leap = second == 60
    try:
        moment = datetime(
            year, month, day, hour, minute, 59 if leap else second, tzinfo=UTC
        )
    except ValueError:
        return None
    offset = int(found[9] or 0) * 60 + int(found[10] or 0)
    if offset > 23 * 60 + 59 or int(found[10] or 0) > 59:
        return None
    millis = (moment - _EPOCH) // timedelta(milliseconds=1) + leap * 1000
    millis += int((found[7] or "0")[:3].ljust(3, "0"))
    return millis - offset * 60_000 * (-1 if found[8] == "-" else 1)
