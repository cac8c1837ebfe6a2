"""Run and event ids: UUIDs that sort by time and by creation within a process."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator

_BATCH = 256


def id_source(now: Callable[[], int]) -> Callable[[], str]:
    """A source of UUIDv7: 48 bits of time, a counter, 62 random bits.

    Later ids of one source are always greater as text, also when the clock goes back:
    paging by id relies on it.
    """
    last = 0
    random: Iterator[str] = iter(())

    def next_id() -> str:
        nonlocal last, random
        # 12 bits of the counter live below the millisecond: more than 4,096 ids in one
        # millisecond borrow from the next
        stamp = max(now() << 12, last + 1)
        last = stamp
        tail = next(random, None)
        if tail is None:
            raw = os.urandom(8 * _BATCH).hex()
            random = iter([raw[i : i + 16] for i in range(0, len(raw), 16)])
            tail = next(random)
        high = f"{stamp >> 12:012x}"
        return (
            f"{high[:8]}-{high[8:]}-7{stamp & 0xFFF:03x}-"
            f"{'89ab'[int(tail[0], 16) & 3]}{tail[1:4]}-{tail[4:]}"
        )

    return next_id


def derived_id(parent: str, name: str) -> str:
    """The same id for the same parent and name: what makes a start happen once."""
    return str(uuid.uuid5(uuid.UUID(parent), name))
