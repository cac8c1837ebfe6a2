"""Every sink of Python gives a text back as it was, and black has nothing to add."""

from __future__ import annotations

import ast
import re
import tomllib

import black
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from magicflow_cli.generate.lower.python import sinks
from magicflow_cli.generate.model import Untrusted
from tests.hostile.texts import TEXTS

MODE = black.Mode(target_versions={black.TargetVersion.PY311})
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200) | st.text(
    "\"'\\\n\r\t #{}x\u2028\u202e\x00", max_size=30
)


def is_black(code: str) -> None:
    assert black.format_str(code, mode=MODE) == code


def with_examples(test):  # type: ignore[no-untyped-def]
    for text in TEXTS:
        test = example(text)(test)
    return settings(deadline=None, max_examples=400)(given(texts)(test))


@with_examples
def test_string_literals(text: str) -> None:
    literal = sinks.string_literal(Untrusted(text))
    assert ast.literal_eval(literal) == text
    assert literal.isascii()
    assert literal.isprintable()
    is_black(f"x = {literal}\n") if len(literal) < 80 else None


def words(text: str) -> list[str]:
    """The lines of a text without the spaces around them."""
    return [line.strip(" ") for line in text.strip(" \n").split("\n")]


@with_examples
def test_docstrings(text: str) -> None:
    for indent in (0, 4):
        literal = sinks.docstring(Untrusted(text), indent)
        margin = " " * indent
        code = f"{margin}{literal}\n"
        if indent:
            code = f"class A:\n{code}"
        tree = ast.parse(code)
        body = tree.body[0].body if indent else tree.body  # type: ignore[attr-defined]
        assert len(body) == 1
        found = ast.literal_eval(body[0].value)
        expected = words(text.replace("\r\n", "\n"))
        assert words(found) == (expected if any(expected) else ["..."])
        assert all(char == "\n" or char.isprintable() for char in literal)
        is_black(code)


@with_examples
def test_comments_are_one_line(text: str) -> None:
    comment = sinks.comment(Untrusted(text))
    assert comment == "" or comment.splitlines() == [comment]
    assert all(char.isprintable() for char in comment)
    tree = ast.parse(f"x = 1  # {comment}\n")
    assert len(tree.body) == 1


@with_examples
def test_a_line_within_a_docstring(text: str) -> None:
    tree = ast.parse(f'"""About {sinks.docline(Untrusted(text))}."""\n')
    assert len(tree.body) == 1
    assert isinstance(tree.body[0], ast.Expr)
    assert isinstance(tree.body[0].value, ast.Constant)


@with_examples
def test_toml(text: str) -> None:
    assert tomllib.loads(f"x = {sinks.toml_string(Untrusted(text))}\n") == {"x": text}


@with_examples
def test_markdown_is_one_line_without_markup(text: str) -> None:
    for line in (sinks.markdown_text(text), sinks.markdown_code(text)):
        assert "\n" not in line
        assert "\x1b" not in line
    assert re.search(r"(?<!\\)(?:\\\\)*[<`*_\[]", sinks.markdown_text(text)) is None


def test_an_untrusted_text_without_a_filter_is_an_error() -> None:
    text = Untrusted("x")
    with pytest.raises(TypeError):
        str(text)
    with pytest.raises(TypeError):
        f"{text}"
