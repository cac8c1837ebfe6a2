"""Driving a service with wrk, and what is told of it: for all benches of servers."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_SCRIPT = """
wrk.method = "POST"
wrk.body = '%s'
wrk.headers["Content-Type"] = "application/json"
done = function(summary, latency, requests)
  io.write(string.format("RESULT %%d %%d %%d %%f %%f %%f\\n",
    summary.requests, summary.duration,
    summary.errors.status + summary.errors.connect + summary.errors.read
      + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000))
end
"""


@dataclass
class Service:
    """A service under load: where it is asked, the processes that it consists of, and
    the files that it keeps its data in."""

    url: str
    body: str
    processes: list[int]
    data: Path


@dataclass
class Measurement:
    """Workflows a second, latencies in milliseconds, MB. `processor` are microseconds of
    user and system time that a workflow took, over all processes of the service."""

    rate: float
    p50: float
    p99: float
    longest: float
    errors: int
    rss: float
    database: float
    processor: float


def require_wrk() -> None:
    if shutil.which("wrk") is None:
        raise SystemExit(
            "bench: `wrk` is missing and drives the load; install it "
            "(`apt-get install -y wrk`) and run this again"
        )


def measure(service: Service, connections: int, seconds: float) -> Measurement:
    """Drive a service that is up, after two seconds to warm up."""
    _drive(service, connections, 2)
    before = sum(map(processor, service.processes))
    requests, micros, errors, p50, p99, longest = _drive(service, connections, seconds)
    used = sum(map(processor, service.processes)) - before
    if not requests:
        raise SystemExit(f"bench: {service.url} answered nothing")
    size = sum(f.stat().st_size for f in service.data.rglob("*") if f.is_file())
    return Measurement(
        rate=requests / (micros / 1e6),
        p50=p50,
        p99=p99,
        longest=longest,
        errors=int(errors),
        rss=sum(map(memory, service.processes)),
        database=size / 2**20,
        processor=used / requests * 1e6,
    )


def _drive(service: Service, connections: int, seconds: float) -> list[float]:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_SCRIPT % service.body)
        script.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{max(int(seconds), 1)}s"]
        done = subprocess.run(
            [*command, "--timeout", "30s", "-s", script.name, service.url],
            capture_output=True,
            text=True,
            check=True,
        )
    found = re.search(r"RESULT (.*)", done.stdout)
    if found is None:
        raise SystemExit(f"wrk said nothing that can be read:\n{done.stdout}")
    return [float(part) for part in found[1].split()]


def memory(pid: int) -> float:
    """RSS in MB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def processor(pid: int) -> float:
    """Seconds of user and system time so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def running(
    command: list[str], log: Path | None = None, **options: object
) -> Iterator[subprocess.Popen[str]]:
    """A process; it is stopped by its own id in the end. Without a `log` its standard
    output is read by the caller."""
    with contextlib.ExitStack() as stack:
        output: object = subprocess.PIPE
        if log is not None:
            output = stack.enter_context(log.open("a"))
            options["stderr"] = subprocess.STDOUT
        process: subprocess.Popen[str] = subprocess.Popen(
            command, stdout=output, text=True, **options  # type: ignore[call-overload]
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
