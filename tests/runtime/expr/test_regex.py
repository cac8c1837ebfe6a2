"""Portable regular expressions: what is one, what it finds, and in what time."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from magicflow.regex import check_portable, compile_portable

CASES = json.loads(
    (
        Path(__file__).parents[3] / "runtime/conformance/patterns/patterns.json"
    ).read_text("utf-8")
)
# Half surrogates are no JSON texts of other languages, and long ones are no pleasure to read.
MISSED = [*CASES["missed"], ("a", "\ud800a")]
REFUSED = [
    *CASES["refused"],
    "\ud800",
    "[\ud800]",
    "(" * 65 + ")" * 65,
    "x" * 4097,
    "\\\ud800",
    "x{900}" * 12,
]


@pytest.mark.parametrize(("pattern", "text"), CASES["found"])
def test_found(pattern: str, text: str) -> None:
    assert check_portable(pattern) is None
    assert compile_portable(pattern).search(text)


@pytest.mark.parametrize(("pattern", "text"), MISSED)
def test_missed(pattern: str, text: str) -> None:
    assert check_portable(pattern) is None
    assert not compile_portable(pattern).search(text)


@pytest.mark.parametrize("pattern", REFUSED)
def test_refused(pattern: str) -> None:
    error = check_portable(pattern)
    assert error
    assert error.isprintable()
    with pytest.raises(ValueError, match="not portable"):
        compile_portable(pattern)


@pytest.mark.parametrize(
    "pattern", ["^(a+)+$", "^(a|aa)+$", "^(a|a?)+$", "(.*)*x", "(a*)*b"]
)
def test_time_is_linear_in_the_text(pattern: str) -> None:
    compiled = compile_portable(pattern)
    compiled.search("a")
    start = time.perf_counter()
    assert not compiled.search("a" * 200_000 + "!")
    # Python's re needs 2^30 steps for 30 characters of this.
    assert time.perf_counter() - start < 2


def test_the_largest_patterns_compile() -> None:
    for piece in ("[^a]", r"\W", ".", "é"):
        pattern = f"^{piece}{{1000}}" + f"{piece}{{990}}" * 8
        assert check_portable(pattern) is None
        assert compile_portable(pattern).search("é" * 10_000)


ATOMS = st.sampled_from(
    ["a", "b", "-", ".", r"\d", r"\w", r"\s", "[ab]", "[^a-c]", r"\.", "é"]
)
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map("|".join),
        inner.map(lambda p: f"({p})"),
        st.tuples(inner, st.sampled_from(["*", "+?", "{1,3}", "?"])).map(
            lambda p: f"(?:{p[0]}){p[1]}"
        ),
        inner.map(lambda p: f"^{p}$"),
    ),
    max_leaves=6,
)


@settings(max_examples=300)
@given(PATTERNS, st.text("ab-1 é\n", max_size=8))
def test_agrees_with_python_where_python_can(pattern: str, text: str) -> None:
    rewritten = pattern.replace("$", r"\Z")
    expected = re.search(rewritten, text, re.ASCII) is not None
    assert compile_portable(pattern).search(text) == expected


@given(st.text("()[]{}|*+?^$.\\adwpu01,-:=!<é", max_size=12))
def test_what_is_accepted_compiles(pattern: str) -> None:
    if check_portable(pattern) is None:
        compile_portable(pattern).search("a1é")
