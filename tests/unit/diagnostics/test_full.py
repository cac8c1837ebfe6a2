"""The format for people."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from magicflow_cli.diagnostics.model import Diagnostic, Fix, Label, Severity, Span
from magicflow_cli.diagnostics.render import render, summary
from magicflow_cli.diagnostics.render.snippet import Snippet
from magicflow_cli.diagnostics.render.terminal import cells, safe
from magicflow_cli.load.nodes import Source
from tests.unit.diagnostics.samples import (
    SOURCES,
    diagnostic,
    hostile,
    hostile_sources,
    span,
)


def full(*diagnostics: Diagnostic, width: int = 80, color: bool = False) -> str:
    return render("full", diagnostics, SOURCES, color=color, width=width)


def test_a_diagnostic() -> None:
    found = diagnostic(
        place=span(3, 2, 9), labels=(Label(span(1, 1, 8), "it stands here first"),)
    )
    assert full(found) == (
        "MF0120 error: key `timeout` stands twice\n"
        " --> order.yaml:3:2\n"
        "  |\n"
        "1 | timeout: 30s\n"
        "  | ------- it stands here first\n"
        "...\n"
        "3 |     timeout: 60s\n"
        "  |     ^^^^^^^\n"
        "  = help: remove one of the two\n"
        "  = see `magic-flow explain MF0120`\n"
        "\n"
    )


def test_wide_characters_take_two_columns() -> None:
    text = full(diagnostic(place=span(4, 9, 10)))
    assert "4 | name: 'é😀 x'\n  |         ^^\n" in text


def test_marks_on_one_line_and_on_neighbours() -> None:
    labels = (Label(span(2, 8, 9), "two"), Label(span(1, 1, 8), "one"))
    text = full(diagnostic(place=span(1, 10, 13), labels=labels))
    assert text.splitlines()[2:8] == [
        "  |",
        "1 | timeout: 30s",
        "  |          ^^^",
        "  | ------- one",
        "2 | retry: 3",
        "  |        - two",
    ]


def test_labels_in_other_files() -> None:
    other = Source("b.yaml", "x: 1\n")
    found = diagnostic(labels=(Label(Span("b.yaml", 1, 1, 1, 2), "there"),))
    text = render("full", [found], SOURCES | {"b.yaml": other}, width=80)
    assert " ::: b.yaml:1:1\n  |\n1 | x: 1\n  | - there\n" in text


def test_many_lines_are_marked_on_the_first() -> None:
    text = full(diagnostic(place=span(1, 10, 4, end_line=2)))
    assert "1 | timeout: 30s\n  |          ^^^\n  = help" in text


def test_gutters_are_as_wide_as_the_largest_number() -> None:
    source = Source("l.yaml", "a\n" * 120)
    found = diagnostic(place=Span("l.yaml", 100, 1, 100, 2))
    text = render("full", [found], {"l.yaml": source}, width=80)
    assert "   --> l.yaml:100:1\n    |\n100 | a\n    | ^\n    = help" in text


def test_without_a_file_or_source_or_line() -> None:
    assert full(diagnostic(place=None, span=None, help="")) == (
        "MF0120 error: key `timeout` stands twice\n"
        "  = see `magic-flow explain MF0120`\n\n"
    )
    for place in (Span("none.yaml", 1, 1, 1, 1), Span("order.yaml", 99, 1, 99, 1)):
        assert "|" not in full(diagnostic(place=place))


def test_the_end_of_the_file_can_be_marked() -> None:
    assert "5 |\n  | ^\n" in full(diagnostic(place=span(5, 1, 1)))


def test_a_fix_is_named() -> None:
    assert "  = fix: remove it\n" in full(diagnostic(fix=Fix("remove it", ())))


def test_long_lines_are_cut_around_the_span() -> None:
    line = "a" * 500 + "HERE" + "b" * 500
    source = Source("l.yaml", line)
    found = diagnostic(place=Span("l.yaml", 1, 501, 1, 505))
    text = render("full", [found], {"l.yaml": source}, width=60)
    shown, marks = text.splitlines()[3:5]
    assert len(shown) <= 60
    assert shown.startswith("1 | …a")
    assert shown.endswith("b…")
    start = marks.index("^")
    assert shown[start : start + marks.count("^")] == "HERE"


def test_colors_are_only_around_our_own_words() -> None:
    text = full(diagnostic(severity=Severity.WARNING), color=True)
    assert "\x1b[1;33mMF0120 warning\x1b[0m" in text
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert plain == full(diagnostic(severity=Severity.WARNING))


@pytest.mark.parametrize("format", ["full", "concise"])
@pytest.mark.parametrize("color", [False, True])
def test_hostile_text_reaches_no_terminal(format: str, color: bool) -> None:
    found = hostile()
    text = render(format, found, hostile_sources(), color=color, width=80)
    if color:
        text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    for char in text:
        assert char == "\n" or char.isprintable() or char in "\u0301", repr(char)
    assert not re.search("[\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]", text)
    assert "\n::" not in text
    if format == "concise":
        assert text.count("\n") == len(found)


@given(
    st.text(max_size=60), st.integers(0, 70), st.integers(0, 30), st.integers(40, 90)
)
def test_any_line_fits_and_is_safe(
    line: str, start: int, length: int, room: int
) -> None:
    snippet = Snippet(line, start + 1, start + length + 1, room)
    text = snippet.text()
    assert cells(text) <= max(room, 2) or cells(safe(line)) > room
    assert safe(text) == text
    marks = snippet.marks(start + 1, start + length + 1, "^")
    assert marks.strip("^ ") == ""
    assert "^" in marks


@given(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Cn"]), max_size=30))
def test_marks_stand_below_their_text(line: str) -> None:
    for col in range(1, len(line) + 1):
        snippet = Snippet(line, col, col + 1, 400)
        marks = snippet.marks(col, col + 1, "^")
        assert len(marks) - marks.count("^") == cells(safe(line[: col - 1]))


def test_work_on_a_very_long_line_is_bounded() -> None:
    source = Source("l.yaml", "é" * 1_000_000)
    found = [diagnostic(place=Span("l.yaml", 1, 5, 1, 999_999))] * 50
    text = render("full", found, {"l.yaml": source}, width=80)
    assert max(len(line) for line in text.splitlines()) <= 80


def test_the_summary() -> None:
    warning = diagnostic(severity=Severity.WARNING)
    assert summary([]) == ""
    assert summary([diagnostic(), warning, warning]) == "1 error, 2 warnings"


def test_concise() -> None:
    found = [diagnostic(), diagnostic(span=None)]
    assert render("concise", found, SOURCES) == (
        "order.yaml:3:2: MF0120 error: key `timeout` stands twice\n"
        "MF0120 error: key `timeout` stands twice\n"
    )


def test_no_other_format() -> None:
    with pytest.raises(ValueError, match="no format"):
        render("xml", [], {})
