"""docs/testing.md shows what comes out: its files, its commands, their output."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.unit.cli.test_scenarios import call

PAGE = (Path(__file__).parents[3] / "docs" / "testing.md").read_text("utf-8")
FILES = dict(re.findall(r"^```yaml\n# (\S+)\n(.*?)^```$", PAGE, re.M | re.S))
COMMANDS = re.findall(r"^    \$ magic-flow (.+)\n((?:(?:    .*)?\n)+)", PAGE, re.M)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        # the comment that names a file is its first line: places depend on it
        (tmp_path / name).write_text(f"# {name}\n{text}")
    return tmp_path


def test_it_has_what_the_tests_look_for() -> None:
    assert list(FILES) == ["order.yaml", "order.scenario.yaml", "peak.scenario.yaml"]
    assert [line.split()[0] for line, _ in COMMANDS] == ["test", "simulate"]


@pytest.mark.parametrize(("line", "shown"), COMMANDS, ids=[c for c, _ in COMMANDS])
def test_a_command_prints_what_is_shown(folder: Path, line: str, shown: str) -> None:
    (folder / "peak.scenario.yaml").unlink()
    _, out, _ = call(*shlex.split(line))
    expected = [row.removeprefix("    ") for row in shown.rstrip("\n").split("\n")]
    assert out.rstrip("\n").split("\n") == expected


def test_the_outcome_script(folder: Path) -> None:
    script = ("--outcomes", "peak.scenario.yaml")
    status, out, _ = call("simulate", "order.yaml", "--runs", 300, *script)
    assert status == 0 and "charge: BUSY" in out
    assert "peak  it is left to chance" in call("test", "peak.scenario.yaml")[1]
