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
        self._end = len(text)
        self._starts = [0, *(match.end() for match in _BREAK.finditer(text))]

    def at(self, index: int) -> tuple[int, int]:
        """Line and column of an index; an index beyond the text is its end."""
        index = max(0, min(index, self._end))
        line = bisect_right(self._starts, index)
        return line, index - self._starts[line - 1] + 1

    def span(self, start: int, end: int | None = None, pointer: str = "") -> Span:
        """The span of `text[start:end]`, of one character when `end` is left out."""
        line, col = self.at(start)
        end_line, end_col = self.at(start + 1 if end is None else end)
        if end is None and end_line != line:
            end_line, end_col = line, col + 1
        return Span(self._file, line, col, end_line, end_col, pointer)
