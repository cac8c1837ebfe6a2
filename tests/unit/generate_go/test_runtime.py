"""The Go runtime: its own tests under the race detector, formatted, vetted, linted."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.languages import STATICCHECK, go, need

RUNTIME = Path(__file__).parents[3] / "runtime" / "go"
PACKAGES = (
    "canonical",
    "client",
    "core",
    "expr",
    "plan",
    "regex",
    "settings",
    "types",
    "worker",
)
TRACING = RUNTIME / "tracing"


def test_it_is_formatted() -> None:
    need("go")
    done = subprocess.run(
        ["gofmt", "-l", "."], cwd=RUNTIME, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_it_is_vetted_and_tidy() -> None:
    need("go")
    for arguments in (("vet", "./..."), ("mod", "tidy", "-diff")):
        done = go(*arguments, cwd=RUNTIME)
        assert done.returncode == 0, done.stdout + done.stderr


def test_its_tests_pass_without_races() -> None:
    """Conformance cases of patterns and expressions among them."""
    need("go")
    race = ("-race",) if shutil.which("gcc") or shutil.which("clang") else ()
    done = go("test", *race, "./...", cwd=RUNTIME)
    assert done.returncode == 0, done.stdout + done.stderr
    for package in PACKAGES:
        assert (
            f"ok  \tgithub.com/truongtu268/magic-flow/runtime/go/{package}"
            in done.stdout
        )


def test_staticcheck() -> None:
    need("go")
    done = go("run", STATICCHECK, "./...", cwd=RUNTIME)
    assert done.returncode == 0, done.stdout + done.stderr


def test_tracing_is_a_module_of_its_own() -> None:
    """Only those need OpenTelemetry who import it."""
    need("go")
    for arguments in (
        ("vet", "./..."),
        ("mod", "tidy", "-diff"),
        ("test", "./..."),
        ("run", STATICCHECK, "./..."),
    ):
        done = go(*arguments, cwd=TRACING)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "opentelemetry" not in (RUNTIME / "go.mod").read_text()
