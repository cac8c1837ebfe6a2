"""JSON files: RFC 8259, with places."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from magicflow_cli.load import Loaded, load_text
from magicflow_cli.load.nodes import Scalar, plain
from tests.unit.load.outline import at, cut, problems


def load_json(text: str) -> Loaded:
    return load_text(text.encode("utf-8", "surrogatepass"), "f.json")


def data(text: str) -> Any:
    loaded = load_json(text)
    assert loaded.diagnostics == ()
    [document] = loaded.documents
    return plain(document.root)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=20), inner),
    max_leaves=20,
)


@given(JSON, st.booleans(), st.sampled_from([None, 0, 2]))
def test_what_json_writes_is_read(value: Any, ascii: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii, indent=indent)
    assert data(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"\ud83d\ude00"', "😀"),
        (r'"\"\\\/\b\f\n\r\t\u00e9\u0000"', '"\\/\b\f\n\r\té\0'),
        ('"\u2028\x7f\x85"', "\u2028\x7f\x85"),
        ("[-0, 1E5, 1e-5, 0.5]", [0, 100000.0, 1e-05, 0.5]),
        ('{"' + "k" * 5000 + '": 1}', {"k" * 5000: 1}),
        ("\t[\r\n1\t,\r2 ]\n\n", [1, 2]),
        ("\ufeff{}", {}),
        ('{"": {}, "<<": []}', {"": {}, "<<": []}),
        ("null", None),
    ],
)
def test_values(text: str, value: Any) -> None:
    assert data(text) == value


def test_places() -> None:
    text = '{"é😀": [1, {"a/b": "x\\ny"}],\n "z": true}'
    [document] = load_json(text).documents
    tree = document.root
    assert cut(at(tree, "é😀", 1, "a/b")) == '"x\\ny"'
    assert at(tree, "é😀", 1, "a/b").pointer == "/é😀/1/a~1b"
    assert cut(at(tree, "é😀")) == '[1, {"a/b": "x\\ny"}]'
    assert cut(tree.entries["z"].key) == '"z"'  # type: ignore[union-attr]
    assert (tree.line, tree.col, tree.end_line, tree.end_col) == (1, 1, 2, 12)
    node = at(tree, "z")
    assert isinstance(node, Scalar)
    assert (node.text, node.style, node.value) == ("true", "json", True)


@pytest.mark.parametrize(
    ("text", "code", "line", "col"),
    [
        ("", "MF0107", 1, 1),
        (" \n", "MF0107", 1, 1),
        ('{"a": 1,}', "MF0301", 1, 9),
        ("[1,]", "MF0301", 1, 4),
        ("[1\n 2]", "MF0301", 2, 2),
        ('{"a" 1}', "MF0301", 1, 6),
        ("{a: 1}", "MF0301", 1, 2),
        ("{'a': 1}", "MF0301", 1, 2),
        ("[", "MF0301", 1, 2),
        ('{"a":', "MF0301", 1, 6),
        ("// c\n1", "MF0301", 1, 1),
        ("[tru]", "MF0301", 1, 2),
        ("[\0]", "MF0301", 1, 2),
        ("[1}", "MF0301", 1, 3),
        ('"abc', "MF0302", 1, 1),
        ('["a\nb"]', "MF0302", 1, 2),
        ('"a\tb"', "MF0303", 1, 3),
        ('"a\0b"', "MF0303", 1, 3),
        ('"\\x"', "MF0304", 1, 2),
        ('"\\u12g4"', "MF0304", 1, 2),
        ('"\\', "MF0304", 1, 2),
        ('"\\ud83d"', "MF0305", 1, 2),
        ('"\\ud83d\\n"', "MF0305", 1, 2),
        ('"\\ude00"', "MF0305", 1, 2),
        ('{"\\ud83dx": 1}', "MF0305", 1, 3),
        ("[01]", "MF0306", 1, 2),
        ("[+1]", "MF0306", 1, 2),
        ("[1.]", "MF0306", 1, 2),
        ("[.5]", "MF0306", 1, 2),
        ("[1e]", "MF0306", 1, 2),
        ("[1_000]", "MF0306", 1, 2),
        ("[NaN]", "MF0115", 1, 2),
        ("[-Infinity]", "MF0115", 1, 2),
        ("[1e400]", "MF0114", 1, 2),
        ("[" + "9" * 101 + "]", "MF0113", 1, 2),
        ("[1] x", "MF0307", 1, 5),
        ("{}{}", "MF0307", 1, 3),
        ('{"a": 1, "a": 2}', "MF0120", 1, 10),
        ('{"a": 1, "\\u0061": 2}', "MF0120", 1, 10),
    ],
)
def test_problems(text: str, code: str, line: int, col: int) -> None:
    assert problems(load_json(text)) == [(code, line, col)]


def test_half_surrogates_in_a_row_are_each_reported() -> None:
    loaded = load_json('"\\ud83d\\ud83d\\ude00\\ude00"')
    assert problems(loaded) == [("MF0305", 1, 2), ("MF0305", 1, 20)]


def test_the_open_bracket_is_labelled() -> None:
    [diagnostic] = load_json('{"a": 1\n "b": 2}').diagnostics
    [label] = diagnostic.labels
    assert (label.span.line, label.span.col) == (1, 1)


def test_invalid_json_bytes() -> None:
    loaded = load_text(b'{"a": "\xff"}', "f.json")
    assert problems(loaded) == [("MF0105", 1, 8)]


def test_depth_of_json() -> None:
    assert data("[" * 64 + "]" * 64)
    assert problems(load_json("[" * 65 + "]" * 65)) == [("MF0110", 1, 65)]
    assert problems(load_json("[" * 200_000)) == [("MF0110", 1, 65)]
    assert problems(load_json('{"a":' * 200_000)) == [("MF0110", 1, 321)]


@given(st.text(alphabet='{}[]",:\\u0123456789abcdefntr \n-+.eE', max_size=40))
def test_any_text_is_read_or_refused_as_json_does(text: str) -> None:
    loaded = load_json(text)
    try:
        value = json.loads(text, parse_constant=float)
    except json.JSONDecodeError:
        assert loaded.diagnostics
        return
    codes = {diagnostic.code for diagnostic in loaded.diagnostics}
    if not codes:
        [document] = loaded.documents
        assert plain(document.root) == value
    # the standard library takes all of these
    assert codes <= {"MF0120", "MF0113", "MF0114", "MF0115", "MF0305"}
