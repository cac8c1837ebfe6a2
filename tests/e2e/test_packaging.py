"""What the distributions hold."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.e2e.places import ROOT

FORBIDDEN = ("__pycache__", ".pyc", "node_modules", ".venv", ".mypy_cache")


def names_of(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_both_packages_and_their_data(wheel: Path) -> None:
    names = names_of(wheel)
    for expected in (
        "magicflow_cli/cli/main.py",
        "magicflow_cli/py.typed",
        "magicflow/__init__.py",
        "magicflow/py.typed",
        "magicflow_cli/_data/schemas/plan.schema.json",
        "magicflow_cli/_data/runtime/python/magicflow/__init__.py",
    ):
        assert expected in names
    data = "magicflow_cli/_data/"
    for folder in ("schemas", "docs/diagnostics", "templates", "runtime"):
        here = {
            path.relative_to(ROOT).as_posix()
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and not any(part in str(path) for part in FORBIDDEN)
        }
        assert here == {
            name.removeprefix(data)
            for name in names
            if name.startswith(f"{data}{folder}/")
        }


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    names = names_of(wheel)
    assert not [name for name in names if any(part in name for part in FORBIDDEN)]
    tops = {name.split("/")[0] for name in names}
    (info,) = tops - {"magicflow_cli", "magicflow"}
    assert info.endswith(".dist-info")
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_the_source_distribution_builds_the_same_wheel(
    wheel: Path, tmp_path: Path
) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-d"]
    subprocess.run(
        [*build, tmp_path / "sdist", "-t", "sdist"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (archive,) = (tmp_path / "sdist").glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    subprocess.run(
        [*build, tmp_path / "again", "-t", "wheel"],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (again,) = (tmp_path / "again").glob("*.whl")
    assert names_of(again) == names_of(wheel)


@pytest.mark.parametrize("kind", ["workflow", "context", "project", "plan", "messages"])
def test_data_is_found_in_the_installed_package(magic_flow, kind: str) -> None:
    done = magic_flow("schema", kind)
    assert done.returncode == 0
    assert done.stdout == (ROOT / "schemas" / f"{kind}.schema.json").read_text("utf-8")


def test_pages_are_found_in_the_installed_package(magic_flow) -> None:
    done = magic_flow("explain", "mf1001")
    assert done.stdout == (ROOT / "docs/diagnostics/MF1001.md").read_text("utf-8")
