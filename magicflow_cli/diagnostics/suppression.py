"""How a comment that silences diagnostics is written."""

from __future__ import annotations

import re
from collections.abc import Iterator

MARKER = "magic-flow:"
DIRECTIVE = re.compile(
    r"""(?<![^\s,\[\]{}"'])#[ \t]*magic-flow:[^\r\n#]*(?<![ \t\r\n])"""
)
"""A part of a comment that speaks to magic-flow, up to the next `#`."""

SUPPRESSION = re.compile(
    r"#[ \t]*magic-flow:[ \t]*ignore\[([ \t]*[^\s,\[\]]+[ \t]*(?:,[ \t]*[^\s,\[\]]+[ \t]*)*)\]"
)


def names_in(suppression: re.Match[str]) -> Iterator[tuple[str, int]]:
    """The codes of a match of `SUPPRESSION`, each with its index in the text matched."""
    for name in re.finditer(r"[^\s,]+", suppression[1]):
        yield name[0], suppression.start(1) + name.start()
