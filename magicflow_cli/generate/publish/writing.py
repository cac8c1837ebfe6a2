"""Reading and writing an output folder. See the package's docstring for what a crash
can do."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from magicflow_cli.diagnostics import Report, Span
from magicflow_cli.diagnostics.codes import MF4004, MF4006, MF4007
from magicflow_cli.generate.files import HEADER, digest
from magicflow_cli.generate.publish.changes import Action, Change, Changes
from magicflow_cli.generate.publish.locking import locked
from magicflow_cli.generate.publish.manifest import (
    FOLDER,
    NAME,
    Manifest,
    is_inside,
    read_manifest,
)

_STAGE = "stage-"
_THREADS = 8


class Disk:
    """The output folder, which need not exist yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def digest(self, path: str) -> str | None:
        content = self.read(path)
        return None if content is None else digest(content)

    def read(self, path: str) -> bytes | None:
        """The file's bytes; None when there is none. A folder in the way reads as b""."""
        try:
            with Path(f"{self.folder}/{path}").open("rb") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            return b""

    def has_header(self, path: str) -> bool:
        content = self.read(path) or b""
        return HEADER.encode() in content[:1000]

    def check_paths(self, paths: Iterable[str], report: Report) -> None:
        """Every path stays below the folder and crosses no symbolic link or file."""
        folders: dict[str, str] = {}
        for path in [NAME, *paths]:
            problem = self._problem(path, folders)
            if problem:
                report.add(
                    MF4004,
                    f"`{path}` cannot be written: {problem}",
                    Span(str(self.folder / path), 1, 1, 1, 1),
                    help="choose another output folder, or remove what is in the way",
                )

    def _problem(self, path: str, folders: dict[str, str]) -> str:
        """What is wrong with a path; `folders` has what was found about its parents."""
        if not is_inside(path):
            return "it leaves the output folder"
        parent, _, name = path.rpartition("/")
        problem = self._folder_problem(parent, folders) if parent else ""
        if problem:
            return problem
        full = Path(f"{self.folder}/{path}")
        if full.is_symlink():
            return f"`{name}` is a symbolic link"
        return "it is a folder" if full.is_dir() else ""

    def _folder_problem(self, path: str, folders: dict[str, str]) -> str:
        known = folders.get(path)
        if known is None:
            parent, _, name = path.rpartition("/")
            known = self._folder_problem(parent, folders) if parent else ""
            full = self.folder / path
            if not known and full.is_symlink():
                known = f"`{name}` is a symbolic link"
            elif not known and full.exists() and not full.is_dir():
                known = f"`{name}` is a file"
            folders[path] = known
        return known


def write_changes(
    folder: Path,
    changes: Changes,
    before: Manifest,
    manifest: Manifest,
    report: Report,
) -> bool:
    """Make the folder what `changes` says; the manifest is written last. `before` is
    the manifest that the changes were decided with. False, with a diagnostic, when
    another run holds the folder or has written to it, or it cannot be written."""
    if changes.current and manifest.to_text() == before.to_text():
        return True
    try:
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
        with locked(folder / FOLDER / "lock") as free:
            if not free or read_manifest(folder, Report()) != before:
                report.add(
                    MF4006,
                    "another run of magic-flow is writing to the output folder",
                    Span(str(folder), 1, 1, 1, 1),
                    help="run again when it is done",
                )
                return False
            _write_locked(folder, changes, manifest)
    except OSError as error:
        report.add(
            MF4007,
            f"the output cannot be written: {error.strerror or 'unknown error'}",
            Span(str(error.filename or folder), 1, 1, 1, 1),
            help="check the folder's permissions and free space; run again, what was"
            " begun is then finished",
        )
        return False
    return True


def _write_locked(folder: Path, changes: Changes, manifest: Manifest) -> None:
    for leftover in (folder / FOLDER).glob(f"{_STAGE}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    stage = Path(tempfile.mkdtemp(prefix=_STAGE, dir=folder / FOLDER))
    try:
        written = [
            change
            for change in changes.changes
            if change.action in (Action.CREATE, Action.REPLACE)
        ]
        staged = _stage_all(stage, written)
        for parent in sorted({change.path.rpartition("/")[0] for change in written}):
            (folder / parent).mkdir(parents=True, exist_ok=True)
        for change, path in zip(written, staged, strict=True):
            _place(folder, change, path)
        for change in changes.of(Action.DELETE):
            (folder / change.path).unlink(missing_ok=True)
            _remove_empty(folder, change.path)
        os.replace(  # noqa: PTH105
            _stage(stage, "manifest", manifest.to_text()), folder / NAME
        )
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _stage_all(stage: Path, changes: list[Change]) -> list[Path]:
    """Every content in a file of its own, on the disk. The waiting for the disk is
    done side by side: one by one, it would be most of what a run costs."""
    paths = [stage / str(index) for index in range(len(changes))]

    def write(first: int) -> None:
        for index in range(first, len(changes), _THREADS):
            _stage(stage, str(index), changes[index].content)

    with ThreadPoolExecutor(_THREADS) as threads:
        list(threads.map(write, range(min(_THREADS, len(changes)))))
    return paths


def _stage(stage: Path, name: str, content: str) -> Path:
    path = stage / name
    with path.open("wb") as file:
        file.write(content.encode("utf-8"))
        file.flush()
        os.fsync(file.fileno())
    return path


def _place(folder: Path, change: Change, staged: Path) -> None:
    target = f"{folder}/{change.path}"
    if change.backup:
        os.replace(target, f"{target}.orig")  # noqa: PTH105
    os.replace(staged, target)  # noqa: PTH105


def _remove_empty(folder: Path, path: str) -> None:
    """Folders that only held what was deleted."""
    for parent in PurePosixPath(path).parents:
        if parent == PurePosixPath("."):
            return
        try:
            (folder / parent).rmdir()
        except OSError:
            return
