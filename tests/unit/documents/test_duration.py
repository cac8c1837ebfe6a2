from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from magicflow_cli.documents.bind import pattern
from magicflow_cli.documents.duration import parse_duration
from magicflow_cli.documents.parsing import shape_of

MILLIS = {
    "500ms": 500,
    "0s": 0,
    "30s": 30_000,
    "5m": 300_000,
    "1h": 3_600_000,
    "2d": 172_800_000,
    "PT1H30M": 5_400_000,
    "P1D": 86_400_000,
    "P2W": 1_209_600_000,
    "P1DT1S": 86_401_000,
    "PT0.5S": 500,
    "PT1.05S": 1_050,
    "PT0.001S": 1,
    "99999999d": 8_639_999_913_600_000,
}
NONE = [
    "5",
    "5minutes",
    "5M",
    "1.5h",
    "-5s",
    "+5s",
    ".5s",
    "P",
    "PT",
    "P1DT",
    "P1Y",
    "P1M",
    "P1W1D",
    "PT1H1D",
    "P1H",
    "1h30m",
    "1e3s\n999999999d",
    "PT1.0001S",
    "٣s",
    "5s\n",
]


@pytest.mark.parametrize(("text", "millis"), MILLIS.items())
def test_reads_a_duration_exactly(text: str, millis: int) -> None:
    assert parse_duration(text) == millis


@pytest.mark.parametrize("text", [*NONE, "", " 5s", "5s ", "5s\n", "5 s"])
def test_reads_nothing_else(text: str) -> None:
    assert parse_duration(text) is None


@given(st.one_of(st.text(alphabet="0123456789PTWDHMSmshd.-", max_size=24), st.text()))
@example("P99999999DT99999999H99999999M99999999.999S")
def test_the_schema_says_the_same(text: str) -> None:
    search = pattern(shape_of("Workflow")["$defs"]["Duration"]["pattern"]).search
    millis = parse_duration(text)
    assert (search(text) is not None) == (millis is not None)
    assert millis is None or 0 <= millis <= 9_007_199_254_740_991


def test_all_schemas_have_the_same_durations() -> None:
    schemas = Path(__file__).parents[3] / "schemas"
    patterns = set()
    for name in ("workflow", "server", "executor"):
        schema = json.loads((schemas / f"{name}.schema.json").read_text())
        patterns.add(schema["$defs"]["Duration"]["pattern"])
    assert len(patterns) == 1
