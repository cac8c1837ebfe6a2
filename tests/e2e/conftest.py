"""The command as a user has it: from the built wheel, in an environment of its own,
outside the checkout. `MAGIC_FLOW=/path/to/magic-flow` uses an installed one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.places import ROOT, Run, obey_permissions


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def command(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Path:
    """The installed `magic-flow`."""
    given = os.environ.get("MAGIC_FLOW")
    if given:
        return Path(given)
    wheel: Path = request.getfixturevalue("wheel")
    folder = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run(
        [scripts / "python", "-m", "pip", "install", "--quiet", wheel], check=True
    )
    return scripts / "magic-flow"


@pytest.fixture
def magic_flow(command: Path, tmp_path: Path) -> Run:
    """Runs `magic-flow` in an empty folder (or `cwd`) and returns what it did."""

    def run(
        *arguments: str | Path,
        cwd: Path = tmp_path,
        env: dict[str, str] | None = None,
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "COVERAGE")) and name != "VIRTUAL_ENV"
        }
        done = subprocess.run(
            [command, *arguments],
            cwd=cwd,
            env={**clean, "NO_COLOR": "1", **(env or {})},
            capture_output=True,
            encoding="utf-8",
            preexec_fn=obey_permissions if os.name == "posix" else None,
            timeout=timeout,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert "MF9000" not in done.stderr, done.stderr
        return done

    return run
