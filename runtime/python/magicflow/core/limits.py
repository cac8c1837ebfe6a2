"""Whether a value is larger than a run may keep, counted in canonical JSON bytes."""

from __future__ import annotations

from typing import Any

from magicflow import canonical
from magicflow.types.domain import MAX_DEPTH

_NUMBER = 25  # more bytes than any double needs
_ESCAPED = 6  # bytes of the longest escape, and more than a code point's UTF-8


def exceeds(value: Any, limit: int) -> bool:
    """True when the value's canonical JSON has more than `limit` bytes, or when more
    collections stand in each other than the domain of values allows.

    Nearly every value is far below the limit, so a bound from above comes first and the
    exact text is only written when the bound is not enough.
    """
    if _bound(value, limit, MAX_DEPTH) <= limit:
        return False
    try:
        if canonical.exceeds(value, limit):  # stops there, whatever the value shares
            return True
    except ValueError:
        return True  # what no JSON text can say cannot be kept
    return _is_too_deep(value)


def _bound(value: Any, limit: int, depth: int) -> int:
    """At least the size of the value, and beyond the limit when it is too deep; stops
    counting when it is beyond the limit. (On the path of every result: leaves are
    counted where they stand.)"""
    kind = value.__class__
    if kind is dict:
        total = 2 if depth else limit + 1
        for key, item in value.items():
            kind = item.__class__
            total += _ESCAPED * len(key) + 4
            if kind is str:
                total += _ESCAPED * len(item) + 3
            elif kind is dict or kind is list:
                total += 1 + _bound(item, limit - total, depth - 1)
            else:
                total += _NUMBER
            if total > limit:
                break
        return total
    if kind is list:
        total = 2 if depth else limit + 1
        for item in value:
            kind = item.__class__
            if kind is str:
                total += _ESCAPED * len(item) + 3
            elif kind is dict or kind is list:
                total += 1 + _bound(item, limit - total, depth - 1)
            else:
                total += _NUMBER
            if total > limit:
                break
        return total
    return _ESCAPED * len(value) + 2 if kind is str else _NUMBER


def _is_too_deep(value: Any) -> bool:
    waiting = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, dict | list):
            if depth == MAX_DEPTH:
                return True
            below = item.values() if isinstance(item, dict) else item
            waiting += [(child, depth + 1) for child in below]
    return False
