"""Every case folder below this one: see README.md."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from run import Tree, produce, read_expected, write_expected


def test_case(case: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    actual = produce(case, tmp_path)
    expected = read_expected(case)
    if actual == expected:
        return
    diff = _diff(expected, actual)
    if request.config.getoption("--update-golden"):
        write_expected(case, actual)
        capture = request.config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            print(f"\n{case}\n{diff}")
        return
    pytest.fail(f"{case}\n{diff}\n(-- expected, ++ actual; see tests/golden/README.md)", pytrace=False)


def _diff(expected: Tree, actual: Tree) -> str:
    lines: list[str] = []
    for name in sorted(expected.keys() | actual.keys()):
        lines += difflib.unified_diff(
            expected.get(name, "").splitlines(),
            actual.get(name, "").splitlines(),
            f"expected/{name}" if name in expected else "/dev/null",
            f"expected/{name}" if name in actual else "/dev/null",
            lineterm="",
        )
    return "\n".join(lines) or "the texts differ in line ends only"
