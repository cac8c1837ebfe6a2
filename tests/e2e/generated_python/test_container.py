"""The Dockerfile's steps, carried out in an empty tree: there is no Docker engine here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.generated_python.conftest import (
    Process,
    clean_environment,
    make_environment,
)

_WORDS = re.compile(r"^([A-Z]+) (.*)$")


def instructions(project: Path) -> list[tuple[str, str]]:
    lines = (project / "Dockerfile").read_text("utf-8").splitlines()
    found = [_WORDS.match(line) for line in lines if line and line[0] != "#"]
    assert all(found), lines
    return [(match[1], match[2]) for match in found if match is not None]


@pytest.mark.skipif(os.name == "nt", reason="the container runs Linux")
def test_the_container_builds_and_serves(project: Path, tmp_path: Path) -> None:
    tree = tmp_path / "app"
    python = make_environment(tmp_path / "venv")
    environment = clean_environment(
        PATH=f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        PIP_NO_INDEX="1",
        PIP_NO_BUILD_ISOLATION="false",
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        PIP_QUIET="1",
    )
    ignored = shutil.ignore_patterns(
        *(project / ".dockerignore").read_text("utf-8").replace("**/", "").split()
    )
    done = []
    command: list[str] = []
    for name, rest in instructions(project):
        done.append(name)
        if name == "WORKDIR":
            assert rest == "/app"
        elif name == "COPY":
            assert rest == ". ."
            shutil.copytree(project, tree, ignore=ignored)
        elif name == "RUN":
            subprocess.run(["sh", "-c", rest], cwd=tree, env=environment, check=True)
        elif name == "ENV":
            key, _, value = rest.partition("=")
            environment[key] = value
        elif name == "CMD":
            command = json.loads(rest)
        else:
            assert name in ("FROM", "USER", "EXPOSE")
    assert done[0] == "FROM" and done[-1] == "CMD"
    assert not (tree / ".magicflow").exists()
    # on this machine a server listens on loopback only, and on any port
    environment |= {
        "MAGICFLOW_HOST": "127.0.0.1",
        "MAGICFLOW_PORT": "0",
        "MAGICFLOW_TOKENS": "a-secret",
    }
    process = Process(
        subprocess.Popen(
            command,
            cwd=tree,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
    )
    try:
        assert process.wait_for("listening on ").startswith("http://127.0.0.1:")
    finally:
        assert process.stop() == 0
    assert (tree / "data" / "magicflow.db").is_file()


def test_the_container_refuses_to_serve_without_tokens(
    project: Path, python: Path, tmp_path: Path
) -> None:
    environment = dict(
        rest.partition("=")[::2]
        for name, rest in instructions(project)
        if name == "ENV"
    )
    done = subprocess.run(
        [python, "-m", "workflows", "server"],
        cwd=tmp_path,
        env=clean_environment(**environment),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 2
    assert "no token is configured" in done.stderr
