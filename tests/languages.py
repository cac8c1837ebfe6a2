"""Toolchains that tests need. Where one is missing the test says so and is skipped; with
CI set a missing one is a failure, so that nothing is skipped unseen."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

STATICCHECK = "honnef.co/go/tools/cmd/staticcheck@v0.8.2"
"""Run by `go run`: the version is pinned, its build is cached."""

COMMANDS = {"go": ("go", "gofmt")}


def need(language: str) -> None:
    """Skip, or fail with CI set, unless the toolchain of a language is there."""
    missing = [each for each in COMMANDS[language] if shutil.which(each) is None]
    if not missing:
        return
    lack(f"{language}: `{missing[0]}` is not installed, so its tests did not run")


def lack(text: str) -> None:
    """Skip a test for want of something; with CI set nothing may be wanting."""
    if os.environ.get("CI"):
        pytest.fail(text)
    pytest.skip(text)


def go(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the `go` command with the user's build cache; one package at a time, because
    the machine has other things to do."""
    flags = {"GOFLAGS": "-p=1 -buildvcs=false", "GOTOOLCHAIN": "local"}
    return subprocess.run(
        ["go", *arguments],
        cwd=cwd,
        env={**os.environ, **flags, **(env or {})},
        capture_output=True,
        text=True,
        timeout=900,
    )


def build(folder: Path, package: str, output: Path) -> Path:
    """Build a program; the compiler's words are the failure."""
    built = go("build", "-o", str(output), package, cwd=folder)
    assert built.returncode == 0, built.stderr
    return output
