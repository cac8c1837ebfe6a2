"""What is written reads back as the same values."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from magicflow_cli.diagnostics.model import Report
from magicflow_cli.documents import parse
from magicflow_cli.load import load_text
from magicflow_cli.load.nodes import plain
from magicflow_cli.simulate.writing import scenario_document, write_scenarios

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20),
    st.sampled_from(
        ["yes", "on", "12:30", "2026-01-01", "0o17", "1e3", "1_0", "~", "", "null", "-", "- a",
         "a: b", "#", "'", '"', "\n", "a\n", " a", "0x1f", "1.", ".5", "+1", "True", "=", "<<", "a\tb"]
    ),
)  # fmt: skip
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), TEXTS,
              st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(TEXTS.filter(bool), inner, max_size=4),
    ),
    max_leaves=12,
)  # fmt: skip


def read(text: str) -> list[Any]:
    loaded = load_text(text.encode(), "a.scenario.yaml")
    assert loaded.diagnostics == (), loaded.diagnostics
    return [plain(document.root) for document in loaded.documents]


def same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


@given(VALUES)
def test_values_read_back(value: Any) -> None:
    document = scenario_document("a", {"workflow": "w", "input": value}, "What it is.")
    (found,) = read(write_scenarios([document]))
    assert same(found, document), found


def test_documents_follow_each_other() -> None:
    spec = {"workflow": "w", "steps": {"a": [{"fails": "X"}, {"returns": {}}]}}
    text = write_scenarios([scenario_document("a", spec), scenario_document("b", spec)])
    loaded = load_text(text.encode(), "a.scenario.yaml")
    report = Report()
    parsed = [parse(document, report) for document in loaded.documents]
    assert not report.diagnostics and all(parsed)
    assert [p.model.metadata.name for p in parsed if p] == ["a", "b"]
    assert "path: [a, b]" in write_scenarios([{"path": ["a", "b"]}])
