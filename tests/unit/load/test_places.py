"""Every node knows its place, in code points, and its pointer."""

from __future__ import annotations

import pytest

from magicflow_cli.load import load_text
from magicflow_cli.load.nodes import Scalar
from tests.unit.load.outline import at, cut, load_yaml, root

PURE = pytest.mark.parametrize("pure", [False, True], ids=["libyaml", "pure"])


@PURE
@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("k: value\n", ["k"], "value"),
        ("k:   value   # c\n", ["k"], "value"),
        ("k: 'it''s'\n", ["k"], "'it''s'"),
        ('k: "a\\tb" \n', ["k"], '"a\\tb"'),
        ("é😀: [ü, '😀x', y]\n", ["é😀", 2], "y"),
        ("é😀: [ü, '😀x', y]\n", ["é😀", 1], "'😀x'"),
        ("é😀: [ü, '😀x', y]\n", ["é😀"], "[ü, '😀x', y]"),
        ("k: &a !!str value\n", ["k"], "value"),
        ("k: !!str &a   'v' # c\n", ["k"], "'v'"),
        ("k: &a [x, y]\n", ["k"], "[x, y]"),
        ("k: !!map {a: 1}\n", ["k"], "{a: 1}"),
        ("k: ! x\n", ["k"], "x"),
        ("- - a\n", [0], "- a"),
        ("- k: v\n", [0], "k: v"),
        ("[a: 1, b]", [0], "a: 1"),
        ("[? a : 1, b]", [0], "? a : 1"),
        ("{a: , b: }", [], "{a: , b: }"),
        ("\ufeffk: v\n", ["k"], "v"),
        ("k: \u2028x\u2029 y\n", ["k"], "\u2028x\u2029 y"),
        ("k: \u2028x\u2029 y\n", [], "k: \u2028x\u2029 y"),
    ],
)
def test_a_place_names_the_text(
    text: str, path: list[str | int], expected: str, pure: bool
) -> None:
    node = at(root(text, pure=pure), *path)
    line = node.source.text.split("\n")[node.line - 1]
    assert line[node.col - 1 : node.end_col - 1] == expected
    assert node.line == node.end_line == 1


@PURE
def test_places_over_lines(pure: bool) -> None:
    text = (
        "text: |\n"
        "  one\n"
        "\n"
        "  two\n"
        "\n"
        "# comment\n"
        "folded: >+  # head\n"
        "  x\n"
        "\n"
        "\n"
        "plain: a\n"
        "  b\n"
        "list: &a\n"
        "  # c\n"
        "  - 1\n"
        "  - &b\n"
        "    k: v\n"
        "empty:\n"
        "last: ''\n"
    )
    tree = root(text, pure=pure)

    def place(*path: str | int) -> tuple[int, int, int, int]:
        node = at(tree, *path)
        return node.line, node.col, node.end_line, node.end_col

    assert place("text") == (1, 7, 4, 6)
    assert place("folded") == (7, 9, 8, 4)
    assert place("plain") == (11, 8, 12, 4)
    assert place("list") == (15, 3, 17, 9)
    assert place("list", 1) == (17, 5, 17, 9)
    assert place("empty") == (18, 7, 18, 7)
    assert place() == (1, 1, 19, 9)


@PURE
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_are_alike(end: str, pure: bool) -> None:
    text = end.join(["a: 1", "b: |", "  x", "  y", 'c: "d', '  e"', "f: g", ""])
    tree = root(text, pure=pure)
    assert at(tree, "b").value == "x\ny\n"
    assert at(tree, "c").value == "d e"
    assert (at(tree, "f").line, at(tree, "f").col) == (7, 4)
    assert (at(tree, "b").end_line, at(tree, "b").end_col) == (4, 4)


def test_pointers_are_escaped() -> None:
    tree = root("a/b: [{c~d: x}]\n? |\n  long\n: y\n'': z\n")
    assert at(tree, "a/b", 0, "c~d").pointer == "/a~1b/0/c~0d"
    assert at(tree, "long\n").pointer == "/long\n"
    assert at(tree, "").pointer == "/"
    assert tree.pointer == ""
    assert at(tree, "a/b", 0).entries["c~d"].key.pointer == "/a~1b/0/c~0d"


@PURE
def test_an_alias_points_to_its_use_and_stands_at_its_anchor(pure: bool) -> None:
    tree = root("base: &b {x: [1], y: &z s}\nuse: *b\nalso: [*z]\n", pure=pure)
    base, use = at(tree, "base"), at(tree, "use")
    assert use is not base
    assert use.entries["x"].value is not base.entries["x"].value
    assert (use.line, use.col) == (base.line, base.col)
    assert at(tree, "use", "x", 0).pointer == "/use/x/0"
    assert at(tree, "use").entries["x"].key.pointer == "/use/x"
    assert at(tree, "base", "x", 0).pointer == "/base/x/0"
    assert at(tree, "also", 0).pointer == "/also/0"
    assert cut(at(tree, "also", 0)) == "s"


@pytest.mark.parametrize(
    ("text", "start", "end", "expected"),
    [
        ("k: $.input.total\n", 2, 7, "input"),
        ("k: '$.input.total'\n", 2, 7, "input"),
        ('k: "$.input.total"\n', 2, 7, "input"),
        ('k: "😀.input.total"\n', 2, 7, "input"),
        ('k: "\\u0024.input"\n', 2, 7, '"\\u0024.input"'),
        ("k: '$.''input'\n", 2, 7, "'$.''input'"),
    ],
)
def test_places_inside_a_scalar(text: str, start: int, end: int, expected: str) -> None:
    node = at(root(text), "k")
    assert isinstance(node, Scalar)
    span = node.at(start, end)
    assert text.split("\n")[0][span.col - 1 : span.end_col - 1] == expected


def test_places_inside_a_block_text_are_the_whole_text() -> None:
    node = at(root("k: |\n  $.input\n"), "k")
    assert isinstance(node, Scalar)
    assert node.at(2, 7) == node.span()


def test_several_documents() -> None:
    loaded = load_yaml("---\n# only a comment\n---\na: 1\n---\n\n---\n- b\n...\n---\n")
    assert loaded.diagnostics == ()
    assert [document.index for document in loaded.documents] == [0, 1]
    assert [document.root.line for document in loaded.documents] == [4, 8]
    assert all(document.source is loaded.source for document in loaded.documents)


def test_anchors_end_with_their_document() -> None:
    loaded = load_yaml("a: &x 1\n---\nb: *x\n")
    assert [d.code for d in loaded.diagnostics] == ["MF0212"]


def test_an_anchor_may_be_defined_again() -> None:
    tree = root("a: &x 1\nb: *x\nc: &x 2\nd: *x\n")
    assert [at(tree, key).value for key in "abcd"] == [1, 1, 2, 2]


def test_the_text_of_the_source_has_no_byte_order_mark() -> None:
    loaded = load_text(b"\xef\xbb\xbfa: 1\n", "f.yaml")
    assert loaded.source.text == "a: 1\n"
    assert loaded.diagnostics == ()
