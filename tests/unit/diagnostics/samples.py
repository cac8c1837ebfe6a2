"""Diagnostics to render, harmless and hostile."""

from __future__ import annotations

from magicflow_cli.diagnostics.model import (
    Diagnostic,
    Edit,
    Fix,
    Label,
    Severity,
    Span,
)
from magicflow_cli.load.nodes import Source

FILE = "order.yaml"
TEXT = "timeout: 30s\nretry: 3\n\ttimeout: 60s\nname: 'é😀 x'\n"
SOURCES = {FILE: Source(FILE, TEXT)}

HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "a\r\nb\n::error::injected",
    "\u202egnp.exe\u202c",
    "\u2066x\u2069\u200b\u200d\ufeff",
    "\x9b2J\x07\x08\0",
    "\u2028\u2029\x85",
    "100%, a:b",
    "e" + "\u0301" * 50,
    "\ud800",
    '"]}</script>',
    "x" * 10_000,
]


def span(
    line: int, col: int, end_col: int, *, file: str = FILE, end_line: int = 0
) -> Span:
    return Span(file, line, col, end_line or line, end_col)


def diagnostic(
    message: str = "key `timeout` stands twice",
    place: Span | None = None,
    **more: object,
) -> Diagnostic:
    fields: dict[str, object] = {
        "code": "MF0120",
        "severity": Severity.ERROR,
        "message": message,
        "span": place or span(3, 2, 9),
        "help": "remove one of the two",
    }
    return Diagnostic(**(fields | more))  # type: ignore[arg-type]


def hostile() -> list[Diagnostic]:
    """Every hostile text in every position that holds text."""
    found = []
    for text in HOSTILE:
        place = Span(f"dir/{text}", 1, 1, 1, 2, f"/{text}")
        found.append(
            diagnostic(
                text,
                place,
                help=text,
                labels=(Label(place, text),),
                fix=Fix(text, (Edit(place, text),)),
            )
        )
    return found


def hostile_sources() -> dict[str, Source]:
    return {f"dir/{text}": Source(f"dir/{text}", text) for text in HOSTILE}
