"""`magicflow-server`, the program that serves plans from files, as people start it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from magicflow.errors import ConfigError
from magicflow.openapi import describe
from magicflow.settings import read_settings, server_settings

from tests.languages import need
from tests.runtime.plans import three_steps
from tests.runtime.test_settings import USELESS

ROOT = Path(__file__).parents[3]
TOKEN = {"Authorization": "Bearer t"}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need("go")
    binary = tmp_path_factory.mktemp("program") / "magicflow-server"
    subprocess.run(
        ["go", "build", "-trimpath", "-o", str(binary), "./cmd/magicflow-server"],
        cwd=ROOT / "runtime" / "go",
        env={**os.environ, "CGO_ENABLED": "0"},
        check=True,
    )
    return binary


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(three_steps()))
    (tmp_path / "openapi.json").write_text(json.dumps(describe([three_steps()])))
    return file


def environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MAGICFLOW_")}
    return {**kept, "MAGICFLOW_TOKENS": "t", "MAGICFLOW_PORT": "0", **more}


@contextmanager
def running(
    program: Path, plan: Path, *options: str
) -> Iterator[tuple[subprocess.Popen[str], str, list[Any]]]:
    """The process, its address, and the lines of its log so far."""
    process = subprocess.Popen(
        [str(program), *options, str(plan)],
        cwd=plan.parent,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    lines: list[Any] = []
    try:
        while True:
            line = process.stderr.readline()
            assert line, f"it did not come up: {lines}"
            lines.append(json.loads(line))
            if "listening on " in lines[-1]["msg"]:
                break
        yield process, lines[-1]["msg"].removeprefix("listening on "), lines
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_the_binary_is_static(program: Path) -> None:
    # a dynamic program names its interpreter
    assert b"/ld-linux" not in program.read_bytes()[:4096]


def test_it_serves_plans_from_files(program: Path, plan: Path) -> None:
    (plan.parent / "config").mkdir()
    (plan.parent / "config" / "server.yaml").write_text(
        "storage: {embedded: {path: data/runs.db}}\nworkflows: {value_bytes: 2048}\n"
    )
    with running(program, plan, "--openapi", "openapi.json") as (process, url, lines):
        assert any("`workflows` has no effect yet" in line["msg"] for line in lines)
        assert httpx.get(f"{url}/health").json() == {"status": "ok"}
        start = f"{url}/api/v2/workflows/three/execute"
        body = {"input": {"n": 1}}
        assert httpx.post(start, json=body).status_code == 401
        started = httpx.post(start, json=body, headers=TOKEN)
        assert started.status_code == 202
        document = httpx.get(f"{url}/openapi.json", headers=TOKEN).json()
        assert document == describe([three_steps()])
        second = subprocess.run(
            [str(program), str(plan)],
            cwd=plan.parent,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert second.returncode == 2
        (line,) = second.stderr.splitlines()[-1:]
        assert line.startswith("error: data/runs.db: ")
        assert str(process.pid) in line
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert (plan.parent / "data" / "runs.db").exists()


@pytest.mark.parametrize(("text", "message"), USELESS)
def test_a_file_that_the_python_server_cannot_use(
    program: Path, plan: Path, text: str, message: str
) -> None:
    """The same words as Python's, in one line, behind the file's name."""
    (plan.parent / "config").mkdir()
    file = plan.parent / "config" / "server.yaml"
    file.write_text(text)
    done = subprocess.run(
        [str(program), str(plan)],
        cwd=plan.parent,
        env=environment(MAGICFLOW_TOKENS=""),
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()[-1:]
    assert re.search(f"error: .*{message}", line, re.IGNORECASE), line
    with pytest.raises(ConfigError) as told:
        server_settings(read_settings(file), {})
    if "YAML" not in message and "/none" not in message:
        # the words of a parser and of the system are their own
        name = "config/server.yaml"
        assert line.replace(f"{name}: ", "") == f"error: {told.value}".replace(
            str(file), name
        )


@pytest.mark.parametrize(
    ("arguments", "more", "told"),
    [
        ([], {}, "no plan.json is given"),
        (["nowhere.json"], {}, "nowhere.json"),
        (["plan.json"], {"MAGICFLOW_TOKENS": ""}, "no token is configured"),
        (["--no-auth", "--host", "0.0.0.0", "plan.json"], {}, "loopback only"),
        (["--config", "none.yaml", "plan.json"], {}, "none.yaml"),
        (["openapi.json"], {}, "plan"),
        (["plan.json"], {"MAGICFLOW_TRACES": "on"}, "traces"),
        (["plan.json"], {"MAGICFLOW_LEASE": "soon"}, "MAGICFLOW_LEASE"),
        (["plan.json"], {"MAGICFLOW_LEASE": "1ms"}, "at least 10ms"),
        (["plan.json"], {"MAGICFLOW_FAULT": "nowhere"}, "MAGICFLOW_FAULT"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    program: Path, plan: Path, arguments: list[str], more: dict[str, str], told: str
) -> None:
    done = subprocess.run(
        [str(program), *arguments],
        cwd=plan.parent,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert told in line
