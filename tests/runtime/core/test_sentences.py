"""docs/semantics.md has a proof for every sentence."""

from __future__ import annotations

from tests.runtime.core.sentence_table import (
    ELSEWHERE,
    SEMANTICS,
    is_there,
    proofs,
    sentences,
    with_table,
)


def test_every_sentence_is_proved() -> None:
    names, known = sentences(), proofs()
    assert len(names) == len(set(names))
    assert [n for n in names if n not in known and n not in ELSEWHERE] == []
    assert sorted(known.keys() - set(names)) == []
    assert sorted(ELSEWHERE.keys() - set(names)) == []
    places = [place for row in ELSEWHERE.values() for place in row]
    assert [place for place in places if not is_there(place)] == []


def test_the_table_is_current() -> None:
    text = SEMANTICS.read_text()
    assert text == with_table(text), "run: python -m tests.runtime.core.sentence_table"
