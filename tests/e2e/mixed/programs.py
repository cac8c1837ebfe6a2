"""Processes of the Go programs, and functions in Python that do the same as theirs."""

from __future__ import annotations

import asyncio
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

from magicflow.worker import TaskContext, WorkflowError

from tests.e2e.generated_python.conftest import clean_environment
from tests.runtime.serving import TOKEN, Running, serving

Script = dict[str, list[dict[str, Any]]]
Json = dict[str, Any]


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
def serving_go(
    project: Path, folder: Path, world: str, database: Path | None = None
) -> Iterator[Running]:
    """The generated server; it is asked to stop, and must."""
    log = folder / f"server-{time.monotonic_ns()}.log"
    process = subprocess.Popen(
        [project / "bin" / "server", "--port", "0"],
        cwd=folder,
        env=clean_environment(
            MAGICFLOW_TOKENS=TOKEN,
            MAGICFLOW_DATABASE="" if database is None else str(database),
            MAGICFLOW_EGRESS_ALLOW=world,
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
        for line in log.read_text().splitlines():
            message = str(json.loads(line)["msg"])
            if message.startswith("listening on "):
                return message.removeprefix("listening on ")
        time.sleep(0.02)
    raise AssertionError(log.read_text())


@contextmanager
def serving_in(
    language: str,
    project: Path,
    plans: list[Json],
    folder: Path,
    world: str,
    database: Path | None = None,
) -> Iterator[Running]:
    """A server of a language that serves all workflows."""
    if language == "go":
        with serving_go(project, folder, world, database) as running:
            yield running
        return
    file = None if database is None else str(database)
    with serving(*plans, database=file, egress_allow=(world,)) as running:
        yield running


class Working:
    """A Go worker. `health` is where its health is to be asked for, "" without."""

    def __init__(self, process: subprocess.Popen[str], health: str) -> None:
        self.process = process
        self.health = health


@contextmanager
def working(program: Path, environment: Mapping[str, str]) -> Iterator[Working]:
    """A Go worker; at the end it is asked to stop, and must."""
    process = subprocess.Popen(
        [program, "work"], env=environment, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    health = ""
    try:
        for text in process.stderr:
            line = json.loads(text)
            if line["msg"] == "health":
                health = f"http://{line['address']}"
            if line["msg"] == "polling":
                break
        yield Working(process, health)
    finally:
        if process.poll() is None:
            process.terminate()
            process.send_signal(signal.SIGCONT)
        _, rest = process.communicate(timeout=20)
        print(rest)


class Driver:
    """The typed Go clients: they run workflows, many at once, and tell what became of
    them."""

    def __init__(self, program: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [program, "drive"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._told: dict[str, list[Json]] = {}
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def begin(self, key: str, workflow: str, input: Any, script: Script) -> None:
        """Run a workflow; keys are the caller's."""
        asked = {"key": key, "workflow": workflow, "input": input, "script": script}
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
                lambda: len(self._told.get(key, ())) >= lines, timeout=60
            )
            assert found, (key, self._told.get(key))
            return self._told[key]


def python_executors(plans: list[Json], scripts: Path) -> dict[str, dict[str, Any]]:
    """The functions of all steps by executor and step, playing the script of the run."""

    def player() -> Any:
        async def play(context: TaskContext, input: Any) -> Any:
            file = scripts / f"{context.run_id}.json"
            while not file.exists():
                await asyncio.sleep(0.005)
            acts = json.loads(file.read_text(encoding="utf-8"))[context.step]
            now = acts[min(context.attempt, len(acts)) - 1]
            await asyncio.sleep(now.get("sleep", 0) / 1000)
            if "error" in now:
                error = now["error"]
                raise WorkflowError(
                    error["code"],
                    error.get("message", ""),
                    retryable=error.get("retryable"),
                    details=error.get("details"),
                )
            return now["output"]

        return play

    found: dict[str, dict[str, Any]] = {}
    for plan in plans:
        for function in plan["functions"].values():
            # one that only compensations call goes by its own name
            for key in function["steps"] or [function["function"]]:
                if not function["executor"].startswith("@"):
                    found.setdefault(function["executor"], {})[key] = player()
    return found
