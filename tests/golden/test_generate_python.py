"""Generated Python projects: the expected trees, and what every one of them must be.

`pytest --update-golden` writes the trees again. The runtime's source and the manifest,
which hashes the generator, are left out.
"""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.generate.plans import EXAMPLES, ROOT, compile_texts, run

HERE = Path(__file__).parent / "generate-python"
CASES = {
    "user-onboarding": EXAMPLES / "user-onboarding",
    "payment-processing": EXAMPLES / "payment-processing",
    "kitchen-sink": HERE / "kitchen-sink" / "source",
}


@pytest.fixture(scope="session", params=CASES)
def workflow(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def project(workflow: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole project of a case, with everything that a user gets."""
    folder = tmp_path_factory.mktemp(workflow)
    texts = [file.read_text("utf-8") for file in sorted(CASES[workflow].glob("*.yaml"))]
    assert run(folder, compile_texts(*texts)) == []
    return folder


def ours(folder: Path) -> dict[str, str]:
    """The files of a tree that a golden has."""
    found = (path.relative_to(folder) for path in sorted(folder.rglob("*")))
    return {
        path.as_posix(): (folder / path).read_text("utf-8")
        for path in found
        if (folder / path).is_file() and not any(map(_is_left_out, path.parts[:-1]))
    }


def _is_left_out(part: str) -> bool:
    return part in ("magicflow", "__pycache__") or part.startswith(".")


def test_the_tree_is_the_expected_one(
    workflow: str, project: Path, request: pytest.FixtureRequest
) -> None:
    expected = HERE / workflow / "expected"
    found = ours(project)
    known = ours(expected)
    difference = "\n".join(_diff(known, found))
    if not request.config.getoption("--update-golden"):
        assert not difference, difference
        return
    assert not os.environ.get("CI"), "goldens are not updated in CI"
    print(difference)
    for path in known.keys() - found.keys():
        (expected / path).unlink()
    for path, text in found.items():
        (expected / path).parent.mkdir(parents=True, exist_ok=True)
        (expected / path).write_text(text, "utf-8")


def _diff(known: dict[str, str], found: dict[str, str]) -> Iterator[str]:
    for path in sorted({*known, *found}):
        before, after = (
            files.get(path, "").splitlines(keepends=True) for files in (known, found)
        )
        yield from difflib.unified_diff(before, after, f"expected/{path}", path)


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
    for path in project.rglob("*"):
        if path.is_file() and path.name != "lock" and "cache" not in str(path):
            content = path.read_bytes()
            assert str(ROOT).encode() not in content
            assert str(project).encode() not in content
