"""What a misspelt name was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_LONGEST: Final = 100
_SHORT: Final = 4


def suggest(name: str, known: Iterable[str]) -> str | None:
    """The known name nearest to `name` within two edits, one edit for names of up to
    four characters; None when there is none or when `name` itself is known.

    An edit inserts, deletes or replaces a character or swaps two neighbours; a
    difference of case alone is the nearest. Ties go to the first in code point order.
    """
    if not 2 <= len(name) <= _LONGEST:
        return None
    best: tuple[int, str] | None = None
    folded = name.casefold()
    for other in known:
        if other == name:
            return None
        allowed = 1 if min(len(name), len(other)) <= _SHORT else 2
        if abs(len(name) - len(other)) > allowed or len(other) < 2:
            continue
        found = 0 if other.casefold() == folded else distance(name, other, allowed)
        if found <= allowed and (best is None or (found, other) < best):
            best = (found, other)
    return best[1] if best is not None else None


def distance(left: str, right: str, limit: int) -> int:
    """The number of edits between two texts (optimal string alignment), `limit` + 1
    as soon as it is known to be beyond `limit`."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        older, before = before, row
        row = [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)
