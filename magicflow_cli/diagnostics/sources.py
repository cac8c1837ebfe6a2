"""What the renderers and `finish` need to know of a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol, TypeAlias

_BREAK = re.compile(r"\r\n|\n|\r")


class SourceText(Protocol):
    """One file: its text without byte order mark, and the codes that comments silence
    by the line of the comment. `load.nodes.Source` is one."""

    @property
    def text(self) -> str: ...

    @property
    def suppressions(self) -> dict[int, frozenset[str]]: ...


Sources: TypeAlias = Mapping[str, SourceText]
"""Files by the name that spans give them."""


def split_lines(text: str) -> list[str]:
    """The lines of a text without their ends. Unlike `str.splitlines`, only the line
    breaks of YAML 1.2 and JSON count: LF, CR LF and CR."""
    return _BREAK.split(text)
