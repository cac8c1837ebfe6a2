"""The known name that a misspelt one most probably means."""

from __future__ import annotations

from collections.abc import Iterable

_FURTHEST = 2


def suggest(name: str, known: Iterable[str]) -> str | None:
    """The name of `known` nearest to `name`, within edit distance 2 (one for names of
    up to three characters); None when there is none. Of equally near ones the first in
    alphabetical order, so that the answer never depends on the order of `known`."""
    furthest = min(_FURTHEST, max(1, len(name) - 2))
    best: tuple[int, str] | None = None
    for other in known:
        if other == name or abs(len(other) - len(name)) > furthest:
            continue
        found = edit_distance(name, other, furthest)
        if found <= furthest and (best is None or (found, other) < best):
            best = (found, other)
    return best[1] if best is not None else None


def edit_distance(left: str, right: str, limit: int) -> int:
    """How many characters must be put in, taken out, replaced, or swapped with their
    neighbour; anything above `limit` when it is more."""
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]
