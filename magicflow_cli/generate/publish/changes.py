"""What a run would change: a pure function of what was rendered, the manifest and the
disk. Its table is in docs/generate.md and in tests/unit/generate/test_changes.py."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from magicflow_cli.diagnostics import Report, Span
from magicflow_cli.diagnostics.codes import (
    MF4001,
    MF4002,
    MF4003,
    MF4008,
    MF4101,
    MF4102,
)
from magicflow_cli.generate.files import FileClass, Owner, RenderedFile, text_digest
from magicflow_cli.generate.publish.manifest import Entry, Manifest
from magicflow_cli.record import Value


class Reader(Protocol):
    """The disk as the decision sees it."""

    def digest(self, path: str) -> str | None:
        """Digest of the file at a path below the output folder, None when absent."""

    def has_header(self, path: str) -> bool:
        """Whether the file carries the header of generated files."""


class Action(Enum):
    CREATE = "create"
    REPLACE = "replace"
    DELETE = "delete"
    KEEP = "keep"


class Change(Value):
    """`backup` asks for the present content under `<path>.orig`."""

    action: Action
    path: str
    content: str = ""
    backup: bool = False


@dataclass(slots=True)
class Changes:
    """What to do, by path, and the manifest's entries once it is done."""

    changes: list[Change] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)

    def of(self, action: Action) -> list[Change]:
        return [change for change in self.changes if change.action is action]

    @property
    def current(self) -> bool:
        """Whether the disk already is what was rendered."""
        return all(change.action is Action.KEEP for change in self.changes)


class Permissions(Value):
    """`force` overwrites hand-edited files and keeps them as `.orig`; `adopt` takes
    over files without an entry that carry the header."""

    force: bool = False
    adopt: bool = False


def plan_changes(
    rendered: Collection[RenderedFile],
    manifest: Manifest,
    disk: Reader,
    run: Collection[Owner],
    report: Report,
    permissions: Permissions = Permissions(),  # noqa: B008 - frozen
) -> Changes:
    """Decide for every rendered file and every file of the manifest.

    `run` names what this run generates: an entry can only be stale when all of its
    owners are in it. With an error in the report nothing may be written.
    """
    changes = Changes()
    run = frozenset(run)
    _check_case(rendered, manifest, report)
    for file in sorted(rendered, key=lambda file: file.path):
        entry = manifest.files.get(file.path)
        if file.kind is FileClass.OWNED:
            change = _owned(file, entry, disk, report, permissions)
        else:
            change = _written_once(file, entry, disk, report)
        changes.changes.append(change)
        changes.entries[file.path] = _entry_after(file, entry, run)
    paths = {file.path for file in rendered}
    for path, entry in sorted(manifest.files.items()):
        if path not in paths:
            _not_rendered(path, entry, run, disk, changes, report)
    return changes


def _owned(
    file: RenderedFile,
    entry: Entry | None,
    disk: Reader,
    report: Report,
    permissions: Permissions,
) -> Change:
    present = disk.digest(file.path)
    if present is None:
        return Change(Action.CREATE, file.path, file.content)
    if present == text_digest(file.content):
        return Change(Action.KEEP, file.path)
    if entry is not None and present == entry.sha256:
        return Change(Action.REPLACE, file.path, file.content)
    if permissions.adopt and entry is None and disk.has_header(file.path):
        return Change(Action.REPLACE, file.path, file.content)
    if not permissions.force:
        _refuse(file.path, entry, report)
    return Change(Action.REPLACE, file.path, file.content, backup=True)


def _refuse(path: str, entry: Entry | None, report: Report) -> None:
    """The change is still decided, so that a diff shows it; with the error in the
    report it is not made."""
    if entry is not None:
        report.add(
            MF4001,
            f"the generated file `{path}` was edited by hand",
            _place(path),
            help="move the change to a stub or to the templates; `--diff` shows what"
            " would become of the file, `--force` overwrites it and keeps the edited"
            f" one as `{path}.orig`",
        )
    else:
        report.add(
            MF4003,
            f"`{path}` is in the way: it was not generated here",
            _place(path),
            help="choose another output folder or move the file; `--adopt` takes over"
            " a file that carries the header of generated files, `--force` overwrites"
            f" any and keeps it as `{path}.orig`",
        )


def _written_once(
    file: RenderedFile, entry: Entry | None, disk: Reader, report: Report
) -> Change:
    if disk.digest(file.path) is None:
        return Change(Action.CREATE, file.path, file.content)
    old = entry.signature if entry is not None else ""
    if file.signature and old and old != text_digest(file.signature):
        report.add(
            MF4101,
            f"the signature that `{file.path}` must have has changed",
            _place(file.path),
            help=f"it is now: `{file.signature}`",
        )
    return Change(Action.KEEP, file.path)


def _not_rendered(
    path: str,
    entry: Entry,
    run: frozenset[Owner],
    disk: Reader,
    changes: Changes,
    report: Report,
) -> None:
    remaining = tuple(owner for owner in entry.owners if owner not in run)
    if remaining:
        changes.entries[path] = Entry(
            entry.kind, entry.sha256, remaining, entry.signature
        )
        return
    present = disk.digest(path)
    if entry.kind is FileClass.STUB:
        if present is not None:
            report.add(
                MF4102,
                f"`{path}` is the code of a step that is no longer there",
                _place(path),
                help="it is yours: remove it when nothing needs it",
            )
    elif entry.kind is FileClass.OWNED and present is not None:
        if present == entry.sha256:
            changes.changes.append(Change(Action.DELETE, path))
        else:
            report.add(
                MF4002,
                f"`{path}` is no longer generated, but was edited by hand: it stays",
                _place(path),
                help="remove it when nothing needs it",
            )


def _entry_after(
    file: RenderedFile, entry: Entry | None, run: frozenset[Owner]
) -> Entry:
    others = [o for o in entry.owners if o not in run] if entry is not None else []
    owners = tuple(sorted({*file.owners, *others}))
    if file.kind is FileClass.OWNED or entry is None:
        sha256 = text_digest(file.content)
    else:
        sha256 = entry.sha256
    signature = text_digest(file.signature) if file.signature else ""
    return Entry(file.kind, sha256, owners, signature)


def _check_case(
    rendered: Collection[RenderedFile], manifest: Manifest, report: Report
) -> None:
    """Two files that a case-insensitive file system takes for one."""
    seen: dict[str, str] = {}
    for path in sorted({file.path for file in rendered}):
        other = seen.setdefault(path.casefold(), path)
        if other != path:
            report.add(
                MF4008,
                f"`{path}` and `{other}` differ only in case",
                _place(path),
                help="some file systems take them for one file: rename a step or type",
            )


def _place(path: str) -> Span:
    return Span(path, 1, 1, 1, 1)


def digests(files: Mapping[str, str]) -> dict[str, str]:
    """Digests of texts by path, for tests and comparisons."""
    return {path: text_digest(text) for path, text in files.items()}
