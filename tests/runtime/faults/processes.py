"""Servers under test, as processes: all that the harness knows of one is its command
line, its HTTP API and its database file. The contract of a server's command:

    COMMAND --database FILE --plans FILE --effects FILE [--port N] [--remote]
            [--lease MS] [--clock FILE] [--unknown-commit N]

| Option | Meaning |
|---|---|
| `--plans` | JSON list of plans, deployed at the start |
| `--effects` | where the functions of executor `svc` (`handlers.py`) write their effects |
| `--remote` | `svc` is polled for by workers instead of running in process |
| `--lease` | milliseconds |
| `--clock` | file with milliseconds that are added to the wall clock; looked at every 20 ms, and a moved clock is noticed within 200 ms |
| `--unknown-commit` | the N-th commit takes hold and then reports a timeout |

It listens on 127.0.0.1 without authorization, prints its address as first line when it
answers, drains on SIGTERM and ends with 0. `MAGICFLOW_FAULT=<label>[:n]` makes it kill
itself (SIGKILL) when it passes a label of docs/durability.md for the n-th time.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import cycle
from pathlib import Path

import httpx

from tests.runtime.faults.workflows import plans

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
LABELS = ("before_write", "before_acknowledge", "before_dispatch", "before_record")
_BUILT = tempfile.TemporaryDirectory(prefix="magicflow-")
"""Goes with this process."""


SERVERS = ("python", "go")


def languages() -> list[str]:
    """Whose servers can be tested here."""
    return [each for each in SERVERS if each == "python" or shutil.which(each)]


@cache
def command_of(language: str) -> tuple[str, ...]:
    """The command line that starts a language's server."""
    if language == "python":
        return (sys.executable, str(HERE / "python_server.py"))
    assert language == "go", language
    binary = Path(_BUILT.name) / "faultserver"
    build = ["go", "build", "-o", str(binary), "./cmd/faultserver"]
    subprocess.run(build, cwd=ROOT / "runtime" / "go", check=True)
    return (str(binary),)


class Process:
    """A program that says in one line that it is up. `tracer` is put before it."""

    def __init__(
        self,
        command: Sequence[str],
        environment: dict[str, str] | None = None,
        tracer: Sequence[str] = (),
    ) -> None:
        inherited = {k: v for k, v in os.environ.items() if not k.endswith("_FAULT")}
        # a file: a pipe that nobody reads would be full one day, and stop the program
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            [*tracer, *command],
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**inherited, **(environment or {})},
        )
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], 60)
        self.first_line = (
            self.process.stdout.readline().decode().strip() if ready else ""
        )
        if not self.first_line:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(1)
            self.process.kill()
            self.process.wait()
            self._close()
            raise DidNotStart(
                self.errors.decode(errors="replace"),
                killed=self.process.returncode == -9,
            )

    errors = b""
    """What it wrote to its log, once it has ended."""

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def limit_files(self, size: int | None) -> None:
        """No file of the process grows beyond `size` bytes: to it, the disk is full.
        None: the disk has been freed."""
        _, hard = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
        soft = hard if size is None else size
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (soft, hard))

    def end(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end; gives its status."""
        self.process.send_signal(number)
        status = self.process.wait(30)
        self._close()
        return status

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._close()

    def _close(self) -> None:
        if self.process.stdout is not None:
            self.process.stdout.close()
        if not self._log.closed:
            self._log.seek(0)
            self.errors = self._log.read()
            self._log.close()


class DidNotStart(AssertionError):
    """A program ended, or said nothing, instead of coming up; carries its errors.
    `killed`: by SIGKILL, as at a labelled point that it passes while it starts."""

    def __init__(self, errors: str, killed: bool) -> None:
        super().__init__(errors)
        self.killed = killed


class Lacking(Exception):
    """A fault cannot be brought about on this machine; says what is missing."""


class Place:
    """Where servers live one after the other: their files and their address. With
    several languages each server is of the next one."""

    def __init__(self, folder: Path, language: str = "python", *others: str) -> None:
        self.language = language
        self._turns = cycle((language, *others))
        self.folder = folder
        self.database = folder / "runs.db"
        self.effects = folder / "effects"
        self.clock = folder / "clock"
        self.plans = folder / "plans.json"
        self.plans.write_text(json.dumps(plans()))
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def server(
        self, *options: str, fault: str | None = None, tracer: Sequence[str] = ()
    ) -> Iterator[Process]:
        """A server on this place's files; killed at the end."""
        server = self.start(*options, fault=fault, tracer=tracer)
        try:
            yield server
        finally:
            server.kill()

    def start(
        self, *options: str, fault: str | None = None, tracer: Sequence[str] = ()
    ) -> Process:
        files = ["--database", str(self.database), "--plans", str(self.plans)]
        files += ["--effects", str(self.effects), "--port", str(self.port)]
        if self.clock.exists():
            files += ["--clock", str(self.clock)]
        environment = {} if fault is None else {"MAGICFLOW_FAULT": fault}
        command = [*command_of(next(self._turns)), *files, *options]
        return Process(command, environment, tracer)

    @contextlib.contextmanager
    def worker(self, fault: str | None = None) -> Iterator[Process]:
        """A worker for `svc`; killed at the end."""
        environment = {} if fault is None else {"WORKER_FAULT": fault}
        command = [sys.executable, str(HERE / "worker.py"), self.url, str(self.effects)]
        worker = Process(command, environment)
        try:
            yield worker
        finally:
            worker.kill()

    def move_clock(self, milliseconds: int) -> None:
        """From real time, for servers that were started after the first call."""
        new = self.clock.with_suffix(".new")
        new.write_text(str(milliseconds))
        new.replace(self.clock)

    def metric(self, name: str) -> float:
        """A metric's sum over its labels."""
        lines = httpx.get(f"{self.url}/metrics", timeout=10).text.splitlines()
        found = [line for line in lines if line.split("{")[0].split(" ")[0] == name]
        return sum(float(line.rsplit(" ", 1)[1]) for line in found)


def free_port() -> int:
    """Below the ports that the system gives to connections: a server that is started
    again on it finds it free."""
    while True:
        port = random.randrange(10_000, 30_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
