"""Builds a driver in Go, with the runtime of this tree.

The build uses Go's own cache, so that the runtime is compiled once.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from magicflow_cli.generate.lower.go.names import RUNTIME

ROOT = Path(__file__).resolve().parent.parent.parent.parent


def need_go() -> None:
    from tests.exactness.drivers import Unavailable

    if shutil.which("go") is None:
        raise Unavailable("Go is not installed")


def build(folder: Path, main: str, what: str) -> str:
    """The program of `main` and the Go files that are in the folder; `what` is named
    when they do not compile."""
    from tests.exactness.drivers import Unavailable

    (folder / "main.go").write_text(main, encoding="utf-8")
    runtime = ROOT / "runtime" / "go"
    module = (
        f"module corpus\n\ngo 1.24.0\n\nrequire {RUNTIME} v0.0.0\n\n"
        f"replace {RUNTIME} => {runtime}\n"
    )
    required = (runtime / "go.mod").read_text(encoding="utf-8").partition("\nrequire")
    (folder / "go.mod").write_text(module + "\nrequire" + required[2], encoding="utf-8")
    shutil.copy(runtime / "go.sum", folder / "go.sum")
    command = ["go", "build", "-p", "1", "-o", "driver", "."]
    built = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if built.returncode:
        raise Unavailable(f"{what} does not build:\n{built.stderr[:4000]}")
    return str(folder / "driver")
