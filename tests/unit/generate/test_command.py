"""`magic-flow generate`: targets, modes, the project file, exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from magicflow_cli.cli.main import run
from tests.unit.generate.pages import WORKFLOW
from tests.unit.generate.plans import tree

PROJECT = """\
version: 1
workflows: [flows]
targets:
  - {lang: python, out: generated, package: acme.flows, parts: [types, client]}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, which is the current one."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "greet.yaml").write_text(WORKFLOW)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def generate(*arguments: str) -> int:
    return run(["generate", *arguments])


FLOW = ("--workflow", "flows/greet.yaml")


@pytest.mark.parametrize("target", ["types", "executor", "server", "client", "all"])
def test_each_target(
    here: Path, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate(target, *FLOW, "--output", "out", "--type-safe") == 0
    assert "workflows/greet/types.py" in tree(here / "out")
    assert ("workflows/greet/executor.py" in tree(here / "out")) is (
        target in ("executor", "all")
    )
    assert "created" in capsys.readouterr().err
    assert generate(target, *FLOW, "--output", "out") == 0
    assert "unchanged" in capsys.readouterr().err


def test_what_would_change_is_shown_and_not_done(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("types", *FLOW, "--output", "out")
    assert generate(*options, "--dry-run") == 0
    assert "create  workflows/greet/types.py\n" in capsys.readouterr().out
    assert generate(*options, "--diff") == 0
    assert "+++ b/workflows/greet/types.py\n" in capsys.readouterr().out
    assert generate(*options, "--check") == 1
    assert "MF4010" in capsys.readouterr().err
    assert not (here / "out").exists()
    assert generate(*options) == 0
    capsys.readouterr()
    assert generate(*options, "--check", "--diff") == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "up to date" in shown.err


def test_a_hand_edited_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("types", *FLOW, "--output", "out")
    generate(*options)
    file = here / "out" / "workflows" / "greet" / "types.py"
    file.write_text("# mine\n")
    before = tree(here)
    assert generate(*options) == 1
    assert generate(*options, "--check") == 1
    assert generate(*options, "--diff") == 1
    shown = capsys.readouterr()
    assert "-# mine\n" in shown.out, "the diff shows what would become of it"
    assert shown.err.count("MF4001 error") == 3
    assert tree(here) == before
    assert generate(*options, "--force") == 0
    assert file.with_name("types.py.orig").read_text() == "# mine\n"


def test_the_project_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "magic-flow.yaml").write_text(PROJECT)
    assert generate() == 0
    found = tree(here / "generated")
    assert "acme/flows/greet/types.py" in found
    assert "acme/flows/greet/client.py" in found
    assert "acme/flows/greet/executor.py" not in found
    assert generate("--check") == 0
    assert generate("types", "--check") == 0
    (here / "flows" / "other.yaml").write_text(WORKFLOW.replace("greet", "other"))
    assert generate("--check") == 1
    assert generate() == 0
    (here / "flows" / "greet.yaml").unlink()
    assert generate() == 0
    assert "acme/flows/greet/types.py" not in tree(here / "generated")


def test_a_part_that_no_target_has(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "magic-flow.yaml").write_text(PROJECT)
    assert generate("server") == 2
    assert "no target of `magic-flow.yaml`" in capsys.readouterr().err


def test_without_a_place_for_the_output(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate() == 2
    assert generate("types", *FLOW) == 2
    assert capsys.readouterr().err.count("nothing says where the output goes") == 2


def test_a_language_named_twice_is_written_once(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = "python,python"
    assert generate("types", *FLOW, "-o", "out", "--languages", names) == 0
    assert capsys.readouterr().err.count("created") == 1


def test_an_empty_output_is_no_folder(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--output "$UNSET"` must not fill the current folder."""
    before = tree(here)
    assert generate("types", *FLOW, "--output", "") == 2
    assert "the path is empty" in capsys.readouterr().err
    assert tree(here) == before


def test_languages(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate("types", *FLOW, "-o", "out", "--languages", "python") == 0
    assert "workflows/greet/types.py" in tree(here / "out" / "python")
    for name in ("java", "cobol"):
        assert (
            generate("types", *FLOW, "-o", "out", "--languages", f"python,{name}") == 2
        )
        assert generate("types", *FLOW, "-o", "out", "--language", name) == 2
    assert capsys.readouterr().err.count("MF4009 error") == 4


def test_a_package_of_the_runtime(here: Path) -> None:
    text = PROJECT + "runtime: package\nruntime_package: {path: vendor/runtime}\n"
    (here / "magic-flow.yaml").write_text(text)
    assert generate() == 0
    found = tree(here / "generated")
    assert not any(path.startswith("magicflow/") for path in found)
    assert b"../vendor/runtime" in found["pyproject.toml"]
    assert str(here).encode() not in found["pyproject.toml"]


def test_a_package_of_the_runtime_without_a_place(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "magic-flow.yaml").write_text(PROJECT + "runtime: package\n")
    assert generate() == 2
    assert "does not say where the runtime is found" in capsys.readouterr().err


def test_errors_of_a_workflow_write_nothing(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = WORKFLOW.replace("$.input.name", "$.input.nothing")
    (here / "flows" / "greet.yaml").write_text(broken)
    assert generate("all", *FLOW, "--output", "out") == 1
    assert not (here / "out").exists()


def test_strict_makes_warnings_errors(here: Path) -> None:
    assert generate("types", *FLOW, "--output", "out", "--strict") == 1
    assert not (here / "out").exists()


def test_a_configuration_to_start_from(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "server.yaml").write_text("server: {port: 9191}\n")
    options = ("server", *FLOW, "--output", "out", "--config")
    assert generate(*options, "server.yaml") == 0
    assert b"9191" in tree(here / "out")["config/server.yaml"]
    for name, text in (("bad.yaml", "server: {prot: 1}\n"), ("none.yaml", None)):
        if text is not None:
            (here / name).write_text(text)
        assert generate(*options, name) == 2
    capsys.readouterr()


def test_an_output_that_cannot_be_written(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "out").write_text("a file\n")
    assert generate("types", *FLOW, "--output", "out") == 2
    assert "MF4007" in capsys.readouterr().err
