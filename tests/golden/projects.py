"""Generated projects: the cases, and what holds for a tree in every language.

`pytest --update-golden` writes the expected trees again. The runtime's source and the
manifest, which hashes the generator, are left out.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.generate.plans import EXAMPLES, ROOT

CASES = {
    "user-onboarding": EXAMPLES / "user-onboarding",
    "payment-processing": EXAMPLES / "payment-processing",
    "kitchen-sink": Path(__file__).parent / "generate-python/kitchen-sink/source",
}


def texts(workflow: str) -> list[str]:
    """The documents of a case."""
    return [file.read_text("utf-8") for file in sorted(CASES[workflow].glob("*.yaml"))]


def ours(folder: Path) -> dict[str, str]:
    """The files of a tree that a golden has."""
    found = (path.relative_to(folder) for path in sorted(folder.rglob("*")))
    return {
        path.as_posix(): (folder / path).read_text("utf-8")
        for path in found
        if (folder / path).is_file() and not any(map(_is_left_out, path.parts[:-1]))
    }


def _is_left_out(part: str) -> bool:
    return part in ("magicflow", "__pycache__") or part.startswith(".")


def compare(expected: Path, project: Path, config: pytest.Config) -> None:
    """Fails where the trees differ, or makes them equal when goldens are updated."""
    known, found = ours(expected), ours(project)
    difference = "\n".join(_diff(known, found))
    if not config.getoption("--update-golden"):
        assert not difference, difference
        return
    assert not os.environ.get("CI"), "goldens are not updated in CI"
    print(difference)
    for path in known.keys() - found.keys():
        (expected / path).unlink()
    for path, text in found.items():
        (expected / path).parent.mkdir(parents=True, exist_ok=True)
        (expected / path).write_text(text, "utf-8")


def _diff(known: dict[str, str], found: dict[str, str]) -> Iterator[str]:
    for path in sorted({*known, *found}):
        before, after = (
            files.get(path, "").splitlines(keepends=True) for files in (known, found)
        )
        yield from difflib.unified_diff(before, after, f"expected/{path}", path)


def is_anywhere(project: Path) -> None:
    """Nothing in the tree names this machine's folders."""
    for path in project.rglob("*"):
        if path.is_file() and path.name != "lock" and "cache" not in str(path):
            content = path.read_bytes()
            assert str(ROOT).encode() not in content
            assert str(project).encode() not in content
