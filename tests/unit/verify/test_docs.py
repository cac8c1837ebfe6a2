"""docs/verify.md shows what comes out: its files, its commands, their output."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from magicflow_cli.cli.main import run

PAGE = (Path(__file__).parents[3] / "docs" / "verify.md").read_text("utf-8")
FILES = dict(re.findall(r"^```yaml\n# (\S+)\n(.*?)^```$", PAGE, re.M | re.S))
COMMANDS = re.findall(r"^    \$ magic-flow (.+)\n((?:(?:    .*)?\n)+)", PAGE, re.M)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    # the comment that names the file is its first line: places depend on it
    Path("order.yaml").write_text(f"# order.yaml\n{FILES['order.yaml']}")
    return tmp_path


def test_it_has_what_the_tests_look_for() -> None:
    assert list(FILES) == ["order.yaml", "found/order-output-validation.scenario.yaml"]
    assert [line.split()[0] for line, _ in COMMANDS] == ["verify", "test"]


@pytest.mark.parametrize(("line", "shown"), COMMANDS, ids=[c for c, _ in COMMANDS])
def test_a_command_prints_what_is_shown(
    folder: Path, line: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(shlex.split(line)) == 0
    out, err = capsys.readouterr()
    expected = [row.removeprefix("    ") for row in shown.rstrip("\n").split("\n")]
    assert (err + out).rstrip("\n").split("\n") == expected


def test_the_scenario_is_what_is_written_and_passes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["verify", "order.yaml", "--scenarios", "found"]) == 0
    name = "found/order-output-validation.scenario.yaml"
    assert Path(name).read_text("utf-8") == FILES[name]
    assert run(["test", "found"]) == 0
    assert "✗" not in capsys.readouterr().out
