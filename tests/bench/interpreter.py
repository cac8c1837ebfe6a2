"""Which Python the measured servers run with.

A Python that was compiled without the compiler's profile (`--enable-optimizations`), as
version managers do by default, is a third slower than one of the same version that a
distribution ships. A bench of a server is not to measure that: of all Pythons of the
running version on the PATH the quickest serves, and the conditions say which it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.bench.installing import FOLDER, install, is_installed, note_installed

ROOT = Path(__file__).parents[2]
_WORK = """
import time, venv, ensurepip
def work(count):
    rows = {}
    for n in range(count):
        rows[str(n)] = row = (n, [n])
        if rows.get(str(n - 1), row)[0] > 3:
            row = {**{"a": 1}, "b": row}
times = []
for _ in range(5):
    began = time.process_time()
    work(100_000)
    times.append(time.process_time() - began)
print(min(times))
"""
_WORTH = 0.95
"""Of the time of the running Python: one that is not quicker than this is not worth an
environment of its own."""


@dataclass(frozen=True)
class Interpreter:
    """`path` has the project and its dependencies installed; `base` is what it was made
    from. `faster` is how many times as quick as the running one it is."""

    path: Path
    base: Path
    faster: float

    def __str__(self) -> str:
        version = subprocess.run([self.path, "-V"], capture_output=True, text=True)
        named = f"{version.stdout.strip()} ({self.base}"
        if self.faster == 1:
            return f"{named})"
        return f"{named}, {self.faster:.2f} times as quick as {_running()})"


def quickest() -> Interpreter:
    """The quickest of the Pythons on the PATH that have the running one's version.
    Raises Missing when the project cannot be installed for it."""
    own = _running()
    times = {own: _time(own)}
    for each in _others():
        if each not in times:
            times[each] = _time(each)
    best = min(times, key=lambda each: times[each])
    if times[best] > _WORTH * times[own]:
        return running_one()
    return Interpreter(_installed(best), best, times[own] / times[best])


def running_one() -> Interpreter:
    """The Python that runs this."""
    return Interpreter(Path(sys.executable), _running(), 1)


def _running() -> Path:
    return Path(sys.executable).resolve()


def _others() -> list[Path]:
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    found = [shutil.which(name, path=folder) for folder in folders]
    return [Path(each).resolve() for each in found if each is not None]


def _time(python: Path) -> float:
    """Seconds of processor time; infinite for what cannot have an environment."""
    command = [str(python), "-I", "-c", _WORK]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        return float(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return float("inf")


def _installed(base: Path) -> Path:
    folder = FOLDER / "python"
    python = folder / "bin" / "python"
    wanted = (str(base), (ROOT / "pyproject.toml").read_text())
    if not is_installed(folder, wanted):
        print(f"bench: installing the project for {base}", file=sys.stderr)
        install([str(base), "-m", "venv", "--clear", str(folder)], "the disk")
        pip = [str(python), "-m", "pip", "install", "--quiet"]
        install([*pip, "--editable", str(ROOT)], "PyPI")
        note_installed(folder, wanted)
    return python
