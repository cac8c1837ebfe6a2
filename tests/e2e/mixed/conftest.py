"""Go programs made of generated packages, built once, and the same workflows as plans;
all with times that a test can wait for."""

from __future__ import annotations

import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.mixed import rule_cases
from tests.e2e.mixed.projects import Project, go_project, python_project
from tests.e2e.mixed.rule_cases import read_rules
from tests.languages import build, need

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ("user-onboarding", "payment-processing")
KITCHEN = ROOT / "tests" / "golden" / "generate-python" / "kitchen-sink" / "source"
INVOICE = """\
workflow: {name: invoice, version: 1.0.0}
steps:
  - {name: number, type: transform, output: {number: i-1}}
"""
TRIP = """\
workflow: {name: trip, version: 1.0.0}
steps:
  - {name: book, executor: travel, function: bookRoom, compensation: {function: undoBooking}}
  - {name: pay, executor: travel, function: payRoom}
"""
COMMAND = [sys.executable, "-c", "from magicflow_cli.cli.main import main; main()"]
STEP_TIMEOUT = "3s"
RUN_OUT = ("create-account", "send-welcome-email", "confirm-order", "2fa-code")
"""The steps whose time runs out in some case; the others have plenty."""


def magic_flow(*arguments: str | Path) -> str:
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


EVENTS: list[dict[str, Any]] = []
"""The CloudEvents that were sent to the world outside."""


class Answers(http.server.BaseHTTPRequestHandler):
    """What http steps call, which want the secret, and where CloudEvents go."""

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(size)
        if self.path == "/events":
            EVENTS.append(json.loads(content))
        secret = self.headers["Authorization"] == "Bearer top-secret"
        allowed = self.path == "/events" or secret
        body = json.dumps({"path": self.path}).encode()
        self.send_response_only(200 if allowed else 403)  # no date: answers are equal
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


@pytest.fixture(scope="session")
def world() -> Iterator[str]:
    """`host:port` of the HTTP server that stands for the world outside."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    before = os.environ.get("API_KEY")
    os.environ["API_KEY"] = "top-secret"
    yield f"127.0.0.1:{server.server_port}"
    if before is None:
        del os.environ["API_KEY"]
    else:
        os.environ["API_KEY"] = before
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def workflows(tmp_path_factory: pytest.TempPathFactory, world: str) -> list[Path]:
    """Folders of workflows: the examples, a kitchen sink with every kind of node and
    names that hurt with the one that it calls, and one that undoes what it did."""
    folder = tmp_path_factory.mktemp("workflows")
    for name in EXAMPLES:
        (folder / name).mkdir()
        for file in ("workflow.yaml", "context.yaml"):
            text = (ROOT / "examples" / name / file).read_text("utf-8")
            (folder / name / file).write_text(shorten(text), "utf-8")
    shutil.copytree(KITCHEN, folder / "kitchen-sink")
    path = folder / "kitchen-sink" / "workflow.yaml"
    text = path.read_text("utf-8").replace("https://api.example.com", f"http://{world}")
    text = text.replace("duration: 5m", "duration: 20ms")
    text = text.replace(", backoff: exponential", ", initial_delay: 5ms")
    path.write_text(shorten(text), "utf-8")
    (folder / "invoice").mkdir()
    (folder / "invoice" / "workflow.yaml").write_text(INVOICE)
    (folder / "trip").mkdir()
    (folder / "trip" / "workflow.yaml").write_text(TRIP)
    found = sorted(folder.iterdir())
    copy_rules(folder / "rules", world)
    return found


def copy_rules(folder: Path, world: str) -> None:
    """The workflows of `rules/`, and those again that a second client has to itself."""
    folder.mkdir()
    own = [rule.workflow for rule in read_rules().values() if rule.own]
    for file in rule_cases.FOLDER.glob("*.yaml"):
        if file.name.endswith(".scenario.yaml"):
            continue
        text = file.read_text("utf-8").replace("http://WORLD", f"http://{world}")
        documents = text.split("\n---\n")
        for document in list(documents):
            for name in own:
                if f"{{name: {name}," in document:
                    again = document.replace(name, f"{name}{rule_cases.AGAIN}")
                    executor = f"executor: circuits{rule_cases.AGAIN}"
                    documents.append(again.replace("executor: circuits", executor))
        (folder / file.name).write_text("\n---\n".join(documents), "utf-8")


@pytest.fixture(scope="session")
def plans(workflows: list[Path]) -> list[dict[str, Any]]:
    return [json.loads(magic_flow("plan", folder)) for folder in workflows]


@pytest.fixture(scope="session")
def projects(
    workflows: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Project]:
    """The generated projects of all of them by language, built."""
    need("go")
    folder = tmp_path_factory.mktemp("mixed")
    made = {}
    for language, build_project in (("python", python_project), ("go", go_project)):
        for target in ("server", "executor", "client"):
            options = ("--language", language, "--output", folder / language)
            magic_flow("generate", target, workflows[0].parent, *options)
        made[language] = build_project(folder / language)
    return made


@pytest.fixture(scope="session")
def project(projects: dict[str, Project]) -> Path:
    """The Go project of all of them, with the programs `server` and `scripted`."""
    return projects["go"].folder


@pytest.fixture(scope="session")
def scripted(project: Path) -> Path:
    """The program `scripted`."""
    return project / "bin" / "scripted"


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The programs of examples/go, in a project of their own."""
    need("go")
    project = tmp_path_factory.mktemp("examples") / "go"
    workflow = ROOT / "examples" / "user-onboarding" / "workflow.yaml"
    options = ("--language", "go", "--output", project)
    magic_flow("generate", "all", "--workflow", workflow, *options)
    made: dict[str, Path] = {}
    for name in ("executor", "trigger"):
        package = f"example-{name}"
        shutil.copytree(ROOT / "examples" / "go" / name, project / "cmd" / package)
        made[name] = build(project, f"./cmd/{package}", project / package)
    return made


def shorten(text: str) -> str:
    """Short timeouts of steps where cases need them, delays of retries some
    milliseconds."""
    text = re.sub(r"timeout: (?:30s|15s|10s|1m|5m)", "timeout: 60s", text)
    for name in RUN_OUT:
        text = re.sub(
            rf"(- name: \"?{name}\b\"?(?:(?!- name: ).)*?timeout: )60s",
            rf"\g<1>{STEP_TIMEOUT}",
            text,
            flags=re.DOTALL,
        )
    text = text.replace("initial_delay: 1s", "initial_delay: 5ms")
    return re.sub(
        r"^( +)backoff: exponential",
        r"\g<1>backoff: exponential\n\g<1>initial_delay: 5ms",
        text,
        flags=re.MULTILINE,
    )
