"""Workflow commands of GitHub Actions: annotations in a pull request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from magicflow_cli.diagnostics.model import Diagnostic, Severity, Span
from magicflow_cli.diagnostics.render.terminal import safe
from magicflow_cli.diagnostics.sources import Sources

_COMMANDS: Final = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "notice",
}


def render(
    diagnostics: Sequence[Diagnostic], sources: Sources, *, color: bool, width: int
) -> str:
    """One command a diagnostic; `color` and `width` do not matter."""
    return "".join(_command(diagnostic) for diagnostic in diagnostics)


def _command(diagnostic: Diagnostic) -> str:
    message = diagnostic.message
    if diagnostic.help:
        message += "\nhelp: " + diagnostic.help
    kind = _COMMANDS[diagnostic.severity]
    return command(kind, diagnostic.code, diagnostic.span, message)


def command(kind: str, title: str, span: Span | None, message: str) -> str:
    """One annotation; `kind` is error, warning or notice."""
    properties = {"title": safe(title)}
    if span is not None:
        properties |= {
            "file": safe(span.file),
            "line": str(span.line),
            "endLine": str(span.end_line),
        }
        if span.line == span.end_line:  # GitHub takes columns on one line only
            properties |= {"col": str(span.col), "endColumn": str(span.end_col)}
    written = ",".join(f"{key}={_property(properties[key])}" for key in properties)
    lines = "\n".join(safe(line) for line in message.split("\n"))
    return f"::{kind} {written}::{_data(lines)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
