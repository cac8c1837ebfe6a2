"""Diagnostics: the model, the codes and the renderers."""

from magicflow_cli.diagnostics.model import (
    Code,
    Diagnostic,
    Edit,
    Fix,
    Label,
    Report,
    Severity,
    Span,
)

__all__ = [
    "Code",
    "Diagnostic",
    "Edit",
    "Fix",
    "Label",
    "Report",
    "Severity",
    "Span",
]
