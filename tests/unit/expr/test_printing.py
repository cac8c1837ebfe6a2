"""Printing back: reading the printed text gives an equal AST, for every AST."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from magicflow_cli.expr import print_expression, print_value
from magicflow_cli.expr.actions import _as_test
from magicflow_cli.expr.ast import (
    Array,
    Binary,
    Call,
    Expr,
    Filter,
    Index,
    Lambda,
    Length,
    Literal,
    Member,
    Object,
    Path,
    Secret,
    Segment,
    Slice,
    Template,
    Unary,
    Wildcard,
)
from tests.unit.expr.reading import read, value

PRINTED = [
    ("1+2*3", "1 + 2 * 3"),
    ("(1+2)*3", "(1 + 2) * 3"),
    ("1 - (2 - 3)", "1 - (2 - 3)"),
    ("(1 - 2) - 3", "1 - 2 - 3"),
    ("!($.a && $.b)", "not ($.a and $.b)"),
    ("!$.a == $.b", "(not $.a) == $.b"),
    ("not $.a == $.b", "not $.a == $.b"),
    ("(1 == 2) == true", "(1 == 2) == true"),
    ('"it\'s"', "'it\\'s'"),
    ("'\\u0001\\n'", "'\\u0001\\n'"),
    ("-(-1)", "-(-1)"),
    ("- (1 + 2)", "-(1 + 2)"),
    ("(-$.a) * 2", "-$.a * 2"),
    ("-($.a * 2)", "-($.a * 2)"),
    ("1e21", "1e+21"),
    ("$['a']['b c']['length'].x", "$.a['b c'].length.x"),
    ("$[?(@.a)]", "$[?exists(@.a)]"),
    ("$..['a', 0, 1:, ::2, *]", "$..['a', 0, 1:, ::2, *]"),
    ("$..*", "$..*"),
    ("map( $.a,x->x )", "map($.a, x -> x)"),
]


@pytest.mark.parametrize(("text", "printed"), PRINTED)
def test_prints(text: str, printed: str) -> None:
    expr = read(text)
    assert print_expression(expr) == printed
    assert read(printed) == expr


def test_prints_mapping_values_for_people() -> None:
    assert print_expression(value({"a": "x ${$.b}", "c": "${secrets.K}"})) == (
        "{'a': x ${$.b}, 'c': ${secrets.K}}"
    )


CHARACTERS = st.characters(exclude_categories=("Cs",), exclude_characters="\0")
TEXTS = st.text(CHARACTERS, max_size=6) | st.sampled_from(["$", "$.", "$$.", "${", "}", "$${", "a$", "'", "\\", "length"])  # fmt: skip
NAMES = st.sampled_from(["a", "b-c", "length", "and", "é", "x y", "'", "", "1"]) | TEXTS
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(
    allow_nan=False, allow_infinity=False
).map(lambda x: int(x) if x.is_integer() and abs(x) < 2**53 else x)
LITERALS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS).map(Literal)


def _segments(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[tuple[Segment, ...]]:
    bound = st.none() | st.integers(-9, 9)
    selector = st.one_of(
        NAMES.map(Member),
        st.integers(-9, 9).map(Index),
        st.just(Wildcard()),
        st.builds(Slice, bound, bound, bound),
        inner.map(lambda e: Filter(_as_test(e))),
    )
    segment = st.builds(
        Segment, st.lists(selector, min_size=1, max_size=3).map(tuple), st.booleans()
    )
    end = st.sampled_from([(), (Segment((Length(),)),)])
    return st.tuples(st.lists(segment, max_size=3).map(tuple), end).map(
        lambda p: p[0] + p[1]
    )


def _inner(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    operators = [
        "or",
        "and",
        "==",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "in",
        "+",
        "-",
        "*",
        "/",
        "%",
    ]
    return st.one_of(
        st.builds(Binary, st.sampled_from(operators), inner, inner),
        st.builds(Unary, st.sampled_from(["not", "neg"]), inner),
        st.builds(lambda e: Call("type_of", (e,)), inner),
        st.builds(lambda a, b: Call("coalesce", (a, b)), inner, inner),
        st.builds(lambda a, b: Call("map", (a, Lambda("x", b))), inner, inner),
        st.lists(inner, max_size=3).map(lambda items: Array(tuple(items))),
        _segments(inner).map(lambda s: Path("$", s)),
    )


EXPRESSIONS = st.recursive(
    LITERALS | st.just(Path("$", (Segment((Member("a"),)),))), _inner, max_leaves=8
)


@settings(max_examples=500, deadline=None)
@given(EXPRESSIONS)
def test_expressions_read_back(expr: Expr) -> None:
    text = print_expression(expr)
    again = read(text)
    assert again == expr
    assert print_expression(again) == text


PARTS = st.one_of(
    TEXTS.filter(bool).map(Literal),
    EXPRESSIONS.filter(lambda e: not (isinstance(e, Literal) and isinstance(e.value, str))),
    st.builds(Secret, st.sampled_from(["secrets", "env"]), st.from_regex("[A-Za-z_][A-Za-z0-9_-]{0,5}", fullmatch=True)),
)  # fmt: skip


def _template(parts: list[Expr]) -> Expr:
    """The normal form: texts that follow each other are one."""
    joined: list[Expr] = []
    for part in parts:
        last = joined[-1] if joined else None
        if (
            isinstance(part, Literal)
            and isinstance(part.value, str)
            and isinstance(last, Literal)
            and isinstance(last.value, str)
        ):
            joined[-1] = Literal(last.value + part.value)
        else:
            joined.append(part)
    return joined[0] if len(joined) == 1 else Template(tuple(joined))


SCALARS = st.one_of(
    LITERALS, EXPRESSIONS, st.lists(PARTS, min_size=1, max_size=5).map(_template)
)


def _not_in_lists(expr: Expr) -> bool:
    return not isinstance(expr, Array)


MAPPINGS = st.recursive(
    SCALARS.filter(_not_in_lists),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: Array(tuple(items))),
        st.dictionaries(TEXTS, inner, max_size=3).map(
            lambda d: Object(tuple(d.items()))
        ),
    ),
    max_leaves=5,
)


@settings(max_examples=500, deadline=None)
@given(MAPPINGS)
@example(Template((Literal("$$"), Literal(None))))
def test_mapping_values_read_back(expr: Expr) -> None:
    printed: Any = print_value(expr)
    assert value(printed) == expr
