"""Run and event ids: UUIDs that sort by time and by creation within a process."""

from __future__ import annotations

import os
from collections.abc import Callable

_BATCH = 512
_PER_MILLISECOND = 4_096
_COUNTERS = tuple(f"{count:03x}" for count in range(_PER_MILLISECOND))
_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def id_source(now: Callable[[], int], newest: str | None = None) -> Callable[[], str]:
    """A source of UUIDv7: 48 bits of time, a counter of 12, and 62 random bits.

    Later ids of one source are always greater as text, also when the clock goes back:
    paging by id relies on it. With `newest`, an id of an earlier source, all are greater
    than that. More than 4,096 ids in one millisecond borrow from the next.
    """
    last, counter, prefix = 0, _PER_MILLISECOND, ""
    if newest is not None:
        last = int(newest[:8] + newest[9:13], 16)
    tails: list[str] = []

    def next_id() -> str:
        nonlocal last, counter, prefix, tails
        at = now()
        if at > last or counter == _PER_MILLISECOND:
            last = max(at, last + 1)
            counter = 0
            high = f"{last:012x}"
            prefix = f"{high[:8]}-{high[8:]}-7"
        if not tails:
            tails = _random_tails()
        counter += 1
        return prefix + _COUNTERS[counter - 1] + tails.pop()

    return next_id


def _random_tails() -> list[str]:
    raw = os.urandom(8 * _BATCH).hex()
    # the first digit after the dash is the variant: 8, 9, a or b
    return [
        f"-{_VARIANTS[raw[i]]}{raw[i + 1 : i + 4]}-{raw[i + 4 : i + 16]}"
        for i in range(0, len(raw), 16)
    ]
