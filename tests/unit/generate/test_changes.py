"""The table of docs/generate.md: what a run does with each file."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from magicflow_cli.diagnostics import Report
from magicflow_cli.generate.files import (
    HEADER,
    FileClass,
    Owner,
    RenderedFile,
    digest,
    text_digest,
)
from magicflow_cli.generate.publish import (
    Action,
    Changes,
    Entry,
    Manifest,
    Permissions,
    plan_changes,
)

TYPES = Owner("w", "python", "types")
CLIENT = Owner("w", "python", "client")
NEW, OLD, EDITED = "new\n", "old\n", "edited\n"


@dataclass
class Files:
    """A disk in memory."""

    files: dict[str, bytes] = field(default_factory=dict)

    def digest(self, path: str) -> str | None:
        return digest(self.files[path]) if path in self.files else None

    def has_header(self, path: str) -> bool:
        return HEADER.encode() in self.files[path]


def decide(
    disk: str | None,
    manifest: str | None,
    rendered: str | None,
    kind: FileClass = FileClass.OWNED,
    permissions: Permissions = Permissions(),  # noqa: B008 - frozen
    owners: tuple[Owner, ...] = (TYPES,),
    run: tuple[Owner, ...] = (TYPES,),
    signature: str = "",
    old_signature: str = "",
) -> tuple[str | None, list[str], Changes]:
    """The action on the one file `f`, the codes, and all of it."""
    report = Report()
    old_hash = text_digest(old_signature) if old_signature else ""
    entries = (
        {}
        if manifest is None
        else {"f": Entry(kind, text_digest(manifest), owners, old_hash)}
    )
    files = (
        []
        if rendered is None
        else [RenderedFile("f", rendered, kind, (TYPES,), signature)]
    )
    changes = plan_changes(
        files,
        Manifest("", "", files=entries),
        Files({} if disk is None else {"f": disk.encode()}),
        run,
        report,
        permissions,
    )
    actions = [change.action.value for change in changes.changes]
    codes = [diagnostic.code for diagnostic in report.diagnostics]
    return (actions[0] if actions else None), codes, changes


ROWS = [
    # disk, manifest, rendered, kind, action, codes
    (None, None, NEW, FileClass.OWNED, "create", []),
    (None, None, NEW, FileClass.STUB, "create", []),
    (None, None, NEW, FileClass.ONCE, "create", []),
    (None, OLD, NEW, FileClass.OWNED, "create", []),
    (None, OLD, NEW, FileClass.STUB, "create", []),
    (NEW, None, NEW, FileClass.OWNED, "keep", []),
    (NEW, OLD, NEW, FileClass.OWNED, "keep", []),
    (OLD, OLD, NEW, FileClass.OWNED, "replace", []),
    (EDITED, OLD, NEW, FileClass.OWNED, "replace", ["MF4001"]),
    (EDITED, None, NEW, FileClass.OWNED, "replace", ["MF4003"]),
    (OLD, OLD, None, FileClass.OWNED, "delete", []),
    (EDITED, OLD, None, FileClass.OWNED, None, ["MF4002"]),
    (None, OLD, None, FileClass.OWNED, None, []),
    (EDITED, OLD, NEW, FileClass.STUB, "keep", []),
    (EDITED, None, NEW, FileClass.STUB, "keep", []),
    (EDITED, OLD, None, FileClass.STUB, None, ["MF4102"]),
    (None, OLD, None, FileClass.STUB, None, []),
    (EDITED, OLD, NEW, FileClass.ONCE, "keep", []),
    (EDITED, OLD, None, FileClass.ONCE, None, []),
]


@pytest.mark.parametrize(
    ("disk", "manifest", "rendered", "kind", "action", "codes"), ROWS
)
def test_the_table(
    disk: str | None,
    manifest: str | None,
    rendered: str | None,
    kind: FileClass,
    action: str | None,
    codes: list[str],
) -> None:
    found, said, changes = decide(disk, manifest, rendered, kind)
    assert (found, said) == (action, codes)
    # What is rendered is in the manifest afterwards, what is not is out of it.
    assert ("f" in changes.entries) is (rendered is not None)


def test_force_replaces_and_keeps_the_edited_file() -> None:
    for manifest in (OLD, None):
        action, codes, changes = decide(
            EDITED, manifest, NEW, permissions=Permissions(force=True)
        )
        assert (action, codes) == ("replace", [])
        assert changes.changes[0].backup
    _, _, changes = decide(OLD, OLD, NEW, permissions=Permissions(force=True))
    assert not changes.changes[0].backup


def test_adopt_takes_files_with_the_header_only() -> None:
    adopt = Permissions(adopt=True)
    action, codes, changes = decide(f"# {HEADER}\n", None, NEW, permissions=adopt)
    assert (action, codes) == ("replace", [])
    assert not changes.changes[0].backup
    assert decide(EDITED, None, NEW, permissions=adopt)[:2] == ("replace", ["MF4003"])


def test_carriage_returns_are_no_edit() -> None:
    assert decide("a\r\nb\r\n", None, "a\nb\n")[0] == "keep"
    assert decide("a\r\nb\r\n", "a\nb\n", NEW)[:2] == ("replace", [])


def test_a_changed_signature_is_told_once() -> None:
    stub = FileClass.STUB
    action, codes, changes = decide(
        EDITED, OLD, NEW, stub, signature="def f(x)", old_signature="def f()"
    )
    assert (action, codes) == ("keep", ["MF4101"])
    assert changes.entries["f"].signature == text_digest("def f(x)")
    same = decide(EDITED, OLD, NEW, stub, signature="def f()", old_signature="def f()")
    assert same[:2] == ("keep", [])


def test_only_a_file_without_other_owners_is_stale() -> None:
    action, codes, changes = decide(OLD, OLD, None, owners=(CLIENT, TYPES))
    assert (action, codes) == (None, [])
    assert changes.entries["f"].owners == (CLIENT,)
    action, _, changes = decide(
        OLD, OLD, None, owners=(CLIENT, TYPES), run=(CLIENT, TYPES)
    )
    assert (action, changes.entries) == ("delete", {})


def test_a_file_of_two_targets_keeps_the_owner_of_the_other_run() -> None:
    _, _, changes = decide(OLD, OLD, NEW, owners=(CLIENT,))
    assert changes.entries["f"].owners == (CLIENT, TYPES)


def test_an_owner_of_this_run_that_no_longer_needs_a_file_leaves_it() -> None:
    _, _, changes = decide(OLD, OLD, NEW, owners=(CLIENT, TYPES), run=(CLIENT, TYPES))
    assert changes.entries["f"].owners == (TYPES,)


def test_paths_that_differ_in_case_only() -> None:
    report = Report()
    files = [
        RenderedFile(path, "", FileClass.OWNED, (TYPES,)) for path in ("a/B", "a/b")
    ]
    plan_changes(files, Manifest("", ""), Files(), [TYPES], report)
    assert [each.code for each in report.diagnostics] == ["MF4008"]


def test_actions_are_in_the_order_of_paths() -> None:
    files = [RenderedFile(path, "", FileClass.OWNED, (TYPES,)) for path in "cab"]
    changes = plan_changes(files, Manifest("", ""), Files(), [TYPES], Report())
    assert [change.path for change in changes.changes] == ["a", "b", "c"]
    assert [change.path for change in changes.of(Action.CREATE)] == ["a", "b", "c"]
