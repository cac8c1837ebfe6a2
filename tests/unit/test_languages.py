"""A machine without a language: its tests are skipped and that is said; where CI is set
they fail."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NEEDS_GO = "tests/unit/generate_go/test_texts.py::test_hostile_texts_come_back_from_go"
WITHOUT = "go: `go` is not installed, so its tests did not run"


def run(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """One test that needs Go, where the PATH is an empty folder."""
    kept = {name: value for name, value in os.environ.items() if name != "CI"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", NEEDS_GO],
        cwd=ROOT,
        env={**kept, "PATH": str(folder), **variables},
        capture_output=True,
        text=True,
    )


def test_what_was_skipped_is_said(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 0, done.stdout
    assert "1 skipped" in done.stdout
    assert WITHOUT in done.stdout.splitlines()


def test_with_ci_a_missing_language_fails(tmp_path: Path) -> None:
    for value in ("true", "1"):
        done = run(tmp_path, CI=value)
        assert done.returncode == 1
        assert f"Failed: {WITHOUT}" in done.stdout
