"""The generated executor: how it is configured, and what can be seen of it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from magicflow.client import Client
from magicflow.observe.traces import Traces, span_id
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.e2e.generated_go.conftest import Executor, Start
from tests.e2e.generated_python.conftest import clean_environment
from tests.languages import build, go
from tests.runtime.serving import Running, serving

TRACE = "ab" * 16
CALLER = f"00-{TRACE}-{'cd' * 8}-01"
INPUT = {"email": "ada@example.org", "name": "Ada"}
ANY_PORT = {"MAGICFLOW_HEALTH_PORT": "0"}


def _configure(folder: Path, text: str) -> None:
    (folder / "config").mkdir()
    (folder / "config" / "executor.yaml").write_text(text, encoding="utf-8")


def _health_of(executor: Executor) -> str:
    """Where the executor says that its health is to be asked for."""
    return "http://" + str(executor.wait_for("health")["address"])


def _run(running: Running) -> str:
    """Start a run in a trace and wait for its end."""
    answer = httpx.post(
        f"{running.url}/api/v2/workflows/user-onboarding/execute",
        headers={**running.headers, "Traceparent": CALLER},
        json={"input": INPUT},
    )
    run = str(answer.json()["execution_id"])
    with Client(running.url, running.token) as client:
        assert client.wait(run, 20).status in ("completed", "failed")
    return run


def test_the_written_configuration_has_no_unknown_key(
    project: Path, start: Start, tmp_path: Path
) -> None:
    shutil.copytree(project / "config", tmp_path / "config")
    executor = start(**ANY_PORT)
    told = executor.wait_for("polling")
    assert told["url"] == "http://127.0.0.1:8080"
    assert executor.stop() == 0
    assert not [line for line in executor.lines if "no effect" in line["msg"]]


def test_the_file_is_read_and_what_it_cannot_mean_is_told(
    start: Start, tmp_path: Path, plan: dict[str, Any]
) -> None:
    with serving(plan) as running:
        _configure(
            tmp_path,
            f"server: {{url: '{running.url}', token: '${{SECRET}}'}}\n"
            "executor: {concurrency: 3}\nhealth: {port: 0}\n"
            "messaging: {redis: {url: x}}\nspeed: {fast: true}\n",
        )
        executor = start(SECRET=running.token)
        executor.wait_for("the setting `messaging.redis` has no effect yet")
        executor.wait_for("the setting `speed` has no effect yet")
        url = _health_of(executor)
        names = executor.wait_for("polling")["executors"]
        _run(running)  # the token of the file opens the server
        capacity = httpx.get(f"{url}/health").json()["capacity"]
        assert capacity == 3 * len(names) > 0
        assert executor.stop() == 0


def test_options_go_before_the_environment_before_the_file(
    start: Start, tmp_path: Path
) -> None:
    _configure(tmp_path, "server: {url: 'http://127.0.0.1:1'}\n")
    executor = start(MAGICFLOW_URL="http://127.0.0.1:2")
    assert executor.wait_for("polling")["url"] == "http://127.0.0.1:2"
    assert executor.stop() == 0
    other = tmp_path / "other.yaml"
    other.write_text("server: {url: 'http://127.0.0.1:3'}\n")
    executor = start("--config", str(other), "--executor", "user-service")
    told = executor.wait_for("polling")
    assert (told["url"], told["executors"]) == ("http://127.0.0.1:3", ["user-service"])
    assert executor.stop() == 0


@pytest.mark.parametrize(
    ("arguments", "variables", "text", "message"),
    [
        ((), {}, "executor: {concurrency: 0}", "at least 1"),
        ((), {}, "server: {token: '${NONE}'}", "the environment has no `NONE`"),
        ((), {"MAGICFLOW_HEALTH_PORT": "x"}, "", "MAGICFLOW_HEALTH_PORT is no number"),
        (("--config", "none.yaml"), {}, "", "none.yaml"),
        (("--executor", "nobody"), {}, "", 'there is no executor "nobody"'),
        (("--no-such",), {}, "", "no-such"),
    ],
)
def test_what_cannot_be_is_one_line_and_exit_code_2(
    program: Path,
    tmp_path: Path,
    arguments: tuple[str, ...],
    variables: dict[str, str],
    text: str,
    message: str,
) -> None:
    _configure(tmp_path, text)
    done = subprocess.run(
        [program, *arguments],
        cwd=tmp_path,
        env=clean_environment(**variables),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert re.fullmatch(rf"error: .*{re.escape(message)}.*\n", done.stderr)
    assert done.stdout == ""


def test_health_metrics_and_logs(start: Start, plan: dict[str, Any]) -> None:
    with serving(plan) as running:
        executor = start(
            MAGICFLOW_URL=running.url, MAGICFLOW_TOKEN=running.token, **ANY_PORT
        )
        url = _health_of(executor)
        names = executor.wait_for("polling")["executors"]
        run = _run(running)
        health = httpx.get(f"{url}/health")
        assert (health.status_code, health.json()["status"]) == (200, "ok")
        logic = httpx.get(f"{url}/health/workflow").json()
        assert logic["steps"]["validate-user"] == {"completed": 1}
        assert logic["missing"] == []
        metrics = httpx.get(f"{url}/metrics").text
        assert (
            'magicflow_worker_tasks_total{step="validate-user",outcome="completed"} 1'
            in metrics
        )
        assert (
            'magicflow_worker_task_seconds_count{step="validate-user"} 1\n' in metrics
        )
        assert f"magicflow_worker_capacity {10 * len(names)}\n" in metrics
        assert executor.stop() == 0
    told = [line for line in executor.lines if line.get("step") == "validate-user"]
    assert [line["run_id"] for line in told] == [run]
    assert [line["trace_id"] for line in told] == [TRACE]
    assert [line["attempt"] for line in told] == [1]


def test_a_wrong_token_is_told_at_once(start: Start, plan: dict[str, Any]) -> None:
    with serving(plan) as running:
        executor = start(MAGICFLOW_URL=running.url, MAGICFLOW_TOKEN="wrong")
        assert executor.popen.wait(20) == 2
        executor.stop()
    assert "the server answered 401" in executor.lines[-1]["msg"]


def test_spans_of_opentelemetry_hang_below_the_attempts(
    project: Path, start: Start, tmp_path: Path, plan: dict[str, Any]
) -> None:
    """As the README says: import the module, give the worker its tracer, tidy up."""
    copy = tmp_path / "copy"
    shutil.copytree(project, copy)
    place = copy / "cmd" / "traced"
    shutil.copytree(copy / "cmd" / "executor", place)
    shutil.copy(Path(__file__).parent / "traced" / "main.go", place / "main.go")
    tidied = go("mod", "tidy", cwd=copy)
    assert tidied.returncode == 0, tidied.stderr
    traced = build(copy, "./cmd/traced", tmp_path / "traced")
    with serving(plan) as running:
        running.server.engine.traces = Traces(
            SimpleSpanProcessor(InMemorySpanExporter())
        )
        executor = start(
            of=traced, MAGICFLOW_URL=running.url, MAGICFLOW_TOKEN=running.token
        )
        executor.wait_for("polling")
        run = _run(running)
        assert executor.stop() == 0
    spans = {line["name"]: line for line in executor.lines if line["msg"] == "span"}
    span = spans["handle validate-user"]
    assert (span["trace"], span["kind"]) == (TRACE, "consumer")
    assert span["parent"] == span_id(run, "validate-user@1")
