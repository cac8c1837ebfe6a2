"""A generated Go project as its user has it: written by the command, its program built
once and run in folders of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.generated_python.conftest import clean_environment
from tests.e2e.mixed.conftest import magic_flow
from tests.e2e.places import EXAMPLES
from tests.languages import build, need

Json = dict[str, Any]
Start = Callable[..., "Executor"]


class Executor:
    """A running executor or server; its log lines are JSON."""

    def __init__(self, popen: subprocess.Popen[str]) -> None:
        self.popen = popen
        self.lines: list[Json] = []

    def wait_for(self, message: str) -> Json:
        """The first line with a message."""
        assert self.popen.stderr is not None
        for text in self.popen.stderr:
            self._take(text)
            if self.lines[-1]["msg"] == message:
                return self.lines[-1]
        raise AssertionError(f"it never said {message!r}: {self.lines}")

    def wait_for_start(self, start: str) -> str:
        """The rest of the first message that starts so."""
        assert self.popen.stderr is not None
        for text in self.popen.stderr:
            self._take(text)
            message = str(self.lines[-1]["msg"])
            if message.startswith(start):
                return message.removeprefix(start)
        raise AssertionError(f"it never said {start!r}: {self.lines}")

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        self.popen.terminate()
        _, rest = self.popen.communicate(timeout=20)
        for text in rest.splitlines():
            self._take(text)
        return self.popen.returncode

    def _take(self, text: str) -> None:
        self.lines.append(json.loads(text) if text[:1] == "{" else {"msg": text})


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generated project of user-onboarding."""
    need("go")
    folder = tmp_path_factory.mktemp("project") / "go"
    workflow = EXAMPLES / "user-onboarding" / "workflow.yaml"
    output = ("--language", "go", "--output", folder)
    magic_flow("generate", "all", "--workflow", workflow, *output)
    return folder


@pytest.fixture(scope="session")
def program(project: Path) -> Path:
    """The executor as `go build` makes it."""
    return build(project, "./cmd/executor", project / "bin" / "executor")


@pytest.fixture(scope="session")
def server(project: Path) -> Path:
    """The server as `go build` makes it."""
    return build(project, "./cmd/server", project / "bin" / "server")


@pytest.fixture(scope="session")
def plan() -> Json:
    found: Json = json.loads(magic_flow("plan", EXAMPLES / "user-onboarding"))
    return found


@pytest.fixture
def start(program: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts an executor in an empty folder; what still runs at the end is killed."""
    started: list[Executor] = []

    def begin(
        *arguments: str, of: Path = program, cwd: Path = tmp_path, **variables: str
    ) -> Executor:
        popen = subprocess.Popen(
            [of, *arguments],
            cwd=cwd,
            env=clean_environment(**variables),
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(Executor(popen))
        return started[-1]

    yield begin
    for each in started:
        if each.popen.poll() is None:
            each.popen.kill()
        each.popen.communicate()
