"""Comments that silence diagnostics, found in comments only."""

from __future__ import annotations

import pytest

from magicflow_cli.load import load_text
from tests.unit.load.outline import load_yaml, problems

MARK = "# magic-flow: ignore[MF3012]"
FOUND = frozenset({"MF3012"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"a: 1 {MARK}\n", {1: FOUND}),
        (f"{MARK}\na: 1\n", {1: FOUND}),
        (f"a: 1\n  {MARK}", {2: FOUND}),
        (f"a: | {MARK}\n  text\n", {1: FOUND}),
        (f"a: >- {MARK}\n  text\n{MARK}\n", {1: FOUND, 3: FOUND}),
        (f"a: [1, {MARK}\n 2]\n", {1: FOUND}),
        (f"a: &b {MARK}\n  c\n", {1: FOUND}),
        (f"a: 'x' {MARK}\n", {1: FOUND}),
        (f"a: x\n  y {MARK}\n", {2: FOUND}),
        (f"a: 1\r\nb: 2 {MARK}\r\n", {2: FOUND}),
        (f"a: 1\rb: 2 {MARK}\r", {2: FOUND}),
        (f"é: 😀\u2028 {MARK}\n", {1: FOUND}),
        (f"--- {MARK}\na: 1\n... {MARK}\n", {1: FOUND, 3: FOUND}),
        ("a: 1 #magic-flow:ignore[A1,B2 , C3]\n", {1: frozenset({"A1", "B2", "C3"})}),
        (f"a: 1 # because {MARK} of that\n", {1: FOUND}),
        (f"a: 1 {MARK} # magic-flow: ignore[X]\n", {1: frozenset({"MF3012", "X"})}),
        # no comments
        (f"a: '{MARK}'\n", {}),
        (f'a: "x\n  {MARK}"\n', {}),
        (f"a: |\n  {MARK}\n", {}),
        (f"a: |\n  x\n\n  {MARK}\n", {}),
        (f"a: >\n  {MARK}\n\nb: 1 {MARK}\n", {4: FOUND}),
        ("a: x#magic-flow:ignore[MF3012]\n", {}),
        (f"'{MARK}': 1\n", {}),
        (f"? |\n  {MARK}\n: 1\n", {}),
        ("a: 1 # ignore[MF3012]\n", {}),
        ("magic-flow: ignore\n", {}),
    ],
)
def test_comments_are_found(text: str, expected: dict[int, frozenset[str]]) -> None:
    for pure in (False, True):
        loaded = load_yaml(text, pure=pure)
        assert loaded.diagnostics == ()
        assert loaded.source.suppressions == expected


@pytest.mark.parametrize(
    "written",
    [
        "# magic-flow: ignore",
        "# magic-flow: ignore[]",
        "# magic-flow: ignore[,]",
        "# magic-flow: ignore[MF3012",
        "# magic-flow: ignore MF3012",
        "# magic-flow: ignore[MF3012 MF3013]",
        "# magic-flow: silence[MF3012]",
        "# magic-flow:",
    ],
)
def test_comments_that_cannot_be_read(written: str) -> None:
    loaded = load_yaml(f"a: 1 {written}  \n")
    assert problems(loaded) == [("MF8903", 1, 6)]
    span = loaded.diagnostics[0].span
    assert span is not None
    assert span.end_col == 6 + len(written)
    assert not loaded.source.suppressions


def test_json_has_no_comments() -> None:
    loaded = load_text(f'{{"a": "{MARK}"}}'.encode(), "f.json")
    assert loaded.diagnostics == ()
    assert not loaded.source.suppressions


def test_a_broken_file_keeps_what_was_found() -> None:
    loaded = load_yaml(f"a: 1 {MARK}\nb: 'x\n")
    assert loaded.source.suppressions == {1: FOUND}
