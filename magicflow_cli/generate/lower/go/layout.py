"""Columns as gofmt pads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from unicodedata import category


def pad_rows(rows: Iterable[Sequence[str] | str], indent: str = "\t") -> list[str]:
    """Lines of cells. A cell that another follows is padded to the widest of its column
    among the neighbouring rows that have one too; a row that is a plain string (a
    comment, a blank line) stands for itself and ends all columns."""
    found: list[str] = []
    section: list[Sequence[str]] = []
    for row in rows:
        if isinstance(row, str):
            found += _pad_section(section, indent)
            section = []
            found.append(row)
        else:
            section.append(row)
    return found + _pad_section(section, indent)


def _pad_section(rows: list[Sequence[str]], indent: str) -> list[str]:
    lines = [indent] * len(rows)
    for column in range(max((len(row) for row in rows), default=0)):
        start = 0
        while start < len(rows):
            end = start
            while end < len(rows) and len(rows[end]) > column + 1:
                end += 1
            width = max((_width(row[column]) for row in rows[start:end]), default=0)
            for at in range(start, end):
                cell = rows[at][column]
                lines[at] += cell + " " * (width - _width(cell) + 1)
            if end < len(rows) and len(rows[end]) == column + 1:
                lines[end] += rows[end][column]
            start = end + 1
    return [line.rstrip() for line in lines]


def _width(cell: str) -> int:
    return sum(category(char) not in ("Mn", "Me") for char in cell)
