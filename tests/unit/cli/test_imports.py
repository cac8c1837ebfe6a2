"""What a command imports is what it costs: read from `-X importtime`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "examples" / "user-onboarding"
HEAVY = {
    "fast_sugiyama",
    "hypothesis",
    "jinja2",
    "jsonschema",
    "lark",
    "pydantic",
    "pydantic_core",
    "rich",
    "asyncio",
    "importlib.metadata",
}


def imported(*arguments: str | Path) -> set[str]:
    """The names of all modules that a run of `magic-flow` imports beyond those of
    Python's own start, and of their packages."""
    code = "from magicflow_cli.cli.main import main; main()"
    return _traced(code, *arguments) - _traced("pass")


def _traced(code: str, *arguments: str | Path) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    names = {
        line.rsplit("|", 1)[1].strip()
        for line in done.stderr.splitlines()
        if line.startswith("import time:")
    }
    return names | {name.split(".")[0] for name in names}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_the_first_answer_imports_next_to_nothing(arguments: list[str]) -> None:
    names = imported(*arguments)
    assert not names & (HEAVY | {"typer", "yaml", "dataclasses"})
    assert len([n for n in names if n.startswith("magicflow_cli")]) <= 4


@pytest.mark.parametrize(
    "arguments",
    [
        ["validate", "--help"],
        ["validate", EXAMPLE],
        ["validate", EXAMPLE, "--format", "json"],
        ["plan", EXAMPLE],
        ["explain", EXAMPLE],
        ["graph", EXAMPLE, "--format", "mermaid"],
        ["explain", "MF1001"],
        ["schema"],
    ],
    ids=lambda arguments: "-".join(str(a).rsplit("/", 1)[-1] for a in arguments),
)
def test_commands_import_nothing_heavy(arguments: list[str | Path]) -> None:
    assert not imported(*arguments) & HEAVY


def test_the_layout_is_imported_to_draw() -> None:
    names = imported("graph", EXAMPLE)
    assert names & HEAVY <= {"fast_sugiyama", "importlib.metadata"}
    assert "fast_sugiyama" in names


def test_validating_compiles_and_draws_nothing() -> None:
    names = imported("validate", EXAMPLE / "workflow.yaml")
    assert not [
        name
        for name in names
        if name.startswith(("magicflow_cli.docs", "magicflow_cli.compile"))
    ]
