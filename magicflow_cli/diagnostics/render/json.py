"""The format for programs; schemas/diagnostics.schema.json describes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from magicflow_cli.diagnostics.codes import CODES
from magicflow_cli.diagnostics.model import Diagnostic, Fix, Span
from magicflow_cli.diagnostics.render import count
from magicflow_cli.diagnostics.sources import Sources


def render(
    diagnostics: Sequence[Diagnostic], sources: Sources, *, color: bool, width: int
) -> str:
    """One JSON object in ASCII; `color` and `width` do not matter."""
    document = {
        "version": 1,
        "diagnostics": [_diagnostic(diagnostic) for diagnostic in diagnostics],
        "summary": count(diagnostics),
    }
    return json.dumps(document, indent=2) + "\n"


def _diagnostic(diagnostic: Diagnostic) -> dict[str, Any]:
    code = CODES.get(diagnostic.code)
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "title": code.title if code is not None else "",
        "message": diagnostic.message,
        "help": diagnostic.help,
        "span": _span(diagnostic.span) if diagnostic.span is not None else None,
        "labels": [
            {"span": _span(label.span), "message": label.message}
            for label in diagnostic.labels
        ],
        "fix": _fix(diagnostic.fix) if diagnostic.fix is not None else None,
    }


def _span(span: Span) -> dict[str, Any]:
    return {
        "file": span.file,
        "line": span.line,
        "col": span.col,
        "end_line": span.end_line,
        "end_col": span.end_col,
        "pointer": span.pointer,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    edits = [{"span": _span(edit.span), "text": edit.text} for edit in fix.edits]
    return {"title": fix.title, "edits": edits}
