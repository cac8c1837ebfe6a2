"""Writing an output folder: killed at every operation, hostile folders, two runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from magicflow_cli.diagnostics import Report
from magicflow_cli.generate.files import FileClass, Owner, RenderedFile
from magicflow_cli.generate.publish import (
    Disk,
    Manifest,
    Permissions,
    plan_changes,
    read_manifest,
    write_changes,
    writing,
)
from magicflow_cli.generate.publish.diff import diff_changes
from magicflow_cli.generate.publish.locking import locked

TYPES = Owner("w", "python", "types")
ONE = {"a.py": "one\n", "b/c.py": "one\n", "b/d.py": "one\n", "e/f/g.py": "one\n"}
TWO = {"a.py": "two\n", "b/c.py": "one\n", "h/i.py": "two\n", "b/j.py": "two\n"}


class Killed(BaseException):
    """Stands for a process that ends."""


def publish(
    folder: Path, files: dict[str, str], permissions: Permissions | None = None
) -> list[str]:
    """One run; the codes that it reports."""
    report = Report()
    before = read_manifest(folder, report)
    if before is not None:
        rendered = [
            RenderedFile(path, text, FileClass.OWNED, (TYPES,))
            for path, text in files.items()
        ]
        disk = Disk(folder)
        disk.check_paths([*files, *before.files], report)
        changes = plan_changes(
            rendered, before, disk, [TYPES], report, permissions or Permissions()
        )
        if not report.has_errors:
            after = Manifest("magic-flow 0", "mf-2026.1", files=changes.entries)
            write_changes(folder, changes, before, after, report)
    return [diagnostic.code for diagnostic in report.diagnostics]


def tree(folder: Path) -> dict[str, str]:
    """Every file but the lock."""
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "lock"
    }


@pytest.fixture
def expected(tmp_path: Path) -> dict[str, str]:
    """What the second run makes of the first without any interruption."""
    folder = tmp_path / "expected"
    assert publish(folder, ONE) == publish(folder, TWO) == []
    found = tree(folder)
    assert set(found) == {*TWO, ".magicflow/manifest.json"}
    assert not (folder / "e").exists()
    return found


def counting(limit: int, call: Callable[..., object]) -> Callable[..., object]:
    """`call`, which kills before its call number `limit`."""
    seen = iter(range(limit))

    def counted(*args: object, **kwargs: object) -> object:
        if next(seen, None) is None:
            raise Killed
        return call(*args, **kwargs)

    return counted


OPERATIONS = [
    ("os.replace", os, "replace"),
    ("stage", writing, "_stage"),
    ("mkdir", Path, "mkdir"),
    ("unlink", Path, "unlink"),
    ("rmdir", Path, "rmdir"),
    ("rmtree", writing.shutil, "rmtree"),
]


@pytest.mark.parametrize(
    ("module", "name"), [row[1:] for row in OPERATIONS], ids=[r[0] for r in OPERATIONS]
)
def test_the_next_run_repairs_what_a_kill_leaves(
    tmp_path: Path,
    expected: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    module: object,
    name: str,
) -> None:
    kills = 0
    for limit in range(40):
        folder = tmp_path / f"out{limit}"
        assert publish(folder, ONE) == []
        with monkeypatch.context() as patch:
            patch.setattr(module, name, counting(limit, getattr(module, name)))
            try:
                publish(folder, TWO)
            except Killed:
                kills += 1
            else:
                break
        for path, text in tree(folder).items():
            if not path.startswith(".magicflow/"):
                assert text in ("one\n", "two\n"), "a file is half-written"
        assert publish(folder, TWO) == []
        assert tree(folder) == expected
    assert kills, "the operation is never done"
    assert limit < 39


SCRIPT = """
import os, signal, sys
from pathlib import Path
from tests.unit.generate.test_writing import TWO, publish
left = int(sys.argv[2])
replace = os.replace
def counted(*args):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(*args)
os.replace = counted
publish(Path(sys.argv[1]), TWO)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
def test_the_next_run_repairs_what_kill_9_leaves(
    tmp_path: Path, expected: dict[str, str]
) -> None:
    root = Path(__file__).parents[3]
    python_path = os.pathsep.join([str(root), str(root / "runtime" / "python")])
    for limit in range(9):
        folder = tmp_path / f"out{limit}"
        assert publish(folder, ONE) == []
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, folder, str(limit)],
            env={**os.environ, "PYTHONPATH": python_path},
            cwd=root,
            check=False,
        )
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        assert publish(folder, TWO) == []
        assert tree(folder) == expected
    assert 0 < limit < 8


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    assert publish(tmp_path, ONE) == []
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    assert publish(tmp_path, ONE) == []
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    assert before == after


def test_a_leftover_stage_is_removed(tmp_path: Path) -> None:
    leftover = tmp_path / ".magicflow" / "stage-abc"
    leftover.mkdir(parents=True)
    (leftover / "1").write_text("half")
    assert publish(tmp_path, ONE) == []
    assert not leftover.exists()


def test_force_keeps_the_edited_file(tmp_path: Path) -> None:
    publish(tmp_path, ONE)
    (tmp_path / "a.py").write_text("mine\n")
    assert publish(tmp_path, TWO) == ["MF4001"]
    assert tree(tmp_path)["a.py"] == "mine\n"
    assert "h/i.py" not in tree(tmp_path), "nothing is written when one is refused"
    assert publish(tmp_path, TWO, Permissions(force=True)) == []
    assert tree(tmp_path)["a.py"] == "two\n"
    assert tree(tmp_path)["a.py.orig"] == "mine\n"


def test_users_files_stay(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir(parents=True)
    (tmp_path / "b" / "mine.txt").write_text("mine\n")
    publish(tmp_path, ONE)
    publish(tmp_path, {})
    assert set(tree(tmp_path)) == {"b/mine.txt", ".magicflow/manifest.json"}


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """A folder that no run may touch."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "c.py").write_text("theirs\n")
    yield folder
    assert tree(folder) == {"c.py": "theirs\n"}


@pytest.mark.parametrize("link", ["b", "b/c.py", ".magicflow"])
def test_links_out_of_the_folder_are_refused(
    tmp_path: Path, outside: Path, link: str
) -> None:
    folder = tmp_path / "out"
    (folder / link).parent.mkdir(parents=True, exist_ok=True)
    target = outside / "c.py" if link.endswith(".py") else outside
    (folder / link).symlink_to(target)
    codes = publish(folder, ONE)
    assert "MF4004" in codes
    assert not (folder / "a.py").exists()


def test_a_link_where_a_stale_file_was_is_refused(
    tmp_path: Path, outside: Path
) -> None:
    folder = tmp_path / "out"
    publish(folder, {"b/c.py": "theirs\n"})
    (folder / "b" / "c.py").unlink()
    (folder / "b").rmdir()
    (folder / "b").symlink_to(outside)
    assert publish(folder, {"a.py": "one\n"}) == ["MF4004"]


@pytest.mark.parametrize(
    "path", ["../x.py", "/x.py", "b/../../x.py", "b\\..\\x.py", "C:/x.py", ""]
)
def test_paths_that_leave_the_folder(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "out"
    assert "MF4004" in publish(folder, {path: "x\n"})
    assert not (tmp_path / "x.py").exists()
    publish(folder, ONE)
    manifest = folder / ".magicflow" / "manifest.json"
    manifest.write_text(
        manifest.read_text().replace('"a.py"', repr(path)[1:-1].join('""'))
    )
    assert publish(folder, TWO) == ["MF4005"], "a manifest may not name such paths"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"manifest": 2}', '{"manifest": 1}', "\0"]
)
def test_a_manifest_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    publish(tmp_path, ONE)
    (tmp_path / ".magicflow" / "manifest.json").write_text(text)
    assert publish(tmp_path, TWO) == ["MF4005"]
    assert tree(tmp_path)["a.py"] == "one\n"


def test_folders_and_files_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "a.py").mkdir()
    (tmp_path / "b").write_text("a file\n")
    assert set(publish(tmp_path, ONE)) == {"MF4004", "MF4003"}


def test_an_output_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine\n")
    assert publish(tmp_path / "out", ONE) == ["MF4007"]
    assert (tmp_path / "out").read_text() == "mine\n"


def test_a_disk_that_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path, ONE)

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert publish(tmp_path, TWO) == ["MF4007"]
    assert tree(tmp_path)["a.py"] == "one\n"
    assert publish(tmp_path, TWO) == []


def test_another_run_holds_the_folder(tmp_path: Path) -> None:
    publish(tmp_path, ONE)
    with locked(tmp_path / ".magicflow" / "lock") as free:
        assert free
        assert publish(tmp_path, TWO) == ["MF4006"]
    assert publish(tmp_path, TWO) == []


def test_another_run_wrote_in_between(tmp_path: Path) -> None:
    publish(tmp_path, ONE)
    report = Report()
    before = read_manifest(tmp_path, report)
    assert before is not None
    file = RenderedFile("a.py", "three\n", FileClass.OWNED, (TYPES,))
    changes = plan_changes([file], before, Disk(tmp_path), [TYPES], report)
    publish(tmp_path, TWO)
    after = Manifest("", "", files=changes.entries)
    assert not write_changes(tmp_path, changes, before, after, report)
    assert [each.code for each in report.diagnostics] == ["MF4006"]
    assert tree(tmp_path)["a.py"] == "two\n"


def test_the_diff_has_new_and_deleted_files(tmp_path: Path) -> None:
    publish(tmp_path, ONE)
    before = read_manifest(tmp_path, Report())
    assert before is not None
    files = [
        RenderedFile("a.py", "one\ntwo\u2028two", FileClass.OWNED, (TYPES,)),
        RenderedFile("n.py", "new\n", FileClass.OWNED, (TYPES,)),
    ]
    changes = plan_changes(files, before, Disk(tmp_path), [TYPES], Report())
    text = "".join(diff_changes(changes, Disk(tmp_path)))
    assert (
        "--- a/a.py\n+++ b/a.py\n@@ -1 +1,2 @@\n one\n+two\u2028two\n\\ No newline"
        in text
    )
    assert "--- /dev/null\n+++ b/n.py\n@@ -0,0 +1 @@\n+new\n" in text
    assert "--- a/b/c.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n" in text
    target = tmp_path.parent / "patched"
    publish(target, ONE)
    done = subprocess.run(
        ["patch", "-p1"], input=text.encode(), cwd=target, check=False
    )
    assert done.returncode == 0
    assert (target / "n.py").read_text() == "new\n"
