"""Keys of mappings: always texts, once each."""

from __future__ import annotations

import pytest

from tests.unit.load.outline import at, data, load_yaml, problems, root

PURE = pytest.mark.parametrize("pure", [False, True], ids=["libyaml", "pure"])


@PURE
def test_a_key_is_its_text(pure: bool) -> None:
    text = (
        "on: 1\nno: 2\n12: 3\n1.50: 4\n~: 5\ntrue: 6\n12:30: 7\n'': 8\n"
        "? |-\n  block\n: 9\n.inf: 10\n!!int 7: 11\n&k key: 12\n*k2 : 13\n"
    ).replace("*k2", "'x'")
    assert list(data(text, pure=pure)) == [
        *("on", "no", "12", "1.50", "~", "true", "12:30", "", "block", ".inf", "7"),
        *("key", "x"),
    ]
    keys = [entry.key for entry in root(text, pure=pure).entries.values()]  # type: ignore[union-attr]
    assert all(key.value == key.text for key in keys)


def test_a_number_as_key_has_no_limits() -> None:
    assert list(data("9" * 200 + ": 1\n")) == ["9" * 200]


@PURE
def test_an_alias_may_be_a_key(pure: bool) -> None:
    tree = root("a: &x name\nb: &n 12\n*x : 1\n*n : 2\n", pure=pure)
    assert at(tree, "name").value == 1
    assert at(tree, "12").value == 2
    key = tree.entries["name"].key  # type: ignore[union-attr]
    assert (key.line, key.col, key.end_col, key.pointer) == (3, 1, 3, "/name")


@PURE
def test_an_anchored_key_is_a_value_elsewhere(pure: bool) -> None:
    assert data("&k 12: a\nb: *k\n", pure=pure) == {"12": "a", "b": 12}


@PURE
@pytest.mark.parametrize(
    ("text", "line", "col"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, 1),
        ("1: a\n'1': b\n", 2, 1),
        ('{a: 1, "a": 2}', 1, 8),
        ("- a: 1\n  'a': 2\n", 2, 3),
        ("a: &x b\nb: 1\n*x : 2\n", 3, 1),
    ],
)
def test_a_key_stands_once(text: str, line: int, col: int, pure: bool) -> None:
    loaded = load_yaml(text, pure=pure)
    assert problems(loaded) == [("MF0120", line, col)]
    [label] = loaded.diagnostics[0].labels
    assert label.message == "it stands here first"
    assert (label.span.line, label.span.col) < (line, col)


def test_the_first_of_two_keys_is_kept() -> None:
    [document] = load_yaml("a: 1\na: 2\nb: 3\n").documents
    assert at(document.root, "a").value == 1
    assert at(document.root, "b").value == 3


@PURE
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("? [a, b]\n: c\nd: e\n", [("MF0217", 1, 3)]),
        ("{a: 1}: c\n", [("MF0217", 1, 1)]),
        ("k: {{ x }}\n", [("MF0217", 1, 5)]),
        ("a: &l [1]\n*l : b\n", [("MF0217", 2, 1)]),
        ("<<: {a: 1}\n", [("MF0216", 1, 1)]),
        ("a: {<<: b}\n", [("MF0216", 1, 5)]),
        ("{? : a}\n", [("MF0218", 1, 4)]),
        ("*x : b\n", [("MF0212", 1, 1)]),
        ("!x y: b\n", [("MF0214", 1, 1)]),
    ],
)
def test_what_is_no_key(
    text: str, expected: list[tuple[str, int, int]], pure: bool
) -> None:
    assert problems(load_yaml(text, pure=pure)) == expected


def test_a_quoted_merge_key_is_ordinary() -> None:
    assert data("'<<': 1\n") == {"<<": 1}
    assert data('"<<": 1\n') == {"<<": 1}


def test_other_entries_of_the_mapping_are_read() -> None:
    loaded = load_yaml("<<: {a: 1}\nb: 2\n? [x]\n: y\nc: 3\n")
    [document] = loaded.documents
    assert list(document.root.entries) == ["b", "c"]  # type: ignore[union-attr]
