"""Generated Python projects: the expected trees, and what every one of them must be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.golden.projects import CASES, compare, is_anywhere, ours, texts
from tests.unit.generate.plans import compile_texts, run

HERE = Path(__file__).parent / "generate-python"


@pytest.fixture(scope="session", params=CASES)
def workflow(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def project(workflow: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole project of a case, with everything that a user gets."""
    folder = tmp_path_factory.mktemp(workflow)
    assert run(folder, compile_texts(*texts(workflow))) == []
    return folder


def test_the_tree_is_the_expected_one(
    workflow: str, project: Path, request: pytest.FixtureRequest
) -> None:
    compare(HERE / workflow / "expected", project, request.config)


def tool(project: Path, *command: str) -> None:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=project,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_formatted(project: Path) -> None:
    tool(project, "-m", "black", "--check", "-q", "--diff", "workflows", "tests")


def test_it_is_typed(project: Path) -> None:
    tool(project, "-m", "mypy", "--strict", "workflows", "tests")


def test_it_is_linted(project: Path) -> None:
    rules = "E4,E7,E9,F,I,B,UP,PIE,C4"
    configuration = "--config=lint.isort.known-first-party=['magicflow', 'workflows']"
    tool(project, "-m", "ruff", "check", "--isolated", f"--select={rules}", configuration, "workflows", "tests")


def test_it_is_imported_without_a_warning(project: Path) -> None:
    modules = [
        path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        for path in ours(project)
        if path.startswith("workflows/") and path.endswith(".py")
        if not path.endswith("__main__.py")
    ]
    tool(project, "-W", "error", "-c", f"import {', '.join(modules)}")


def test_its_tests_pass(project: Path) -> None:
    tool(project, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")


def test_nothing_names_this_machine(project: Path) -> None:
    is_anywhere(project)
