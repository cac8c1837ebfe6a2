"""What the benches install, at fixed versions, in a folder outside of version control."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".bench"
PYTHON = (
    "dbos==3.4.0",
    "fastapi==0.165.0",
    "uvicorn==0.54.0",
    "uvloop==0.23.0",
    "httptools==0.9.0",
)
NODE = ("@restatedev/restate-server@1.7.12", "@restatedev/restate-sdk@1.17.2")


class Missing(Exception):
    """Something cannot be had here; says why, and how to mend it."""


def dbos_python(base: Path) -> Path:
    """The interpreter of a virtual environment with DBOS, made from `base`. Raises
    Missing."""
    folder = FOLDER / "dbos"
    python = folder / "bin" / "python"
    wanted = (*PYTHON, str(base))
    if is_installed(folder, wanted):
        return python
    print("bench: installing DBOS into .bench/dbos", file=sys.stderr)
    install([str(base), "-m", "venv", "--clear", str(folder)], "the disk")
    install([str(python), "-m", "pip", "install", "--quiet", *PYTHON], "PyPI")
    note_installed(folder, wanted)
    return python


def restate_folder() -> Path:
    """A folder with Restate's server and its SDK for Node. Raises Missing."""
    folder = FOLDER / "restate"
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise Missing("needs `node` (20 or newer) and `npm` on the PATH")
    if is_installed(folder, NODE):
        return folder
    print("bench: installing Restate into .bench/restate", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    install(["npm", "install", *quiet, "--prefix", str(folder), *NODE], "npm")
    note_installed(folder, NODE)
    return folder


def is_installed(folder: Path, wanted: tuple[str, ...]) -> bool:
    """Whether `note_installed` was called with the same."""
    file = folder / "installed"
    return file.exists() and file.read_text() == "\n".join(wanted)


def note_installed(folder: Path, installed: tuple[str, ...]) -> None:
    (folder / "installed").write_text("\n".join(installed))


def install(command: list[str], registry: str) -> None:
    """Run an installer. Raises Missing with what it said last."""
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=600, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"cannot be installed: {error}") from None
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()[-3:]
        last = [line[-200:] for line in lines]
        raise Missing(
            f"cannot be installed from {registry} "
            f"(needs a network or a mirror): {' '.join(last)}"
        )
