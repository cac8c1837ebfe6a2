"""A generated service as its user has it: written by the installed command, installed
without a network into an environment of its own, run outside the checkout."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.places import EXAMPLES

Start = Callable[..., "Process"]


class Process:
    """A server or an executor; its log lines are JSON."""

    def __init__(self, popen: subprocess.Popen[str]) -> None:
        self.popen = popen
        self.lines: list[dict[str, object]] = []

    def wait_for(self, start: str) -> str:
        """The rest of the first message that starts so."""
        assert self.popen.stderr is not None
        for text in self.popen.stderr:
            line = json.loads(text) if text[:1] == "{" else {"message": text.strip()}
            self.lines.append(line)
            message = str(line["message"])
            if message.startswith(start):
                return message.removeprefix(start).strip()
        raise AssertionError(f"it never said {start!r}: {self.lines}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end; its exit code."""
        self.popen.send_signal(number)
        try:
            _, err = self.popen.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            raise
        for text in err.splitlines():
            self.lines.append(
                json.loads(text) if text[:1] == "{" else {"message": text}
            )
        return self.popen.returncode

    @property
    def messages(self) -> list[str]:
        return [str(line["message"]) for line in self.lines]


def clean_environment(**more: str) -> dict[str, str]:
    """This one without what leads to the checkout or configures the runtime."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "COVERAGE", "MAGICFLOW_"))
        and name != "VIRTUAL_ENV"
    }
    return {**kept, **more}


def generate(command: Path, output: Path, example: str, *more: str) -> None:
    done = subprocess.run(
        [
            *(command, "generate", "all", "--language", "python", "--output", output),
            *("--workflow", EXAMPLES / example / "workflow.yaml"),
            *("--context", EXAMPLES / example / "context.yaml"),
            *more,
        ],
        env=clean_environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr


def make_environment(folder: Path) -> Path:
    """A virtual environment that sees the third-party packages of this one, and neither
    our own nor an editable install. Returns its Python."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    where = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout.strip()
    third_party = sysconfig.get_path("purelib")
    Path(where, "third-party.pth").write_text(f"{third_party}\n")
    return python


@pytest.fixture(scope="session")
def project(command: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generated project of user-onboarding."""
    folder = tmp_path_factory.mktemp("project") / "service"
    generate(command, folder, "user-onboarding")
    return folder


@pytest.fixture(scope="session")
def python(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python with the project installed, without a network."""
    found = make_environment(tmp_path_factory.mktemp("environment") / "venv")
    done = subprocess.run(
        [
            *(found, "-m", "pip", "install", "--quiet", "--no-index"),
            *("--disable-pip-version-check", "--no-build-isolation", project),
        ],
        env=clean_environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return found


@pytest.fixture
def start(python: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts `python -m workflows …` in an empty folder; what still runs at the end is
    killed."""
    processes: list[Process] = []

    def begin(*arguments: str, cwd: Path = tmp_path, **environment: str) -> Process:
        process = Process(
            subprocess.Popen(
                [python, "-m", "workflows", *arguments],
                cwd=cwd,
                env=clean_environment(**environment),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                encoding="utf-8",
            )
        )
        processes.append(process)
        return process

    yield begin
    for process in processes:
        if process.popen.poll() is None:
            process.popen.kill()
        process.popen.communicate()
