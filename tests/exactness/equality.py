"""JSON equality of decoded values: `1` is `1.0` and not `true`, order of members aside."""

from __future__ import annotations


def equal(left: object, right: object) -> bool:
    """On a stack of its own, as values may be 512 deep."""
    waiting = [(left, right)]
    while waiting:
        one, other = waiting.pop()
        if isinstance(one, dict) and isinstance(other, dict):
            if one.keys() != other.keys():
                return False
            waiting += [(one[name], other[name]) for name in one]
        elif isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return False
            waiting += zip(one, other, strict=True)
        elif isinstance(one, bool) != isinstance(other, bool) or one != other:
            return False
    return True
