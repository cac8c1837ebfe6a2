"""Suggestions for misspelt names."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name within edit distance 2 (nearest, then first by name), or None.

    A distance of 2 needs a name of at least four characters: anything is near `ab`.
    """
    if len(name) > 64:
        return None
    best: tuple[int, str] | None = None
    for candidate in known:
        if abs(len(candidate) - len(name)) > 2:
            continue
        distance = _distance(name.lower(), candidate.lower())
        if distance <= (2 if len(name) > 3 else 1):
            best = min(best or (distance, candidate), (distance, candidate))
    return best[1] if best else None


def _distance(a: str, b: str) -> int:
    """Levenshtein's distance."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row = row, [i]
        for j, y in enumerate(b, 1):
            row.append(min(previous[j] + 1, row[-1] + 1, previous[j - 1] + (x != y)))
    return row[-1]
