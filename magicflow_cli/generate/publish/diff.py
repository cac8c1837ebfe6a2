"""What a run would change, as a unified diff that `patch` and `git apply` read."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff

from magicflow_cli.generate.publish.changes import Action, Change, Changes
from magicflow_cli.generate.publish.writing import Disk


def diff_changes(changes: Changes, disk: Disk) -> Iterator[str]:
    """The diff of each file that changes, new and deleted files among them."""
    for change in changes.changes:
        if change.action is not Action.KEEP:
            yield "".join(_diff(change, disk))


def _diff(change: Change, disk: Disk) -> Iterator[str]:
    content = disk.read(change.path)
    before = (content or b"").decode("utf-8", "replace").replace("\r\n", "\n")
    old, new = f"a/{change.path}", f"b/{change.path}"
    if content is None:
        old = "/dev/null"
    if change.action is Action.DELETE:
        new = "/dev/null"
    lines = unified_diff(
        _lines(before),
        _lines(change.content),
        old,
        new,
    )
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    """Lines with their ends; only LF ends one."""
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop()
    return lines if last == "\n" else [*lines, last[:-1]]
