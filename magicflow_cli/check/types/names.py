"""Pinned names and collisions."""

from __future__ import annotations

from magicflow_cli.check.types.values import Values
from magicflow_cli.load.nodes import Mapping


def read_pins(
    node: Mapping, values: Values, *, of_type: bool, place: str
) -> dict[str, str]:
    return {}
