"""Peers as services under load. Their settings stand in docs/benchmarks.md."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.bench.installing import Missing, dbos_python, restate_folder
from tests.bench.load import ROOT, Service, running

HERE = Path(__file__).parent
BODY = json.dumps({"n": 1})
PATIENCE = 60.0
"""Seconds until a peer answers."""


@contextlib.contextmanager
def dbos(base: Path) -> Iterator[Service]:
    """DBOS on SQLite behind FastAPI, one process of the Python `base`. Raises
    Missing."""
    python = dbos_python(base)
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=".bench-") as folder:
        data = Path(folder)
        url = f"http://127.0.0.1:{(port := free_port())}/three"
        command = [str(python), str(HERE / "dbos_server.py"), str(port)]
        with running([*command, str(data / "dbos.sqlite")], data / "log") as server:
            ask(url, BODY, data / "log")
            yield Service(url, BODY, [server.pid], data)


@contextlib.contextmanager
def restate() -> Iterator[Service]:
    """Restate's server, and the steps in a worker of another process. Raises Missing."""
    folder = restate_folder()
    # a module is looked up from where the program stands
    service = folder / "service.mjs"
    service.write_text((HERE / "restate_service.mjs").read_text())
    ports = [free_port() for _ in range(4)]
    ingress, admin, fabric, worker = (f"127.0.0.1:{port}" for port in ports)
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=".bench-") as scratch:
        data, log = Path(scratch) / "data", Path(scratch) / "log"
        environment = {
            **os.environ,
            "RESTATE_DISABLE_TELEMETRY": "true",
            "RESTATE_INGRESS__BIND_ADDRESS": ingress,
            "RESTATE_ADMIN__BIND_ADDRESS": admin,
            "RESTATE_BIND_ADDRESS": fabric,
            "RESTATE_ADVERTISED_ADDRESS": f"http://{fabric}",
            "RUST_LOG": "error",
            # of the SDK: else it writes two lines for each invocation
            "RESTATE_LOGGING": "ERROR",
            "NODE_ENV": "production",
        }
        binary = str(folder / "node_modules" / ".bin" / "restate-server")
        options = ["--no-logo", "--listen-mode", "tcp", "--node-name", "bench"]
        server_command = [binary, *options, "--base-dir", str(data)]
        with (
            running(["node", str(service), str(ports[3])], log, env=environment) as sdk,
            running(server_command, log, env=environment) as server,
        ):
            deployment = json.dumps({"uri": f"http://{worker}"})
            ask(f"http://{admin}/deployments", deployment, log)
            url = f"http://{ingress}/three/run"
            ask(url, BODY, log)
            yield Service(url, BODY, [server.pid, sdk.pid], data)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def ask(url: str, body: str, log: Path) -> None:
    """Post until it is answered. Raises Missing when that takes too long."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, body.encode(), headers)
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(request, timeout=10):
                return
        except (OSError, urllib.error.URLError) as error:
            if time.monotonic() > end:
                told = log.read_text(errors="replace")[-500:] if log.exists() else ""
                raise Missing(f"{url} does not answer: {error}\n{told}") from None
        time.sleep(0.2)
