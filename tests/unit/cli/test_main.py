"""The frame: exit codes and our own bugs."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from magicflow_cli.cli import validate as validate_module
from magicflow_cli.cli.app import invoke
from magicflow_cli.cli.commands import COMMANDS, Entry, top_level_help
from magicflow_cli.cli.failure import NotDone
from magicflow_cli.cli.main import run
from magicflow_cli.cli.output import count, wants_color, write_product


def test_both_ways_to_the_help_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    assert invoke(["--help"]) == 0
    assert capsys.readouterr().out == top_level_help() * 2


def test_both_ways_to_the_version_say_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["--version"]) == 0
    assert invoke(["--version"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == second


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_every_command_of_the_table_is_there(
    entry: Entry, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([entry.name, "--help"]) == 0
    help = capsys.readouterr().out
    assert help.startswith(f"Usage: magic-flow {entry.name} ")
    assert "Examples:" in help


def test_a_bug_of_ours_is_a_diagnostic(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("x")

    (tmp_path / "w.yaml").write_text("kind: Workflow\n")
    monkeypatch.setattr(validate_module, "build", fail)
    monkeypatch.delenv("MAGIC_FLOW_TRACEBACK", raising=False)
    assert run(["validate", str(tmp_path / "w.yaml")]) == 2
    said = capsys.readouterr().err
    assert "MF9000 error: the compiler failed with KeyError in test_main.py:" in said
    assert "Traceback" not in said
    monkeypatch.setenv("MAGIC_FLOW_TRACEBACK", "1")
    assert run(["validate", str(tmp_path / "w.yaml")]) == 2
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("stop", [KeyboardInterrupt, BrokenPipeError])
def test_interrupts_and_closed_pipes_reach_main(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stop: type[BaseException]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise stop

    (tmp_path / "w.yaml").write_text("kind: Workflow\n")
    monkeypatch.setattr(validate_module, "build", fail)
    with pytest.raises(stop):
        run(["validate", str(tmp_path / "w.yaml")])


def test_a_product_replaces_a_file_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "x.txt"
    write_product("one\n", target)
    write_product("two\n", target)
    assert target.read_bytes() == b"two\n"
    assert list(target.parent.iterdir()) == [target]


def test_a_product_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotDone) as caught:
        write_product("text", tmp_path / "file" / "below")
    assert caught.value.diagnostic.code == "MF0005"
    (tmp_path / "folder").mkdir()
    with pytest.raises(NotDone):
        write_product("text", tmp_path / "folder")
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["file", "folder"]


def test_colors(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert wants_color(Terminal())
    assert not wants_color(io.StringIO())
    assert not wants_color(object())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_color(Terminal())


def test_counting() -> None:
    assert [count(n, "file") for n in (0, 1, 2)] == ["0 files", "1 file", "2 files"]
