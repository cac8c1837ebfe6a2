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
PROGRAM = "executor"


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


def in_tree(stage: Stage) -> list[str]:
    """How a stage's command is run: with its tree as the root where the system lets
    us, so that nothing else can be needed."""
    program, *arguments = stage.command
    closed = ["chroot", str(stage.root), program]
    try:
        probed = subprocess.run([*closed, "--help"], capture_output=True, check=False)
    except OSError:
        probed = None
    if probed is not None and probed.returncode == 0:
        return ["chroot", str(stage.root), program, *arguments]
    return [str(stage.place(program)), *arguments]


@pytest.mark.skipif(os.name == "nt", reason="the container runs Linux")
def test_the_container_builds_and_works(
    project: Path, plan: dict[str, Any], tmp_path: Path
) -> None:
    stage = carry_out(project, project / "cmd" / PROGRAM / "Dockerfile", tmp_path / "t")
    # on this machine /health answers on loopback only, and on any port
    assert stage.environment.pop("MAGICFLOW_HEALTH_HOST") == "0.0.0.0"
    assert stage.environment.pop("MAGICFLOW_HEALTH_PORT") == "8081"
    with serving(plan) as running:
        executor = Executor(
            subprocess.Popen(
                in_tree(stage),
                cwd=stage.folder,
                env={
                    "PATH": os.environ["PATH"],
                    **stage.environment,
                    "MAGICFLOW_HEALTH_PORT": "0",
                    "MAGICFLOW_URL": running.url,
                    "MAGICFLOW_TOKEN": running.token,
                },
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        try:
            url = "http://" + str(executor.wait_for("health")["address"])
            executor.wait_for("polling")
            assert httpx.get(f"{url}/health/workflow").json()["missing"] == []
        finally:
            assert executor.stop() == 0
