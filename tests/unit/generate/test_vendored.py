"""The runtime's source that comes along is all that a target imports."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from magicflow_cli.generate.files import HEADER
from magicflow_cli.generate.lower.python.vendored import runtime_source
from tests.unit.generate.plans import ALL, ROOT, example_plan, run, tree

RUNTIME = ROOT / "runtime" / "python" / "magicflow"


@pytest.mark.parametrize("targets", [("types",), ALL], ids=["types", "all"])
def test_every_module_is_imported_from_the_tree(
    tmp_path: Path, targets: tuple[str, ...]
) -> None:
    assert run(tmp_path, [example_plan("user-onboarding")], targets) == []
    modules = [
        path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        for path in tree(tmp_path)
        if path.startswith(("magicflow/", "workflows/"))
        and path.endswith(".py")
        and "__main__" not in path
    ]
    script = f"import magicflow, {', '.join(modules)}; print(magicflow.__file__)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(tmp_path.resolve())


def test_all_of_the_runtime_comes_along(tmp_path: Path) -> None:
    runtime_source.cache_clear()  # what is on disk now, not when the first test ran
    run(tmp_path, [example_plan("user-onboarding")], ("server",))
    found = tree(tmp_path)
    for path in RUNTIME.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            name = path.relative_to(RUNTIME.parent).as_posix()
            content = path.read_bytes()
            header = f"# {HEADER}\n".encode() if name.endswith(".py") else b""
            assert found.get(name) == header + content, name
