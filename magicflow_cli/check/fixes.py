"""Fixes for misspelt names: edits that put the right name where the wrong one stands.

A fix is offered only where the piece stands in the file exactly as it reads; inside
escapes and block texts the diagnostic's help has to do.
"""

from __future__ import annotations

import re

from magicflow_cli.diagnostics import Edit, Fix, Span
from magicflow_cli.expr import ast
from magicflow_cli.load.nodes import Scalar

_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_QUOTES = {"json": '"', "double": '"', "single": "'"}


def for_segment(segment: ast.Segment, name: str | None) -> Fix | None:
    """Writes `.name` in place of a path's segment."""
    span = _exact(segment)
    if span is None or name is None or not _SIMPLE.fullmatch(name):
        return None
    return Fix(f"write `.{name}`", (Edit(span, f".{name}"),))


def for_literal(literal: ast.Expr | None, value: str | None) -> Fix | None:
    """Writes another text in place of a literal, in the quotes that it has."""
    if not isinstance(literal, ast.Literal) or value is None:
        return None
    span = _exact(literal)
    if span is None or not isinstance(literal.node, Scalar):
        return None
    quote = literal.node.text[literal.start : literal.start + 1]
    if not _SIMPLE.fullmatch(value) or quote not in ("'", '"'):
        return None
    return Fix(f"write `{value}`", (Edit(span, f"{quote}{value}{quote}"),))


def for_scalar(node: Scalar, text: str | None) -> Fix | None:
    """Writes another text in place of a scalar, in the quotes that it has."""
    if text is None or not _SIMPLE.fullmatch(text):
        return None
    if node.style in ("literal", "folded"):
        return None
    quote = _QUOTES.get(node.style, "")
    return Fix(f"write `{text}`", (Edit(node.span(), f"{quote}{text}{quote}"),))


def _exact(piece: ast.Placed) -> Span | None:
    span = piece.span()
    if span is None or span.line != span.end_line:
        return None
    return span if span.end_col - span.col == piece.end - piece.start else None
