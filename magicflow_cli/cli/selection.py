"""Which files a command works on: paths, folders, the project file.

A folder is searched for YAML and JSON files that are Magic Flow documents; what plainly
is something else (a Kubernetes manifest, a package.json) is left alone and counted.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from magicflow_cli.cli.failure import NotDone
from magicflow_cli.cli.project import PROJECT_FILE, ProjectFile
from magicflow_cli.diagnostics import codes
from magicflow_cli.record import Value

SUFFIXES = (".yaml", ".yml", ".json")
SCENARIOS = tuple(f".scenario{suffix}" for suffix in SUFFIXES)
SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "venv"})

_OURS = re.compile(
    rb"""(?m)^[\s{"',-]*(?:apiVersion["']?\s*:\s*["']?[^\s"']*flow|"""
    rb"""kind["']?\s*:\s*["']?(?:Workflow|Scenario)|workflow["']?\s*:)|"""
    rb""""(?:apiVersion"\s*:\s*"[^"]*flow|kind"\s*:\s*"Workflow)"""
)
_PLAN = re.compile(rb'"plan_version"\s*:\s*[0-9]')
_LARGEST_PLAN = 16 * 1024 * 1024
_ANY_KEY = re.compile(rb"[A-Za-z_]")


class InputFile(Value):
    """`name` is how diagnostics show the file: as it was given, or relative to here."""

    path: Path
    name: str


def named(path: Path) -> InputFile:
    """`path` under the name that it has seen from here, if it lies below."""
    shown = path
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        shown = path.relative_to(Path.cwd())
    return InputFile(path, shown.as_posix())


@dataclass(slots=True)
class Selection:
    """The files to check; `contexts` are read only for what workflows in `files` mean
    by them. `left_alone` counts what a folder held besides."""

    files: list[InputFile] = field(default_factory=list)
    contexts: list[InputFile] = field(default_factory=list)
    left_alone: int = 0
    project: ProjectFile | None = None


def select(paths: list[Path], suffixes: tuple[str, ...] = SUFFIXES) -> Selection:
    """The files behind `paths`, in order, each once however often it is named.

    In folders only files with one of `suffixes` count, scenarios (`*.scenario.yaml`)
    only when `suffixes` names them. Raises NotDone for a path that does not exist.
    """
    selection = Selection()
    seen: set[tuple[int, int]] = set()
    for path in paths:
        if path.is_dir():
            _search(path, selection, seen, suffixes)
        elif os.path.lexists(path):
            _add(path, selection, seen)
        else:
            raise NotDone(
                codes.MF0102, f"`{path}` does not exist", help=_near_name(path)
            )
    return selection


def is_ours(head: bytes) -> bool:
    """Whether a file found in a folder is to be checked: it says so itself, or nothing
    can be told (it is empty or not text), which its owner has to hear about."""
    return b"\0" in head or not _ANY_KEY.search(head) or _OURS.search(head) is not None


def _search(
    folder: Path,
    selection: Selection,
    seen: set[tuple[int, int]],
    suffixes: tuple[str, ...],
) -> None:
    """Everything below `folder`, in the order of names; a folder is entered once, so
    that one which links to itself ends."""
    try:
        status = folder.stat()
        if (status.st_dev, status.st_ino) in seen:
            return
        seen.add((status.st_dev, status.st_ino))
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise NotDone(
            codes.MF0003,
            f"`{folder}` cannot be read",
            help=f"the system says: {error.strerror}",
        ) from error
    for entry in entries:
        if entry.name.startswith(".") or entry.name in SKIPPED_FOLDERS:
            continue
        if _is_folder(entry):
            _search(Path(entry.path), selection, seen, suffixes)
        elif _is_candidate(entry, suffixes):
            path = Path(entry.path)
            if _told_apart(path):
                _add(path, selection, seen)
            else:
                selection.left_alone += 1


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _is_candidate(entry: os.DirEntry[str], suffixes: tuple[str, ...]) -> bool:
    """A regular file by its name, or a link that leads nowhere: loading reports it."""
    if not entry.name.endswith(suffixes) or entry.name == PROJECT_FILE:
        return False
    if entry.name.endswith(SCENARIOS) and not set(SCENARIOS) <= set(suffixes):
        return False
    try:
        return entry.is_file() or (entry.is_symlink() and not _leads(entry.path))
    except OSError:  # a link that leads to itself: loading reports it
        return True


def _leads(path: str) -> bool:
    return Path(os.path.realpath(path)).exists()


def _told_apart(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(65_536)
            if not is_ours(head):
                return False
            # a plan, in a generated project for instance, is made of a workflow
            rest = file.read(_LARGEST_PLAN) if path.suffix == ".json" else b""
            return _PLAN.search(head + rest) is None
    except OSError:
        return True  # reported where it is loaded


def _add(path: Path, selection: Selection, seen: set[tuple[int, int]]) -> None:
    try:
        status = path.stat()
    except OSError:  # a dangling link: loading reports it
        selection.files.append(named(path))
        return
    key = (status.st_dev, status.st_ino)
    if key not in seen:
        seen.add(key)
        selection.files.append(named(path))


def _near_name(path: Path) -> str:
    from magicflow_cli.diagnostics.suggestion import suggest

    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return "give the path of a workflow file or of a folder with workflows"
    near = suggest(path.name, names)
    if near:
        return f"did you mean `{path.parent / near}`?"
    return "give the path of a workflow file or of a folder with workflows"


def list_contexts(folder: Path) -> list[Path]:
    """The files directly in `folder` that hold a WorkflowContext, by name."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return []
    found: list[Path] = []
    for entry in entries:
        if entry.name.endswith(SUFFIXES):
            try:
                if not entry.is_file():
                    continue
                with Path(entry.path).open("rb") as file:
                    if b"WorkflowContext" in file.read(1_048_577):
                        found.append(Path(entry.path))
            except OSError:
                continue
    return found
