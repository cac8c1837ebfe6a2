"""Generated projects of all workflows, one in Go and one in Python, each with a program
`scripted` that is both ends of a run: what a user of Magic Flow writes."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.generated_python.conftest import clean_environment
from tests.e2e.mixed.tables import write_tables
from tests.languages import go

PROGRAM = Path(__file__).parent / "program"


@dataclass(frozen=True)
class Project:
    """`server` and `scripted` are commands, which are run in `folder`."""

    language: str
    folder: Path
    server: tuple[str | Path, ...]
    scripted: tuple[str | Path, ...]

    def environment(self, **more: str) -> dict[str, str]:
        """For its commands: nothing of the checkout."""
        return clean_environment(**more)


def python_project(folder: Path) -> Project:
    shutil.copy(PROGRAM / "scripted.py", folder / "scripted.py")
    return Project(
        "python",
        folder,
        (sys.executable, "-m", "workflows", "server"),
        (sys.executable, folder / "scripted.py"),
    )


def go_project(folder: Path) -> Project:
    place = folder / "cmd" / "scripted"
    place.mkdir()
    for file in PROGRAM.glob("*.go"):
        shutil.copy(file, place / file.name)
    write_tables(folder, place / "tables.go")
    (folder / "bin").mkdir()
    # without the folder's path in them packages are built once, whatever folder it is
    built = go(
        *("build", "-trimpath", "-o", "bin/", "./cmd/server", "./cmd/scripted"),
        cwd=folder,
    )
    assert built.returncode == 0, built.stderr
    binaries = folder / "bin"
    return Project("go", folder, (binaries / "server",), (binaries / "scripted",))
