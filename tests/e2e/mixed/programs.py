"""Processes of the Go programs, and functions in Python that do the same as theirs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.mixed.projects import Project
from tests.runtime.serving import TOKEN, Running

Script = dict[str, list[dict[str, Any]]]
Json = dict[str, Any]
LONG = 120.0
"""Seconds that a run may take on a busy machine."""
Command = Path | tuple[str | Path, ...]


def _command(program: Command) -> list[str | Path]:
    return [program] if isinstance(program, Path) else list(program)


def environment(url: str, token: str, scripts: Path, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "MAGICFLOW_URL": url,
        "MAGICFLOW_TOKEN": token,
        "SCRIPTS": str(scripts),
        **more,
    }


def write_script(scripts: Path, run: str, script: Script) -> None:
    """What the functions do in a run; they wait for it."""
    file = scripts / f"{run}.json"
    file.with_suffix(".new").write_text(json.dumps(script), encoding="utf-8")
    file.with_suffix(".new").rename(file)


@contextmanager
def serving_project(
    project: Project,
    folder: Path,
    world: str,
    database: Path | None = None,
    **more: str,
) -> Iterator[Running]:
    """The generated server; it is asked to stop, and must. Its log is in `folder`."""
    log = folder / f"server-{time.monotonic_ns()}.log"
    process = subprocess.Popen(
        [*project.server, "--port", "0"],
        cwd=project.folder,
        env=project.environment(
            MAGICFLOW_TOKENS=TOKEN,
            MAGICFLOW_DATABASE=str(database or log.with_suffix(".db")),
            MAGICFLOW_EGRESS_ALLOW=world,
            # workers hear soon that a task was cancelled
            **{"MAGICFLOW_LEASE": "2s", **more},
        ),
        stderr=log.open("wb"),
    )
    try:
        yield Running(None, None, _address(log))
    finally:
        if process.poll() is None:
            process.terminate()
        code = process.wait(30)
    assert code == 0, log.read_text()


def _address(log: Path) -> str:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for text in log.read_text().splitlines():
            line = json.loads(text)
            message = str(line.get("msg") or line.get("message"))
            if message.startswith("listening on "):
                return message.removeprefix("listening on ")
        time.sleep(0.02)
    raise AssertionError(log.read_text())


class Working:
    """A Go worker. `health` is where its health is to be asked for, "" without."""

    def __init__(self, process: subprocess.Popen[str], health: str) -> None:
        self.process = process
        self.health = health


@contextmanager
def working(
    program: Command, environment: Mapping[str, str], cwd: Path | None = None
) -> Iterator[Working]:
    """A worker; at the end it is asked to stop, and must."""
    process = subprocess.Popen(
        [*_command(program), "work"],
        env=environment,
        cwd=cwd,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    health = ""
    try:
        for text in process.stderr:
            line = json.loads(text)
            message = str(line.get("msg") or line.get("message"))
            if message == "health":
                health = f"http://{line['address']}"
            if message.startswith("polling"):
                break
        rest: list[str] = []
        # somebody has to read it, or the worker stands still
        reader = threading.Thread(target=lambda: rest.extend(process.stderr or ()))
        reader.start()
        yield Working(process, health)
    finally:
        if process.poll() is None:
            process.terminate()
            process.send_signal(signal.SIGCONT)
        process.wait(timeout=40)
        reader.join(20)
        print(*rest[-200:], sep="")


class Driver:
    """The typed clients of a language: they run workflows, many at once, and tell what
    became of them."""

    def __init__(
        self,
        program: Command,
        environment: Mapping[str, str],
        cwd: Path | None = None,
    ) -> None:
        self._process = subprocess.Popen(
            [*_command(program), "drive"],
            env=environment,
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._told: dict[str, list[Json]] = {}
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def begin(
        self, key: str, workflow: str, input: Any, script: Script | None, **more: Any
    ) -> None:
        """Run a workflow; keys are the caller's. `more` are `options` of the start and
        `acts`, what is done to the run."""
        asked = {"key": key, "workflow": workflow, "input": input, "script": script}
        asked |= more
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()

    def id_of(self, key: str) -> str:
        """The run's id, once it is started."""
        return str(self._wait(key, 1)[0]["id"])

    def ending_of(self, key: str, lines: int = 2) -> Json:
        """What the client says at the end."""
        return self._wait(key, lines)[-1]

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._reader.join(60)
        assert self._process.wait(20) == 0

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout:
            for text in self._process.stdout:
                line = json.loads(text)
                with self._news:
                    self._told.setdefault(line["key"], []).append(line)
                    self._news.notify_all()

    def _wait(self, key: str, lines: int) -> list[Json]:
        with self._news:
            found = self._news.wait_for(
                lambda: len(self._told.get(key, ())) >= lines, timeout=LONG
            )
            assert found, (key, self._told.get(key))
            return self._told[key]
