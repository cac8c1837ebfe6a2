"""The format for people: code, sentence, place, source lines with marks, help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from magicflow_cli.diagnostics.model import Diagnostic, Severity, Span
from magicflow_cli.diagnostics.render.snippet import Snippet
from magicflow_cli.diagnostics.render.terminal import Paint, paint, safe
from magicflow_cli.diagnostics.sources import Sources, split_lines
from magicflow_cli.record import Value

_PAINTS: Final = {
    Severity.ERROR: Paint.ERROR,
    Severity.WARNING: Paint.WARNING,
    Severity.NOTE: Paint.NOTE,
}
_NARROWEST: Final = 40


class _Mark(Value):
    span: Span
    message: str
    primary: bool


def render(
    diagnostics: Sequence[Diagnostic], sources: Sources, *, color: bool, width: int
) -> str:
    """Every diagnostic with its source lines, an empty line after each."""
    writer = _Writer(sources, color, max(width, _NARROWEST))
    return "".join(writer.diagnostic(diagnostic) + "\n" for diagnostic in diagnostics)


class _Writer:
    def __init__(self, sources: Sources, color: bool, width: int) -> None:
        self._sources = sources
        self._color = color
        self._width = width
        self._lines: dict[str, list[str]] = {}

    def diagnostic(self, diagnostic: Diagnostic) -> str:
        how = _PAINTS[diagnostic.severity]
        head = paint(f"{diagnostic.code} {diagnostic.severity.value}", how, self._color)
        sentence = paint(f": {safe(diagnostic.message)}", Paint.BOLD, self._color)
        files = _by_file(diagnostic)
        last = max((m.span.line for marks in files for m in marks), default=1)
        gutter = len(str(last))
        out = [head + sentence]
        for number, marks in enumerate(files):
            arrow = "-->" if number == 0 else ":::"
            span = marks[0].span
            place = f"{safe(span.file)}:{span.line}:{span.col}"
            out.append(f"{' ' * gutter}{self._dim(arrow)} {place}")
            out += self._snippets(marks, gutter, how)
        bar = f"{' ' * gutter} {self._dim('=')} "
        if diagnostic.help:
            out.append(
                f"{bar}{paint('help', Paint.BOLD, self._color)}: {safe(diagnostic.help)}"
            )
        if diagnostic.fix is not None:
            out.append(
                f"{bar}{paint('fix', Paint.BOLD, self._color)}: {safe(diagnostic.fix.title)}"
            )
        out.append(f"{bar}see `magic-flow explain {diagnostic.code}`")
        return "\n".join(out) + "\n"

    def _snippets(self, marks: list[_Mark], gutter: int, how: Paint) -> list[str]:
        """The marked lines of one file in order, each followed by its marks."""
        lines = self._lines_of(marks[0].span.file)
        marked = [m for m in marks if m.span.line <= len(lines)]
        marked.sort(key=lambda m: (m.span.line, not m.primary, m.span.col))
        if not marked:
            return []
        out = [self._row(gutter)]
        before = marked[0].span.line
        snippet: Snippet | None = None
        room = self._width - gutter - 3
        for mark in marked:
            number = mark.span.line
            line = lines[number - 1]
            end_col = mark.span.end_col
            if mark.span.end_line != number:
                end_col = len(line.rstrip()) + 1
            if snippet is None or number != before:
                if number > before + 1:
                    out.append(self._dim("..."))
                snippet = Snippet(line, mark.span.col, end_col, room)
                out.append(self._row(gutter, str(number), snippet.text()))
            before = number
            under = snippet.marks(mark.span.col, end_col, "^" if mark.primary else "-")
            text = f"{under} {safe(mark.message)}".rstrip()
            painted = paint(
                text.lstrip(), how if mark.primary else Paint.DIM, self._color
            )
            blank = text[: len(text) - len(text.lstrip())]
            out.append(self._row(gutter, "", blank + painted))
        return out

    def _row(self, gutter: int, number: str = "", text: str = "") -> str:
        head = self._dim(f"{number:>{gutter}} |")
        return f"{head} {text}" if text else head

    def _dim(self, text: str) -> str:
        return paint(text, Paint.DIM, self._color)

    def _lines_of(self, file: str) -> list[str]:
        if file not in self._lines:
            source = self._sources.get(file)
            text = source.text if source is not None else ""
            self._lines[file] = split_lines(text) if text else []
        return self._lines[file]


def _by_file(diagnostic: Diagnostic) -> list[list[_Mark]]:
    """The marks by file, the primary one's file and the primary mark first."""
    if diagnostic.span is None:
        return []
    files = {diagnostic.span.file: [_Mark(diagnostic.span, "", True)]}
    for label in diagnostic.labels:
        mark = _Mark(label.span, label.message, False)
        files.setdefault(label.span.file, []).append(mark)
    return list(files.values())
