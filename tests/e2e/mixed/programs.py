"""Processes of the program `scripted`, and functions in Python that do the same."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from magicflow.worker import TaskContext, WorkflowError

Script = dict[str, list[dict[str, Any]]]
Json = dict[str, Any]


def environment(url: str, token: str, script: Path, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "MAGICFLOW_URL": url,
        "MAGICFLOW_TOKEN": token,
        "SCRIPT": str(script),
        **more,
    }


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
    """The Go client: executes workflows and tells what became of them."""

    def __init__(self, program: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [program, "drive"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def execute(self, workflow: str, input: Any) -> Json:
        assert self._process.stdin is not None and self._process.stdout is not None
        request = {"workflow": workflow, "input": input}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        ended: Json = json.loads(self._process.stdout.readline())
        return ended

    def close(self) -> None:
        self._process.communicate(timeout=20)
        assert self._process.returncode == 0


def python_executors(plans: list[Json], script: Path) -> dict[str, dict[str, Any]]:
    """The functions of all steps by executor and step, playing the script."""

    def player(step: str) -> Any:
        async def play(context: TaskContext, input: Any) -> Any:
            acts = json.loads(script.read_text(encoding="utf-8"))[step]
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
            for step in function["steps"]:
                found.setdefault(function["executor"], {})[step] = player(step)
    return found
