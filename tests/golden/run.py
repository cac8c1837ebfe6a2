"""Runs one case and gives what came out as a tree of texts."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

from magicflow_cli import __version__

Tree = dict[str, str]


def produce(case: Path, workspace: Path) -> Tree:
    """What the case's commands bring forth, by path below `expected/`."""
    folder = workspace / "work"
    shutil.copytree(case / "in", folder, symlinks=True)
    cmd = case / "cmd"
    lines = cmd.read_text(encoding="utf-8").splitlines() if cmd.is_file() else ["plan ."]
    runs = [_run(shlex.split(line), folder) for line in lines if line.strip()]
    tree: Tree = {}
    if len(runs) == 1:
        _name_stdout(runs[0][1], tree)
    else:
        _keep(tree, "stdout.txt", "".join(stdout for _, stdout, _ in runs))
    _keep(tree, "stderr.txt", "".join(stderr for _, _, stderr in runs))
    if any(status for status, _, _ in runs):
        tree["exit"] = "".join(f"{status}\n" for status, _, _ in runs)
    out = folder / "out"
    for path in sorted(out.rglob("*")) if out.is_dir() else []:
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            tree[name] = path.read_bytes().decode("utf-8")
    return tree


def read_expected(case: Path) -> Tree:
    expected = case / "expected"
    return {
        path.relative_to(expected).as_posix(): path.read_bytes().decode("utf-8")
        for path in sorted(expected.rglob("*"))
        if path.is_file()
    }


def write_expected(case: Path, tree: Tree) -> None:
    expected = case / "expected"
    for name in read_expected(case).keys() - tree.keys():
        (expected / name).unlink()
    for name, text in tree.items():
        path = expected / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))


def _run(arguments: list[str], folder: Path) -> tuple[int, str, str]:
    command = os.environ.get("MAGIC_FLOW")
    if command:
        done = subprocess.run(
            [command, *arguments],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, "NO_COLOR": "1"},
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr
    return _run_here(arguments, folder)


def _run_here(arguments: list[str], folder: Path) -> tuple[int, str, str]:
    """In this process, which is what makes hundreds of cases fast."""
    from magicflow_cli.cli.main import run

    stdout, stderr = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        mock.patch.dict(os.environ, {"NO_COLOR": "1"}),
        mock.patch.object(sys, "stdout", stdout),
        mock.patch.object(sys, "stderr", stderr),
    ):
        status = run(arguments)
    return status, stdout.getvalue(), stderr.getvalue()


def _name_stdout(text: str, tree: Tree) -> None:
    try:
        value: Any = json.loads(text)
    except ValueError:
        _keep(tree, "stdout.txt", text)
        return
    is_plan = isinstance(value, dict) and "plan_version" in value
    layout = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    _keep(tree, "plan.json" if is_plan else "stdout.json", layout + "\n")


def _keep(tree: Tree, name: str, text: str) -> None:
    if text:  # a release must not change every golden
        tree[name] = text.replace(f"magic-flow {__version__}", "magic-flow <version>")
