"""One source line, made safe and cut to the terminal, with marks under a span."""

from __future__ import annotations

from typing import Final

from magicflow_cli.diagnostics.render.terminal import cells, shown

_CUT: Final = "…"
_SHARE_BEFORE: Final = 3  # a cut line shows a third of the room before the span


class Snippet:
    """The part of a line that is shown: the columns (from 1, exclusive end) `first` to
    `end` of it, so that the columns `col` to `end_col` are in sight."""

    def __init__(self, line: str, col: int, end_col: int, room: int) -> None:
        near = line[: _reach(col, end_col, room)]
        self._all = len(near) == len(line)
        if near.isascii() and near.isprintable():  # nearly every line
            self._pieces = list(near)
            self._widths = [1] * len(near)
        else:
            self._pieces = [shown(char) for char in near]
            self._widths = [cells(piece) for piece in self._pieces]
        self._first, self._end = self._window(col - 1, end_col - 1, room)

    def text(self) -> str:
        before = _CUT if self._first > 0 else ""
        cut = self._end < len(self._pieces) or not self._all
        return before + "".join(self._pieces[self._first : self._end]) + _CUT * cut

    def marks(self, col: int, end_col: int, mark: str) -> str:
        """Spaces and marks to stand below `text()`; at least one mark."""
        start = min(max(col - 1, self._first), self._end)
        end = min(max(end_col - 1, start), self._end)
        before = sum(self._widths[self._first : start]) + (self._first > 0)
        return " " * before + mark * max(1, sum(self._widths[start:end]))

    def _window(self, start: int, end: int, room: int) -> tuple[int, int]:
        """Indices of the first piece shown and behind the last."""
        total = len(self._pieces)
        if self._all and sum(self._widths) <= room:
            return 0, total
        start = min(start, total)
        first = start
        left = room // _SHARE_BEFORE
        while first > 0 and left >= self._widths[first - 1]:
            first -= 1
            left -= self._widths[first]
        last = first
        left = room - 2
        while last < total and left >= self._widths[last]:
            left -= self._widths[last]
            last += 1
        while first > 0 and last == total and left >= self._widths[first - 1]:
            first -= 1
            left -= self._widths[first]
        return first, last


def _reach(col: int, end_col: int, room: int) -> int:
    """How many characters of a line can matter: enough to fill the room behind the
    span's start, zero-width ones allowed for. Bounds the work on very long lines."""
    return max(col, min(end_col, col + 4 * room)) + 4 * room
