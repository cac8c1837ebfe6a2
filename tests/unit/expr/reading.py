"""Texts as nodes, and what parsing makes of them."""

from __future__ import annotations

from typing import Any, TypeVar

from magicflow_cli.diagnostics.model import Diagnostic, Report
from magicflow_cli.expr import ast, parse_expression, parse_value
from magicflow_cli.load.nodes import Entry, Mapping, Node, Scalar, Sequence, Source

E = TypeVar("E", bound=ast.Expr)


def scalar(value: Any) -> Scalar:
    """A plain scalar on line 1 from column 1."""
    text = value if isinstance(value, str) else str(value)
    source = Source("case.yaml", text)
    return Scalar(source, 1, 1, 1, 1 + len(text), "/x", value, text, "plain")


def node_of(value: Any) -> Node:
    source = Source("case.yaml", "")
    if isinstance(value, dict):
        entries = {k: Entry(scalar(k), node_of(v)) for k, v in value.items()}
        return Mapping(source, 1, 1, 1, 1, "", entries)
    if isinstance(value, list):
        return Sequence(source, 1, 1, 1, 1, "", [node_of(item) for item in value])
    return scalar(value)


def read(text: str) -> ast.Expr:
    report = Report()
    expr = parse_expression(scalar(text), report)
    assert expr is not None, report.diagnostics
    assert not report.diagnostics
    return expr


def value(content: Any) -> ast.Expr:
    report = Report()
    expr = parse_value(node_of(content), report)
    assert expr is not None, report.diagnostics
    return expr


def find(text: str, kind: type[E]) -> E:
    expr = read(text)
    assert isinstance(expr, kind)
    return expr


def problems(content: Any, *, mapping: bool = False) -> list[Diagnostic]:
    report = Report()
    expr = (
        parse_value(node_of(content), report)
        if mapping
        else parse_expression(scalar(content), report)
    )
    assert (expr is None) == report.has_errors
    return report.diagnostics
