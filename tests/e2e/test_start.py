"""`magic-flow start`: every workflow of a folder on one SQLite file."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.places import EXAMPLES, Run

WORKFLOW = """\
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: {{name: {name}, version: 1.0.0}}
spec:
  timeout: 1m
  executor: {executor}
  steps:
    - {{name: work, function: work, input: {{}}, output: {{got: $.response.got}}}}
"""
Started = tuple[subprocess.Popen[str], str]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are of POSIX")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    workflows = tmp_path / "workflows"
    workflows.mkdir()
    for name in ("orders", "invoices"):
        text = WORKFLOW.format(name=name, executor="shop")
        (workflows / f"{name}.yaml").write_text(text)
    return workflows


@pytest.fixture
def start(command: Path, tmp_path: Path) -> Iterator[Callable[..., Started]]:
    """Starts it on a free port; gives the process and the address."""
    processes: list[subprocess.Popen[str]] = []

    def begin(*arguments: str | Path) -> Started:
        process = subprocess.Popen(
            [command, "start", *arguments, "--port", "0", "--no-auth"],
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        processes.append(process)
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("serving "):
                return process, line.split(" on ")[1].strip()
        raise AssertionError("it did not start")

    yield begin
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


def execute(url: str, workflow: str) -> dict[str, object]:
    answer = httpx.post(
        f"{url}/api/v2/workflows/{workflow}/execute?wait=20s",
        json={"input": {}},
        timeout=30,
    )
    found: dict[str, object] = answer.json()
    return found


def test_every_workflow_is_served(
    folder: Path, start: Callable[..., Started], tmp_path: Path
) -> None:
    process, url = start(folder, "--examples")
    listed = httpx.get(f"{url}/api/v2/workflows").json()["workflows"]
    assert sorted(each["name"] for each in listed) == ["invoices", "orders"]
    assert execute(url, "orders")["status"] == "completed"
    assert execute(url, "invoices")["status"] == "completed"
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0
    assert (tmp_path / "magicflow.db").is_file()


def test_functions_of_one_workflow_of_several(
    folder: Path, start: Callable[..., Started], tmp_path: Path
) -> None:
    """The others' tasks are for executors of other processes."""
    text = WORKFLOW.format(name="parcels", executor="depot").replace("work,", "ship,")
    (folder / "parcels.yaml").write_text(text.replace("function: work", "function: go"))
    handlers = tmp_path / "steps.py"
    handlers.write_text(
        "print('imported')\nCALLS = []\n"
        "def work(input):\n    CALLS.append(1)\n    return {'got': len(CALLS)}\n"
    )
    process, url = start(folder, "--handlers", handlers)
    assert execute(url, "orders")["output"] == {"got": 1}
    assert execute(url, "invoices")["output"] == {"got": 2}, "the module is one"
    waiting = httpx.post(f"{url}/api/v2/workflows/parcels/execute", json={"input": {}})
    run = f"{url}{waiting.headers['location']}"
    assert httpx.get(run).json()["status"] == "running"
    process.terminate()
    assert process.wait(timeout=20) == 0
    process, url = start(folder, "--handlers", handlers, "--examples")
    assert httpx.get(f"{url}{waiting.headers['location']}?wait=20s").json()[
        "status"
    ] == ("completed")
    process.terminate()
    assert process.wait(timeout=20) == 0


def test_runs_are_there_after_a_restart(
    folder: Path, start: Callable[..., Started], tmp_path: Path
) -> None:
    handlers = tmp_path / "steps.py"
    handlers.write_text("def work(input): return {'got': 'it'}\n")
    process, url = start(folder, "--handlers", handlers, "--database", "data/runs.db")
    run = execute(url, "orders")
    process.kill()
    process.wait()
    process, url = start(folder, "--handlers", handlers, "--database", "data/runs.db")
    again = httpx.get(f"{url}/api/v2/executions/{run['execution_id']}").json()
    assert again["status"] == "completed"
    process.terminate()
    assert process.wait(timeout=20) == 0


def test_a_second_interrupt_ends_it_at_once(
    folder: Path, start: Callable[..., Started], tmp_path: Path
) -> None:
    handlers = tmp_path / "steps.py"
    handlers.write_text("import time\ndef work(input): time.sleep(60)\n")
    process, url = start(folder, "--handlers", handlers)
    answer = httpx.post(f"{url}/api/v2/workflows/orders/execute", json={"input": {}})
    assert answer.status_code == 202
    process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=1)  # it lets the step come to an end
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=5) != 0


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        ([], 2, "MF0014 error: no token is configured"),
        (["--no-auth", "--host", "0.0.0.0"], 2, "on loopback only"),
        (["--no-auth", "--port", "99999"], 2, "is not within 0–65535"),
        (["--no-auth", "--config", "none.yaml"], 2, "there is no file none.yaml"),
        (["--no-auth", "--config", "broken.yaml"], 2, "is no YAML"),
        (["--no-auth", "--config", "redis.yaml"], 2, "`storage.backend: redis`"),
        (["--no-auth", "--database", "/proc/none/x.db"], 2, "MF0014"),
        (["--no-auth", "--handlers", "none.py"], 2, "MF0102"),
        (["--port", "x"], 2, "MF0001"),
    ],
)
def test_what_cannot_start_says_why(
    magic_flow: Run,
    folder: Path,
    tmp_path: Path,
    arguments: list[str],
    code: int,
    expected: str,
) -> None:
    (tmp_path / "broken.yaml").write_text("a: [\n")
    (tmp_path / "redis.yaml").write_text("storage: {backend: redis}\n")
    done = magic_flow("start", folder, *arguments)
    assert done.returncode == code, done.stderr
    assert expected in done.stderr


def test_a_port_that_is_taken(magic_flow: Run, folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = magic_flow("start", folder, "--no-auth", "--port", port)
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr


def test_a_database_that_another_server_uses(
    magic_flow: Run, folder: Path, start: Callable[..., Started]
) -> None:
    process, _ = start(folder)
    done = magic_flow("start", folder, "--no-auth", "--port", "0")
    assert done.returncode == 2
    assert "MF0014 error" in done.stderr
    process.terminate()
    assert process.wait(timeout=20) == 0


def test_an_executor_that_lacks_a_function(magic_flow: Run, tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text("def validate_user(input): return {}\n")
    done = magic_flow(
        *("start", EXAMPLES / "user-onboarding", "--no-auth"),
        *("--handlers", "steps.py"),
    )
    assert done.returncode == 2
    assert "the executor `user-service` has no function for" in done.stderr


def test_mistakes_are_told(magic_flow: Run) -> None:
    done = magic_flow(
        "start", EXAMPLES / "mistakes" / "misspelt-step.yaml", "--no-auth"
    )
    assert done.returncode == 1
    assert "MF1001 error" in done.stderr
