"""`runtime: vendored` and `runtime: package`: what the project depends on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from magicflow_cli.generate.model import Options, RuntimePackage
from tests.unit.generate.plans import ROOT, example_plan, run


def project(folder: Path, package: RuntimePackage | None) -> dict[str, Any]:
    plan = example_plan("user-onboarding")
    assert run(folder, [plan], options=Options(runtime_package=package)) == []
    return tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))


def test_a_vendored_runtime_depends_on_third_parties_only(tmp_path: Path) -> None:
    made = project(tmp_path, None)
    names = [each.split(">")[0] for each in made["project"]["dependencies"]]
    assert "pydantic" in names and "httpx" in names
    assert not [name for name in names if "magic" in name]
    assert made["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == [
        "workflows",
        "magicflow",
    ]


def test_every_third_party_that_the_runtime_imports_is_a_dependency(
    tmp_path: Path,
) -> None:
    """Run with nothing but the dependencies: all modules can be imported."""
    made = project(tmp_path, None)
    known = {
        each.split(">")[0].replace("google-", "").replace("pyyaml", "yaml")
        for each in made["project"]["dependencies"]
    }
    script = (
        "import ast, pathlib, sys\n"
        "names = set()\n"
        "for path in pathlib.Path('magicflow').rglob('*.py'):\n"
        "    for node in ast.walk(ast.parse(path.read_text('utf-8'))):\n"
        "        if isinstance(node, ast.Import):\n"
        "            names |= {alias.name.split('.')[0] for alias in node.names}\n"
        "        elif isinstance(node, ast.ImportFrom) and not node.level:\n"
        "            names.add((node.module or '').split('.')[0])\n"
        "print(*sorted(names - sys.stdlib_module_names))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    optional = {"opentelemetry"}
    brought = {"magicflow", "pydantic_core", "typing_extensions"}  # by pydantic
    assert set(done.stdout.split()) - optional - brought <= known


def test_a_runtime_in_a_folder_is_built_into_the_wheel(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "runtime" / "python", tmp_path / "runtime")
    made = project(tmp_path / "project", RuntimePackage(path="../runtime"))
    assert not (tmp_path / "project" / "magicflow").exists()
    wheel = made["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"] == {"../runtime/magicflow": "magicflow"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=tmp_path / "project",
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (None, "magicflow-cli"),
        ("2.0", "magicflow-cli==2.0"),
        (">=2,<3", "magicflow-cli>=2,<3"),
    ],
)
def test_a_runtime_of_an_index_is_a_dependency(
    tmp_path: Path, version: str | None, expected: str
) -> None:
    index = "https://packages.example.com/simple"
    made = project(tmp_path, RuntimePackage(index=index, version=version))
    assert made["project"]["dependencies"] == [expected]
    assert (tmp_path / "requirements.txt").read_text("utf-8") == (
        f"--extra-index-url {index}\n{expected}\n"
    )
