"""A Go program made of generated packages, built once, and plans with short times."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.languages import build, need

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ("user-onboarding", "payment-processing")
COMMAND = [sys.executable, "-c", "from magicflow_cli.cli.main import main; main()"]


def magic_flow(*arguments: str | Path) -> str:
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program `scripted` in a project with both examples."""
    need("go")
    project = tmp_path_factory.mktemp("mixed") / "go"
    for name in EXAMPLES:
        workflow = ROOT / "examples" / name / "workflow.yaml"
        output = ("--language", "go", "--output", project)
        magic_flow("generate", "all", "--workflow", workflow, *output)
    place = project / "cmd" / "scripted"
    place.mkdir()
    shutil.copy(Path(__file__).parent / "program" / "main.go", place / "main.go")
    return build(project, "./cmd/scripted", project / "scripted")


@pytest.fixture(scope="session")
def plans(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The examples, with times that a test can wait for."""
    folder = tmp_path_factory.mktemp("plans")
    found: list[dict[str, Any]] = []
    for name in EXAMPLES:
        place = folder / name
        shutil.copytree(ROOT / "examples" / name, place)
        path = place / "workflow.yaml"
        path.write_text(shorten(path.read_text(encoding="utf-8")), encoding="utf-8")
        found.append(json.loads(magic_flow("plan", place)))
    return found


def shorten(text: str) -> str:
    """Timeouts of steps 500 ms, delays of retries some milliseconds."""
    text = re.sub(r"timeout: (?:30s|15s|1m|5m)", "timeout: 500ms", text)
    text = text.replace("initial_delay: 1s", "initial_delay: 5ms")
    return text.replace(
        "backoff: exponential", "backoff: exponential\n    initial_delay: 5ms"
    )
