"""The hook, with the real pre-commit, in a repository of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.places import EXAMPLES, ROOT

IDENTITY = [
    *("-c", "user.name=test"),
    *("-c", "user.email=test@example.com"),
    *("-c", "commit.gpgsign=false"),
    *("-c", "init.defaultBranch=main"),
]


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *IDENTITY, *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def hook_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout as it stands, committed: what a user's configuration points at."""
    folder = tmp_path_factory.mktemp("magic-flow")
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    git(folder, "init")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--no-verify", "-m", "as it stands")
    return folder


def test_the_hook_checks_workflows(hook_repository: Path, tmp_path: Path) -> None:
    repository = tmp_path / "project"
    shutil.copytree(EXAMPLES / "user-onboarding", repository)
    (repository / "compose.yaml").write_text("services: {}\n")
    (repository / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {hook_repository.as_uri()}\n"
        f"  rev: {git(hook_repository, 'rev-parse', 'HEAD')}\n"
        "  hooks: [{id: magic-flow-validate}]\n"
    )
    git(repository, "init")
    git(repository, "add", "--all")

    good = run_hook(repository, tmp_path)
    assert good.returncode == 0, good.stdout
    assert "Passed" in good.stdout

    workflow = repository / "workflow.yaml"
    text = workflow.read_text("utf-8")
    workflow.write_text(text.replace("on_success: create-account", "on_success: creat"))
    git(repository, "add", "--all")
    bad = run_hook(repository, tmp_path)
    assert bad.returncode == 1
    assert "MF1001 error" in bad.stdout
    assert "workflow.yaml:38:" in bad.stdout


def test_the_hook_checks_generated_code(
    hook_repository: Path, command: Path, tmp_path: Path
) -> None:
    repository = tmp_path / "project"
    shutil.copytree(EXAMPLES / "user-onboarding", repository)
    (repository / "magic-flow.yaml").write_text(
        "version: 1\ntargets:\n- {lang: python, out: generated, parts: [types]}\n"
    )
    (repository / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {hook_repository.as_uri()}\n"
        f"  rev: {git(hook_repository, 'rev-parse', 'HEAD')}\n"
        "  hooks: [{id: magic-flow-generate-check}]\n"
    )
    git(repository, "init")
    git(repository, "add", "--all")
    assert run_hook(repository, tmp_path).returncode == 1
    subprocess.run([command, "generate"], cwd=repository, check=True)
    git(repository, "add", "--all")
    current = run_hook(repository, tmp_path)
    assert current.returncode == 0, current.stdout


def run_hook(repository: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files"],
        cwd=repository,
        env={**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "cache"), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
