"""Any text at all: an AST or diagnostics with a place inside the text and a help."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from magicflow_cli.diagnostics.model import Report
from magicflow_cli.expr import (
    parse_expression,
    parse_value,
    print_expression,
    print_value,
)
from magicflow_cli.expr.ast import walk
from magicflow_cli.load.nodes import Scalar
from tests.unit.expr.reading import scalar, value

PIECES = st.sampled_from(
    [
        "$",
        "$.",
        ".a",
        ".b-c",
        ".length",
        "..a",
        "..*",
        ".*",
        "[0]",
        "[-1]",
        "['x']",
        "[?@.a]",
        "[1:2]",
        "[",
        "]",
        "(",
        ")",
        ",",
        ":",
        "?",
        "@",
        "@.x",
        "x",
        "->",
        "=",
        "==",
        "!=",
        "<",
        "<=",
        "in",
        "not",
        "and",
        "or",
        "AND",
        "&&",
        "||",
        "&",
        "|",
        "!",
        "+",
        "-",
        "*",
        "/",
        "%",
        "1",
        "0.5",
        "1e3",
        "01",
        "9007199254740993",
        "'text'",
        '"text"',
        "'",
        '"',
        "\\",
        "\\u00e9",
        "true",
        "null",
        "True",
        "now()",
        "length(",
        "map(",
        "coalesce(",
        "exists(",
        "matches(",
        "${",
        "}",
        "$${",
        "$$.",
        "secrets.K",
        "env.K",
        "é",
        "😀",
        "\u2028",
        "\x00",
        "\t",
    ]
)
TEXTS = st.lists(PIECES | st.sampled_from([" ", " "]), max_size=14).map(
    "".join
) | st.text(max_size=20)


@settings(max_examples=1_000, deadline=None)
@given(TEXTS)
@example("${$.a} ${")
@example("$[?@[?@.a]]")
def test_any_text(text: str) -> None:
    node = scalar(text)
    for parse in (parse_expression, parse_value):
        report = Report()
        expr = parse(node, report)
        assert (expr is None) == report.has_errors
        for diagnostic in report.diagnostics:
            span = diagnostic.span
            assert span is not None
            assert span.line == 1
            assert 1 <= span.col <= span.end_col <= len(text) + 1
            assert diagnostic.help
            assert diagnostic.message.isprintable()
            assert diagnostic.help.isprintable()
        if expr is None:
            continue
        for part in walk(expr):
            assert isinstance(part.node, Scalar)
            assert 0 <= part.start <= part.end <= len(text)
        if parse is parse_value:
            assert value(print_value(expr)) == expr
        else:
            again = Report()
            assert parse_expression(scalar(print_expression(expr)), again) == expr


@settings(max_examples=500, deadline=None)
@given(TEXTS)
def test_a_fix_applies(text: str) -> None:
    """A fix stands inside the text and does not bring the same mistake forth again."""
    report = Report()
    parse_expression(scalar(text), report)
    for diagnostic in report.diagnostics:
        if diagnostic.fix is None or diagnostic.span is None:
            continue
        (edit,) = diagnostic.fix.edits
        fixed = text[: edit.span.col - 1] + edit.text + text[edit.span.end_col - 1 :]
        again = Report()
        parse_expression(scalar(fixed), again)
        same = [
            d
            for d in again.diagnostics
            if d.span == diagnostic.span and d.message == diagnostic.message
        ]
        assert not same
