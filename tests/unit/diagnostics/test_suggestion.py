"""What a misspelt name was meant to be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from magicflow_cli.diagnostics.suggestion import distance, suggest

WORDS = st.text(alphabet="abC", max_size=7)


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("tiemout", ["timeout", "retry"], "timeout"),
        ("stpes", ["steps"], "steps"),
        ("onfailure", ["on_failure", "on_success"], "on_failure"),
        ("Timeout", ["timeout", "timeouts"], "timeout"),
        ("KIND", ["king", "kind"], "kind"),
        ("nmae", ["name"], "name"),
        ("nme", ["name"], "name"),
        ("executer", ["executor", "execute"], "execute"),
        ("tmout", ["timeout"], "timeout"),
        ("tmot", ["timeout"], None),
        ("else", ["case"], None),
        ("x", ["y", "xy"], None),
        ("", ["a"], None),
        ("name", ["name", "nam"], None),
        ("retry", [], None),
        ("a" * 101, ["a" * 100], None),
        ("b", ["b"], None),
        ("ab", ["b", "ac", "aa"], "aa"),
    ],
)
def test_suggestions(name: str, known: list[str], expected: str | None) -> None:
    assert suggest(name, known) == expected
    assert suggest(name, reversed(known)) == expected


def reference(left: str, right: str) -> int:
    """Optimal string alignment by its definition."""
    if not left or not right:
        return len(left) + len(right)
    costs = [
        reference(left[:-1], right) + 1,
        reference(left, right[:-1]) + 1,
        reference(left[:-1], right[:-1]) + (left[-1] != right[-1]),
    ]
    if left[-2:] == right[-2:][::-1] and len(left) > 1:
        costs.append(reference(left[:-2], right[:-2]) + 1)
    return min(costs)


@given(st.text(alphabet="abC", max_size=5), st.text(alphabet="abC", max_size=5))
def test_distance(left: str, right: str) -> None:
    assert distance(left, right, 10) == reference(left, right)
    assert distance(left, right, 1) == min(2, reference(left, right))


@given(WORDS, st.lists(WORDS))
def test_a_suggestion_is_near_and_known(name: str, known: list[str]) -> None:
    found = suggest(name, known)
    if found is not None:
        assert found in known
        assert found != name
        near = distance(name, found, 2) <= 2
        assert near or found.casefold() == name.casefold()
