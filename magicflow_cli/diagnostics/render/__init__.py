"""Diagnostics as text: one module per format, each with
`render(diagnostics, sources, *, color, width) -> str`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Final

from magicflow_cli.diagnostics.model import Diagnostic, Severity
from magicflow_cli.diagnostics.sources import Sources

FORMATS: Final = ("full", "concise", "json", "github", "sarif")


def render(
    format: str,
    diagnostics: Sequence[Diagnostic],
    sources: Sources,
    *,
    color: bool = False,
    width: int = 100,
) -> str:
    """The diagnostics in one of `FORMATS`, ending with a line break unless empty.

    `color` and `width` (columns of the terminal) concern the formats for people. The
    formats json and sarif are a whole document also when there is nothing to report.
    """
    if format not in FORMATS:
        raise ValueError(f"no format `{format}`")
    module = import_module(f"{__name__}.{format}")
    text: str = module.render(diagnostics, sources, color=color, width=width)
    return text


def count(diagnostics: Sequence[Diagnostic]) -> dict[str, int]:
    """How many errors, warnings and notes there are."""
    return {
        f"{severity.value}s": sum(d.severity is severity for d in diagnostics)
        for severity in Severity
    }


def summary(diagnostics: Sequence[Diagnostic]) -> str:
    """`2 errors, 1 warning`; empty when there is nothing."""
    parts = [
        f"{number} {name if number != 1 else name[:-1]}"
        for name, number in count(diagnostics).items()
        if number
    ]
    return ", ".join(parts)
