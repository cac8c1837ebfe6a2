"""The generated service of the demo: its processes, and its generated client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from magicflow_cli.cli.live import RunDisplay
from magicflow_cli.docs.diagrams import draw_run
from magicflow_cli.plan import from_json


class Service:
    """Server and executor, each a process of its own; both end with the block."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._root = root
        self._folder = folder
        self._data = TemporaryDirectory(prefix="magic-flow-demo-")
        self._processes: list[subprocess.Popen[str]] = []
        self.url = ""

    def __enter__(self) -> Self:
        try:
            self.url = self._start_server()
            self._start_executor()
        except BaseException:
            self._stop()
            raise
        sys.path.insert(0, str(self._folder))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def onboard(self, email: str, drawing: Path) -> Any:
        """One run, shown live and drawn. Gives its typed output or its typed error."""
        from magicflow.client import WorkflowFailed
        from workflows.user_onboarding.client import UserOnboardingClient
        from workflows.user_onboarding.types import UserOnboardingInput

        with UserOnboardingClient(self.url) as client:
            started = client.start(
                UserOnboardingInput(email=email, name="Ada Lovelace")
            )
            with RunDisplay(sys.stdout, color=True) as display:
                for event in client.events(started.id):
                    display.take(event.data)
            self._draw(
                client.client.status(started.id), client.steps(started.id), drawing
            )
            try:
                return client.result(started.id)
            except WorkflowFailed as failure:
                return failure

    def _draw(self, ended: Any, steps: list[dict[str, Any]], drawing: Path) -> None:
        file = self._folder / "workflows" / "user_onboarding" / "plan.json"
        plan = from_json(json.loads(file.read_text("utf-8")))
        statuses = [(step["step"], step["status"]) for step in steps]
        drawing.write_text(draw_run(plan, statuses, ended.status), "utf-8")

    def _start_server(self) -> str:
        """Start it on a free port and wait until it says which."""
        server = self._start(
            *("-m", "workflows", "server", "--no-auth", "--port", "0"),
            *("--database", str(Path(self._data.name) / "runs.db")),
        )
        assert server.stderr is not None
        for line in server.stderr:
            message = json.loads(line).get("message", "") if line[:1] == "{" else line
            if message.startswith("listening on "):
                return str(message.removeprefix("listening on ").strip())
        raise SystemExit("the generated server did not start")

    def _start_executor(self) -> None:
        self._start(str(self._root / "examples" / "onboarding_steps.py"))

    def _start(self, *arguments: str) -> subprocess.Popen[str]:
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("MAGICFLOW_")
        }
        environment |= {"PYTHONPATH": str(self._folder), "MAGICFLOW_URL": self.url}
        if not self.url:
            del environment["MAGICFLOW_URL"]
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self._folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if not self.url else subprocess.DEVNULL,
            text=True,
        )
        self._processes.append(process)
        return process

    def _stop(self) -> None:
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            with _killed_at_last(process):
                process.wait(timeout=15)
            if process.stderr is not None:
                process.stderr.close()
        self._data.cleanup()


@contextmanager
def _killed_at_last(process: subprocess.Popen[str]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        process.kill()
        process.wait()
        raise
