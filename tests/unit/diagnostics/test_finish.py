"""Sorting, silencing, strictness."""

from __future__ import annotations

import random

from magicflow_cli.diagnostics.finish import finish
from magicflow_cli.diagnostics.model import Diagnostic, Report, Severity, Span
from magicflow_cli.load import load_text
from magicflow_cli.load.nodes import Source
from tests.unit.diagnostics.samples import diagnostic

WARNING = "MF3012"


def warn(line: int, code: str = WARNING, file: str = "f.yaml") -> Diagnostic:
    place = Span(file, line, 1, line, 2)
    return diagnostic(code=code, severity=Severity.WARNING, place=place)


def fail(line: int, code: str = "MF3002") -> Diagnostic:
    return diagnostic(code=code, place=Span("f.yaml", line, 1, line, 2))


def source(text: str) -> dict[str, Source]:
    loaded = load_text(text.encode(), "f.yaml")
    assert loaded.diagnostics == ()
    return {"f.yaml": loaded.source}


def lines(found: tuple[Diagnostic, ...]) -> list[tuple[str, int]]:
    return [(d.code, d.span.line if d.span else 0) for d in found]


def test_the_order_is_file_line_column_code() -> None:
    places = [("a", 1, 1), ("a", 1, 2), ("a", 2, 1), ("a", 10, 1), ("b", 1, 1)]
    expected = [diagnostic(span=None)]
    for file, line, col in places:
        for code in ("MF1001", "MF3002"):
            place = Span(file, line, col, line, col + 1)
            expected.append(diagnostic(code=code, place=place))
    shuffled = expected.copy()
    random.Random(1).shuffle(shuffled)
    assert finish(shuffled, {}) == tuple(expected)


def test_equal_diagnostics_are_shown_once() -> None:
    report = Report([warn(1), warn(1), warn(2)])
    assert lines(finish(report, {})) == [(WARNING, 1), (WARNING, 2)]


def test_strict_makes_warnings_errors() -> None:
    [found] = finish([warn(1)], {}, strict=True)
    assert found.severity is Severity.ERROR
    note = diagnostic(severity=Severity.NOTE)
    assert finish([note], {}, strict=True) == (note,)


def test_a_comment_silences_its_line() -> None:
    text = "a: 1 # magic-flow: ignore[MF3012]\nb: 2\n"
    found = finish([warn(1), warn(2), warn(1, "MF1003")], source(text))
    assert lines(found) == [("MF1003", 1), (WARNING, 2)]


def test_a_comment_alone_silences_the_next_line_with_content() -> None:
    text = "a: 1\n  # magic-flow: ignore[MF3012]\n\n# more\nb: 2\nc: 3\n"
    assert lines(finish([warn(5), warn(6)], source(text))) == [(WARNING, 6)]


def test_silenced_stays_silent_when_strict() -> None:
    text = "a: 1 # magic-flow: ignore[MF3012]\n"
    assert finish([warn(1)], source(text), strict=True) == ()


def test_only_the_file_of_the_comment_is_silenced() -> None:
    text = "a: 1 # magic-flow: ignore[MF3012]\n"
    found = finish([warn(1), warn(1, file="g.yaml")], source(text))
    assert lines(found) == [(WARNING, 1)]


def test_an_unused_suppression_is_reported_where_it_stands() -> None:
    text = "a: 1 # magic-flow: ignore[MF3012, MF1003]\n"
    [found] = finish([warn(1)], source(text))
    assert found.code == "MF8901"
    assert found.severity is Severity.WARNING
    assert found.span == Span("f.yaml", 1, 35, 1, 41)
    assert "`MF1003`" in found.message


def test_one_suppression_for_a_line_twice_is_used_once() -> None:
    text = "# magic-flow: ignore[MF3012]\na: 1 # magic-flow: ignore[MF3012]\n"
    assert finish([warn(2)], source(text)) == ()


def test_nothing_is_unused_in_a_file_with_errors() -> None:
    text = "a: 1 # magic-flow: ignore[MF3012]\nb: 2\n"
    assert lines(finish([fail(2)], source(text))) == [("MF3002", 2)]


def test_errors_cannot_be_silenced() -> None:
    text = "a: 1 # magic-flow: ignore[MF3002]\n"
    found = finish([fail(1)], source(text))
    assert lines(found) == [("MF3002", 1), ("MF8904", 1)]
    hardened = diagnostic(code=WARNING, place=Span("f.yaml", 1, 1, 1, 2))
    text = "a: 1 # magic-flow: ignore[MF3012]\n"
    assert finish([hardened], source(text)) == (hardened,)


def test_unknown_codes_are_reported_with_a_suggestion() -> None:
    text = "a: 1 # magic-flow: ignore[MF3O12, NONSENSE]\n"
    first, second = finish([], source(text))
    assert (first.code, second.code) == ("MF8902", "MF8902")
    assert first.help.startswith("did you mean `MF3")
    assert "look like" in second.help


def test_diagnostics_without_a_place_are_never_silenced() -> None:
    text = "a: 1 # magic-flow: ignore[MF3012]\n"
    found = finish([warn(1), diagnostic(code=WARNING, span=None)], source(text))
    assert lines(found) == [(WARNING, 0)]
