"""Places in a text: from an index in code points to a line and column."""

from __future__ import annotations

import re
from bisect import bisect_right

from magicflow_cli.diagnostics.model import Span

_BREAK = re.compile(r"\r\n|\n|\r")


class Places:
    """Finds lines and columns (from 1, in code points) of indices into one text."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._text = text
        self._lazy_starts: list[int] = []

    def at(self, index: int) -> tuple[int, int]:
        """Line and column of an index; an index beyond the text is its end."""
        if not self._lazy_starts:
            ends = (match.end() for match in _BREAK.finditer(self._text))
            self._lazy_starts = [0, *ends]
        index = min(index, len(self._text))
        line = bisect_right(self._lazy_starts, index)
        return line, index - self._lazy_starts[line - 1] + 1

    def span(self, start: int, end: int | None = None) -> Span:
        """The span of `text[start:end]`; without `end`, of the character at `start`,
        which is empty at the end of the text."""
        line, col = self.at(start)
        if end is None:
            width = 1 if start < len(self._text) else 0
            return Span(self._file, line, col, line, col + width)
        return Span(self._file, line, col, *self.at(max(start, end)))
