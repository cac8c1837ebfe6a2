"""docs/semantics.md has a proof for every sentence."""

from __future__ import annotations

from tests.runtime.core.sentence_table import (
    ELSEWHERE,
    ROOT,
    SEMANTICS,
    proofs,
    sentences,
    with_table,
)


def test_every_sentence_is_proved() -> None:
    names, known = sentences(), proofs()
    assert len(names) == len(set(names))
    assert [n for n in names if n not in known and n not in ELSEWHERE] == []
    assert sorted(known.keys() - set(names)) == []
    assert [n for n, place in ELSEWHERE.items() if not (ROOT / place).is_dir()] == []


def test_the_table_is_current() -> None:
    text = SEMANTICS.read_text()
    assert text == with_table(text), "run: python -m tests.runtime.core.sentence_table"
