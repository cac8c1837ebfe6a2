"""`make demo LANGUAGE=go`: the same workflow, its functions and its client in Go."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
COMMAND = Path(sys.executable).with_name("magic-flow")
WORKFLOW = ROOT / "examples" / "user-onboarding"
GENERATED = ROOT / "generated" / "user-onboarding-go"


def main() -> int:
    if shutil.which("go") is None:
        print("Go is not installed: https://go.dev/doc/install", file=sys.stderr)
        return 2
    step("Generated: a Go module")
    shutil.rmtree(GENERATED, ignore_errors=True)
    run(
        COMMAND,
        "generate",
        "all",
        "--workflow",
        WORKFLOW / "workflow.yaml",
        "--language",
        "go",
        "--output",
        GENERATED,
    )
    for name in ("executor", "trigger"):
        target = GENERATED / "cmd" / f"example-{name}"
        shutil.copytree(ROOT / "examples" / "go" / name, target, dirs_exist_ok=True)
    step("Its tests")
    run("go", "test", "./...", cwd=GENERATED)
    run("go", "build", "-o", "bin/", "./cmd/...", cwd=GENERATED)
    with ExitStack() as stack:
        data = stack.enter_context(TemporaryDirectory(prefix="magic-flow-demo-"))
        url = serve(stack, Path(data))
        step(f"Started: {url}, and its functions in Go beside it")
        environment = {**os.environ, "MAGICFLOW_URL": url}
        start(stack, GENERATED / "bin" / "example-executor", environment=environment)
        step("A run, started by the Go client")
        run(GENERATED / "bin" / "example-trigger", environment=environment)
        print(json.dumps(outcome(url), indent=2))
    return 0


def step(text: str) -> None:
    print(f"\n── {text}", flush=True)


def run(
    *command: str | Path, cwd: Path = ROOT, environment: dict[str, str] | None = None
) -> None:
    print("$", *(str(each).replace(f"{ROOT}/", "") for each in command), flush=True)
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{done.stderr}\n{command[0]} ended with {done.returncode}")


def start(
    stack: ExitStack, *command: str | Path, environment: dict[str, str]
) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, text=True
    )
    stack.callback(process.wait, timeout=20)
    stack.callback(process.terminate)
    return process


def serve(stack: ExitStack, data: Path) -> str:
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith("MAGICFLOW_")
    }
    options = ("--no-auth", "--port", "0", "--database", data / "runs.db")
    server = start(stack, COMMAND, "start", WORKFLOW, *options, environment=environment)
    assert server.stderr is not None
    for line in server.stderr:
        found = line.partition("http://")[2]
        if found and "listening" in line:
            return "http://" + found.split('"')[0].split()[0].rstrip("/")
    raise SystemExit("the server did not start")


def outcome(url: str) -> Any:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with urllib.request.urlopen(f"{url}/api/v2/executions?limit=1") as answer:
            (latest,) = json.load(answer)["executions"]
        if latest["status"] in ("completed", "failed"):
            with urllib.request.urlopen(
                f"{url}/api/v2/executions/{latest['execution_id']}"
            ) as answer:
                ended = json.load(answer)
            return {
                name: ended[name] for name in ("status", "input", "output", "error")
            }
        time.sleep(0.1)
    raise SystemExit("the run did not end")


if __name__ == "__main__":
    sys.exit(main())
