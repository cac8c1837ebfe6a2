"""The generated service, its clients and its stubs, as processes that talk over HTTP."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.generated_python.conftest import Process, Start, clean_environment

HERE = Path(__file__).parent
TOKEN = "a-secret"


def use(python: Path, url: str, cwd: Path, token: str = TOKEN) -> dict[str, Any]:
    done = subprocess.run(
        [python, HERE / "use_service.py", url, token],
        cwd=cwd,
        env=clean_environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def server(start: Start, *more: str) -> tuple[Process, str]:
    started = start("server", "--port", "0", *more, MAGICFLOW_TOKENS=TOKEN)
    return started, started.wait_for("listening on ")


def test_server_and_executor_are_processes_of_their_own(
    start: Start, python: Path, tmp_path: Path
) -> None:
    process, url = server(start)
    executor = Process(
        subprocess.Popen(
            [python, HERE / "steps.py"],
            cwd=tmp_path,
            env=clean_environment(MAGICFLOW_URL=url, MAGICFLOW_TOKEN=TOKEN),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
    )
    try:
        executor.wait_for("polling ")
        found = use(python, url, tmp_path)
        assert found["output"]["user_id"] == "user-Ada"
        assert found["same"] == found["published"] == "completed"
        assert found["types"][0] == "run_started"
        assert found["types"][-1] == "run_completed"
        assert found["steps"] == [
            "validate-user",
            "create-account",
            "send-welcome-email",
        ]
        assert found["unknown run"] == ["NotFound", 404]
        assert found["broken input"] == ["InvalidInput", 422]
        assert found["wrong token"] == 401
        assert found["asyncio"] == {
            "results": 5,
            "failure": ["EMAIL_TAKEN", True],
            "cancelled": "cancelled",
        }
    finally:
        assert executor.stop() == 0
    assert process.stop() == 0
    assert (tmp_path / "magicflow.db").is_file()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_stubs_run_in_one_process(
    start: Start, python: Path, tmp_path: Path, number: int
) -> None:
    process = start("all", "--port", "0", MAGICFLOW_TOKENS=TOKEN)
    url = process.wait_for("listening on ")
    script = (
        "import sys\n"
        "from workflows.user_onboarding.client import UserOnboardingClient as Client\n"
        "from workflows.user_onboarding.types import UserOnboardingInput as Input\n"
        "with Client(*sys.argv[1:]) as client:\n"
        "    print(client.execute(Input(email='a@example.com', name='A')).user_id)\n"
    )
    done = subprocess.run(
        [python, "-c", script, url, TOKEN],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout == "string\n"
    assert process.stop(number) == 0
    stub = "step `validate-user` is a stub: it returns an example"
    assert stub in process.messages


def test_a_run_outlives_its_server(start: Start, python: Path, tmp_path: Path) -> None:
    """It is started without an executor, the server is killed, the next one ends it."""
    process, url = server(start)
    script = (
        "import sys\n"
        "from workflows.user_onboarding.client import UserOnboardingClient as Client\n"
        "from workflows.user_onboarding.types import UserOnboardingInput as Input\n"
        "with Client(*sys.argv[1:3]) as client:\n"
        "    if len(sys.argv) == 3:\n"
        "        print(client.start(Input(email='a@example.com', name='A')).id)\n"
        "    else:\n"
        "        print(client.result(sys.argv[3]).user_id)\n"
    )

    def ask(*arguments: str) -> str:
        return subprocess.run(
            [python, "-c", script, *arguments],
            cwd=tmp_path,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            encoding="utf-8",
            check=True,
        ).stdout.strip()

    run = ask(url, TOKEN)
    process.popen.kill()
    process.popen.wait()
    again = start("all", "--port", "0", MAGICFLOW_TOKENS=TOKEN)
    assert ask(again.wait_for("listening on "), TOKEN, run) == "string"
    assert again.stop() == 0


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        (["server"], {}, "no token is configured"),
        (["server", "--no-auth", "--host", "0.0.0.0"], {}, "on loopback only"),
        (["server", "--config", "none.yaml"], {}, "there is no file none.yaml"),
        (["server", "--port", "70000", "--no-auth"], {}, "not within 0–65535"),
        (["executor", "--url", "ftp://x"], {}, "no http or https address"),
        (["executor", "--executor", "nobody"], {}, "there is no executor `nobody`"),
        (["executor", "--concurrency", "0"], {}, "concurrency of at least 1"),
        (["executor"], {"MAGICFLOW_CONCURRENCY": "many"}, "is no number"),
        (["server", "--no-auth"], {"MAGICFLOW_PORT": "x"}, "is no number"),
    ],
)
def test_what_cannot_start_says_why(
    start: Start, arguments: list[str], environment: dict[str, str], expected: str
) -> None:
    process = start(*arguments, **environment)
    _, err = process.popen.communicate(timeout=20)
    assert process.popen.returncode == 2
    assert expected in err
    assert "Traceback" not in err


def test_an_executor_with_a_wrong_token_ends(start: Start) -> None:
    process, url = server(start)
    executor = start("executor", "--url", url, "--token", "wrong")
    _, err = executor.popen.communicate(timeout=20)
    assert executor.popen.returncode == 2
    assert "error: the server answered 401" in err
    assert process.stop() == 0


def test_one_executor_of_several_can_be_chosen(start: Start) -> None:
    process, url = server(start)
    executor = start(
        "executor", "--url", url, "--token", TOKEN, "--executor", "user-service"
    )
    assert executor.wait_for("polling ").endswith("for user-service")
    assert executor.stop() == 0
    assert process.stop() == 0


def test_the_configuration_file_is_read(start: Start, project: Path) -> None:
    process = start("server", "--port", "0", cwd=project, MAGICFLOW_TOKEN="from-file")
    process.wait_for("listening on ")
    assert process.stop() == 0
    assert (project / "data" / "magicflow.db").is_file()


def test_the_installed_package_has_its_own_runtime(
    python: Path, tmp_path: Path
) -> None:
    script = (
        "import magicflow, workflows; print(magicflow.__file__, workflows.__file__)"
    )
    done = subprocess.run(
        [python, "-c", script],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    environment = str(python.parent.parent)
    assert all(path.startswith(environment) for path in done.stdout.split())


def test_its_own_tests_pass(python: Path, project: Path) -> None:
    done = subprocess.run(
        [python, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=project,
        env=clean_environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout
