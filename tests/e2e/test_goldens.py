"""The goldens of the language, compiled by the installed command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.places import ROOT
from tests.golden.run import produce, read_expected

CASES = sorted((ROOT / "tests" / "golden" / "dsl").iterdir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_golden_from_the_wheel(
    case: Path, command: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAGIC_FLOW", str(command))
    assert produce(case, tmp_path) == read_expected(case)
