"""How much a file may hold. Every limit is per file and enforced while reading."""

from __future__ import annotations

from typing import Final

FILE_BYTES: Final = 1 << 20
"""Size of a file, and of its text once aliases are written out."""

DEPTH: Final = 64
"""Mappings and lists inside each other."""

NODES: Final = 100_000
"""Values and keys, aliases written out."""

POINTER_CHARS: Final = 16 << 20
"""Sum of the lengths of all nodes' JSON pointers: bounds what long keys over many
values can cost."""

NUMBER_CHARS: Final = 100
"""Characters of one number; a double never needs more than 24."""

PROBLEMS: Final = 100
"""Diagnostics; reading a file stops there."""
