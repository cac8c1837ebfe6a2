"""The Dockerfile's steps, carried out in empty trees: there is no Docker engine here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.generated_go.conftest import Executor
from tests.e2e.generated_python.conftest import clean_environment
from tests.runtime.serving import serving

_WORDS = re.compile(r"^([A-Z]+) (.*)$")


class Stage:
    """One stage: a tree and the environment that its steps see."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True)
        self.root = root
        self.folder = root
        self.environment: dict[str, str] = {}
        self.command: list[str] = []

    def place(self, path: str) -> Path:
        return self.root / path[1:] if path[:1] == "/" else self.folder / path


def carry_out(project: Path, dockerfile: Path, at: Path) -> Stage:
    """The last stage. The first one has the toolchain of this machine, the last one
    nothing at all."""
    ignored = (project / ".dockerignore").read_text("utf-8").split()
    stages: dict[str, Stage] = {}
    stage: Stage
    for line in dockerfile.read_text("utf-8").splitlines():
        if not line or line[0] == "#":
            continue
        found = _WORDS.match(line)
        assert found is not None, line
        name, rest = found.groups()
        if name == "FROM":
            image, _, alias = rest.partition(" AS ")
            assert image in ("golang:1.24", "scratch")
            stage = stages[alias] = Stage(at / (alias or "last"))
        elif name == "WORKDIR":
            stage.folder = stage.place(rest)
            stage.folder.mkdir(parents=True)
        elif name == "COPY" and rest.startswith("--from="):
            origin, source, target = rest.removeprefix("--from=").split()
            _copy(stages[origin].place(source), source, stage.place(target))
        elif name == "COPY" and rest == ". .":
            leave_out = shutil.ignore_patterns(*ignored)
            shutil.copytree(project, stage.folder, ignore=leave_out, dirs_exist_ok=True)
        elif name == "COPY":
            source, target = rest.split()
            assert source not in ignored
            _copy(project / source, source, stage.place(target))
        elif name == "RUN":
            environment = clean_environment(GOFLAGS="-p=1 -buildvcs=false")
            subprocess.run(
                ["sh", "-c", rest], cwd=stage.folder, env=environment, check=True
            )
        elif name == "ENV":
            key, _, value = rest.partition("=")
            stage.environment[key] = value
        elif name == "CMD":
            stage.command = json.loads(rest)
        else:
            assert name in ("USER", "EXPOSE"), line
    return stage


def _copy(source: Path, name: str, target: Path) -> None:
    """What the image has and this tree has not is the machine's own."""
    if target.name != Path(name).name:
        target = target / Path(name).name
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    elif source.exists():
        shutil.copy(source, target)
    else:
        assert name.startswith("/etc/ssl/"), name
        target.write_bytes(Path(name).read_bytes() if Path(name).exists() else b"")


def enter(stage: Stage) -> None:
    """For `preexec_fn`: the stage's tree becomes all there is, where the system lets us,
    so that nothing else can be needed."""
    os.chroot(stage.root)
    os.chdir("/" + stage.folder.relative_to(stage.root).as_posix())


def started(stage: Stage, **variables: str) -> Executor:
    program, *arguments = stage.command
    given: dict[str, Any] = {
        "env": {"PATH": os.environ["PATH"], **stage.environment, **variables},
        "stderr": subprocess.PIPE,
        "text": True,
    }
    try:
        popen = subprocess.Popen(
            [program, *arguments], preexec_fn=lambda: enter(stage), **given
        )
    except subprocess.SubprocessError:  # we may not
        command = [stage.place(program), *arguments]
        popen = subprocess.Popen(command, cwd=stage.folder, **given)
    return Executor(popen)


@pytest.mark.skipif(os.name == "nt", reason="the container runs Linux")
def test_the_executors_container_builds_and_works(
    project: Path, plan: dict[str, Any], tmp_path: Path
) -> None:
    stage = carry_out(project, project / "cmd" / "executor" / "Dockerfile", tmp_path)
    # on this machine /health answers on loopback only, and on any port
    assert stage.environment.pop("MAGICFLOW_HEALTH_HOST") == "0.0.0.0"
    assert stage.environment["MAGICFLOW_HEALTH_PORT"] == "8081"
    with serving(plan) as running:
        executor = started(
            stage,
            MAGICFLOW_HEALTH_PORT="0",
            MAGICFLOW_URL=running.url,
            MAGICFLOW_TOKEN=running.token,
        )
        try:
            url = "http://" + str(executor.wait_for("health")["address"])
            executor.wait_for("polling")
            assert httpx.get(f"{url}/health/workflow").json()["missing"] == []
        finally:
            assert executor.stop() == 0


@pytest.mark.skipif(os.name == "nt", reason="the container runs Linux")
def test_the_servers_container_builds_and_works(project: Path, tmp_path: Path) -> None:
    stage = carry_out(project, project / "cmd" / "server" / "Dockerfile", tmp_path)
    assert stage.environment.pop("MAGICFLOW_HOST") == "0.0.0.0"
    assert stage.environment["MAGICFLOW_PORT"] == "8080"
    server = started(stage, MAGICFLOW_PORT="0", MAGICFLOW_TOKENS="a-secret")
    try:
        url = server.wait_for_start("listening on ")
        assert httpx.get(f"{url}/api/v2/workflows").status_code == 401
        headers = {"Authorization": "Bearer a-secret"}
        listed = httpx.get(f"{url}/api/v2/workflows", headers=headers).json()
        assert [each["name"] for each in listed["workflows"]] == ["user-onboarding"]
    finally:
        assert server.stop() == 0
    assert (stage.folder / "data" / "magicflow.db").is_file()
    refused = started(stage, MAGICFLOW_PORT="0")
    assert refused.popen.wait(20) == 2
    refused.stop()
    assert "token" in refused.lines[-1]["msg"]
