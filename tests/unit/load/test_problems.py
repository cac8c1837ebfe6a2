"""What is wrong with a YAML text: our code, our words, the exact place, whichever
parser found it."""

from __future__ import annotations

import pytest

from magicflow_cli.diagnostics.codes import CODES
from magicflow_cli.diagnostics.model import Report
from magicflow_cli.load.places import Places
from magicflow_cli.load.yaml_problems import report_problem
from tests.unit.load.outline import load_yaml, problems

CASES = [
    # MF0201: tabs
    ("a:\n\tb: 1\n", "MF0201", 2, 1),
    ("a: |\n  b\n\tc\n", "MF0201", 3, 1),
    ("a: |\n\tb\n", "MF0201", 2, 1),
    ("a: b\n\tc\n", "MF0201", 2, 1),
    ("-\ta: 1\n- b\n", "MF0201", 1, 2),
    # MF0202: indentation
    ("a:\n  b: 1\n c: 2\n", "MF0202", 3, 2),
    ("- a\nb: 1\n", "MF0202", 2, 1),
    ("a:\n  - b\n c\n", "MF0202", 3, 2),
    # MF0203: colons
    ("a: b: c\n", "MF0203", 1, 5),
    ("a: 'b': c\n", "MF0203", 1, 7),
    ("{a:[]}", "MF0203", 1, 3),
    ("a: b\n  c: d\n", "MF0203", 2, 4),
    # MF0204: no colon
    ("a: 1\nb\nc: 2\n", "MF0204", 2, 1),
    ("a: 1\nb\n", "MF0204", 2, 1),
    ("a: 1\n" + "k" * 1030 + ": v\n", "MF0204", 2, 1),
    # MF0205: quotes
    ("a: 'b\nc: d\n", "MF0205", 1, 4),
    ('a: "b\nc: d\n', "MF0205", 1, 4),
    ("a: 'b\n---\nc'\n", "MF0205", 1, 4),
    ("'", "MF0205", 1, 1),
    # MF0206: brackets
    ("a: [b, c\nd: e\n", "MF0206", 2, 2),
    ("[a", "MF0206", 1, 3),
    ("{a: 1", "MF0206", 1, 6),
    ("[a}", "MF0206", 1, 3),
    ("{a: b]", "MF0206", 1, 6),
    ("['a' b]", "MF0206", 1, 6),
    # MF0207: no value
    ("a: @b\n", "MF0207", 1, 4),
    ("a: `b`\n", "MF0207", 1, 4),
    ("a: %b\n", "MF0207", 1, 4),
    ("a: ]\n", "MF0207", 1, 4),
    ("a: }\n", "MF0207", 1, 4),
    ("[a, , b]", "MF0207", 1, 5),
    ("[", "MF0207", 1, 2),
    # MF0208: escapes
    ('a: "\\d"\n', "MF0208", 1, 5),
    ('a: "\\\\\\d"\n', "MF0208", 1, 7),
    ('a: "\\x1"\n', "MF0208", 1, 5),
    ('a: "\\u12"\n', "MF0208", 1, 5),
    ('a: "\\ud83d\\ude00"\n', "MF0208", 1, 5),
    ('a: "\\U00110000"\n', "MF0208", 1, 5),
    ('a: "\\', "MF0208", 1, 5),
    # MF0209: block heads
    ("a: | b\n", "MF0209", 1, 6),
    ("a: |0\n", "MF0209", 1, 5),
    ("a: >22\n  b\n", "MF0209", 1, 6),
    ("a: |--\n  b\n", "MF0209", 1, 6),
    # MF0210: entries
    ("a: - b\n", "MF0210", 1, 4),
    ("a: ? b\n", "MF0210", 1, 4),
    # MF0211: anchors and aliases
    ("a: *\n", "MF0211", 1, 4),
    ("a: &\n", "MF0211", 1, 4),
    ("a: */5 * * *\n", "MF0211", 1, 4),
    ("a: &é b\n", "MF0211", 1, 4),
    # MF0212 and MF0213
    ("a: *b\n", "MF0212", 1, 4),
    ("a: &b [*b]\n", "MF0213", 1, 8),
    ("&a {k: *a}\n", "MF0213", 1, 8),
    # MF0214: tags
    ("a: !<x y\n", "MF0214", 1, 4),
    ("a: !x!y z\n", "MF0214", 1, 4),
    ("a: !!str%zz z\n", "MF0214", 1, 4),
    ("a: b\nc: !%ED%A0%80 d\n", "MF0214", 2, 4),
    ("a: !<%ED%A0%80> d\n", "MF0214", 1, 4),
    ("a: !x{y} z\n", "MF0214", 1, 4),
    # MF0219: directives
    ("%FOO bar\n---\na\n", "MF0219", 1, 1),
    ("%YAML 2.0\n---\na\n", "MF0219", 1, 1),
    ("%YAML 1.3\n---\na\n", "MF0219", 1, 1),
    ("%YAML 1\n---\na\n", "MF0219", 1, 1),
    ("%YAML 1.9999999999\n---\na\n", "MF0219", 1, 1),
    ("%YAML 1.2\n%YAML 1.2\n---\na\n", "MF0219", 2, 1),
    ("%YAML 1.2 x\n---\na\n", "MF0219", 1, 1),
    ("%TAG ! tag:x,2026:\n---\na\n", "MF0219", 1, 1),
    ("%TAG x y\n---\na\n", "MF0219", 1, 1),
    ("%TAG !a!\n---\na\n", "MF0219", 1, 1),
    ("%TAG !a! x\n%TAG !a! y\n---\na\n", "MF0219", 2, 1),
    ("%\n---\na\n", "MF0219", 1, 1),
    # MF0220: documents
    ("a: 1\n...\nb: 2\n", "MF0220", 3, 1),
    ("[a]\nb\n", "MF0220", 2, 1),
    ("%YAML 1.2\na: 1\n", "MF0220", 2, 1),
    ("'a' b\n", "MF0220", 1, 5),
]


@pytest.mark.parametrize("pure", [False, True], ids=["libyaml", "pure"])
@pytest.mark.parametrize(("text", "code", "line", "col"), CASES)
def test_a_problem_has_its_code_and_place(
    text: str, code: str, line: int, col: int, pure: bool
) -> None:
    assert problems(load_yaml(text, pure=pure)) == [(code, line, col)]


@pytest.mark.parametrize(("text", "code", "line", "col"), CASES)
def test_the_words_are_ours(text: str, code: str, line: int, col: int) -> None:
    [one] = load_yaml(text, pure=False).diagnostics
    [other] = load_yaml(text, pure=True).diagnostics
    assert one == other
    for alien in ("while", "mark", "token", "<block end>", "scanning", "but got"):
        assert alien not in one.message + one.help
    assert one.help
    assert not one.message.endswith(".")


def test_what_was_opened_is_labelled() -> None:
    [bracket] = load_yaml("a: [b, c\nd: e\n").diagnostics
    [label] = bracket.labels
    assert (label.span.line, label.span.col) == (1, 4)
    [quote] = load_yaml("a: 'b\nc: d\n\n").diagnostics
    [label] = quote.labels
    assert (label.span.line, label.span.col) == (2, 5)


def test_documents_before_the_problem_are_kept() -> None:
    loaded = load_yaml("a: 1\n---\nb: 2\n---\nc: 'x\n")
    assert [document.index for document in loaded.documents] == [0, 1]


def test_a_problem_that_nobody_knows_has_a_code() -> None:
    class Unknown:
        context = None
        problem = "something new"
        context_mark = None
        problem_mark = None

    report = Report()
    report_problem(Unknown(), "a: 1", Places("f.yaml", "a: 1"), report)
    [diagnostic] = report.diagnostics
    assert diagnostic.code == "MF0200"
    assert "something new" not in diagnostic.message


def test_every_code_of_yaml_has_a_case() -> None:
    reached = {code for _, code, _, _ in CASES}
    elsewhere = {"MF0200", "MF0215", "MF0216", "MF0217", "MF0218"}
    assert {c for c in CODES if c.startswith("MF02")} == reached | elsewhere
