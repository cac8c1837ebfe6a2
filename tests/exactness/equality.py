"""JSON equality of decoded values: `1` is `1.0` and not `true`, order of members aside."""

from __future__ import annotations

from magicflow.types.problems import frozen


def equal(left: object, right: object) -> bool:
    return bool(frozen(left) == frozen(right))
