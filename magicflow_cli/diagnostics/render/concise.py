"""One line a diagnostic: `file:line:col: MF2001 error: message`."""

from __future__ import annotations

from collections.abc import Sequence

from magicflow_cli.diagnostics.model import Diagnostic, Severity
from magicflow_cli.diagnostics.render.terminal import Paint, paint, safe
from magicflow_cli.diagnostics.sources import Sources


def render(
    diagnostics: Sequence[Diagnostic], sources: Sources, *, color: bool, width: int
) -> str:
    """`color` paints code and severity; `width` does not matter."""
    return "".join(_line(diagnostic, color) for diagnostic in diagnostics)


def _line(diagnostic: Diagnostic, color: bool) -> str:
    how = Paint.ERROR if diagnostic.severity is Severity.ERROR else Paint.WARNING
    head = paint(f"{diagnostic.code} {diagnostic.severity.value}", how, color)
    span = diagnostic.span
    place = f"{safe(span.file)}:{span.line}:{span.col}: " if span is not None else ""
    return f"{place}{head}: {safe(diagnostic.message)}\n"
