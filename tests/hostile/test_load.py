"""Files that mean harm, and the fuzzer itself."""

from __future__ import annotations

import os
import time
import tracemalloc
from collections.abc import Callable

import pytest

from magicflow_cli.load import load_text
from tests.hostile import fuzz
from tests.hostile.compiler import check_load

MIB = 1 << 20

FILES: dict[str, Callable[[], str]] = {
    "brackets": lambda: "[" * 200_000,
    "braces": lambda: "{" * 200_000,
    "closed brackets": lambda: "[" * 200_000 + "]" * 200_000,
    "dashes": lambda: "- " * 200_000,
    "question marks": lambda: "? " * 200_000,
    "colons": lambda: ": " * 200_000,
    "anchors": lambda: "&a " * 200_000,
    "many anchors": lambda: "".join(f"- &a{i} x\n" for i in range(40_000)),
    "tags": lambda: "!!str " * 100_000,
    "many tags": lambda: "- !!str x\n" * 49_000,
    "aliases": lambda: "- &a x\n" + "- *a\n" * 90_000,
    "quotes": lambda: "'" * 500_000,
    "open quote": lambda: '"' + "x" * 900_000,
    "escapes": lambda: '"' + "\\x41" * 200_000 + '"',
    "line breaks": lambda: "\n" * 900_000,
    "spaces": lambda: " " * 900_000,
    "comments": lambda: "# c\n" * 200_000,
    "suppressions": lambda: "a: 1\n" + "# magic-flow: ignore[MF3012]\n" * 30_000,
    "bad suppressions": lambda: "# magic-flow:\n" * 60_000,
    "suppressions in texts": lambda: "- '# magic-flow: ignore[A]'\n" * 30_000,
    "documents": lambda: "---\na\n" * 30_000,
    "empty documents": lambda: "---\n" * 200_000,
    "document ends": lambda: "...\n" * 200_000,
    "keys": lambda: "".join(f"k{i}: v\n" for i in range(49_000)),
    "equal keys": lambda: "k: v\n" * 49_000,
    "long key": lambda: "? " + "k" * 900_000 + "\n: v\n",
    "long plain key": lambda: "k" * 900_000 + ": v\n",
    "long line": lambda: "k: " + "v" * 900_000,
    "plain lines": lambda: "k: v\n" + "  v\n" * 200_000,
    "block lines": lambda: "k: |\n" + "  v\n" * 200_000,
    "folded lines": lambda: "k: >\n" + "  v\n\n" * 180_000,
    "flow lines": lambda: "[\n" + "a,\n" * 60_000 + "]\n",
    "flow keys": lambda: "{" + "".join(f"k{i}: v," for i in range(40_000)) + "}",
    "line separators": lambda: "k: " + "\u2028" * 300_000,
    "next lines": lambda: "k: '" + "\x85\n" * 200_000 + "'",
    "percent signs": lambda: "%\n" * 100_000,
    "directives": lambda: "%YAML 1.2\n" * 50_000,
    "tag escapes": lambda: "- !%41 x\n" * 50_000,
    "bad tag escape at the end": lambda: "- x\n" * 90_000 + "- !%FF x\n",
    "digits": lambda: "1" * 10_000,
    "all digits": lambda: "1" * 900_000,
    "exponent": lambda: "1e" + "9" * 10_000,
    "alias bomb": lambda: "a: &a [x]\n"
    + "".join(
        f"{chr(b + 1)}: &{chr(b + 1)} [{', '.join(['*' + chr(b)] * 9)}]\n"
        for b in range(ord("a"), ord("z"))
    ),
    "self alias": lambda: "&a [*a, *a]",
    "python": lambda: "!!python/object/apply:os.system [touch /tmp/owned]",
    "nul": lambda: "a: b\0\n",
    "3 MB": lambda: "a" * 3_000_000,
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_a_hostile_file_is_cheap(name: str, suffix: str) -> None:
    data = FILES[name]().encode()
    started = time.process_time()
    loaded = load_text(data, f"f.{suffix}")
    assert time.process_time() - started < 4  # 2 s on a machine that is not shared
    assert loaded.documents or loaded.diagnostics


@pytest.mark.parametrize("name", ["alias bomb", "keys", "aliases", "many tags"])
def test_a_hostile_file_is_small_in_memory(name: str) -> None:
    data = FILES[name]().encode()
    tracemalloc.start()
    try:
        load_text(data, "f.yaml")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 200 * MIB


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_can_be_shown(name: str) -> None:
    started = time.process_time()
    check_load(FILES[name]().encode())
    assert time.process_time() - started < 10


@pytest.mark.parametrize("target", sorted(fuzz.TARGETS))
def test_fuzzing(target: str) -> None:
    failures = list(fuzz.run(300, 7, fuzz.TARGETS[target]))
    assert [(f.index, f.data, f.reason) for f in failures] == []


def test_the_fuzzer_notices_exceptions() -> None:
    def check(data: bytes) -> None:
        assert b"Workflow" in data, "not there"

    failures = list(fuzz.run(60, 1, check))
    assert failures
    assert all("not there" in failure.reason for failure in failures)
    assert failures[0].data == fuzz.mutant(failures[0].index, 1, fuzz.corpus())


def test_the_fuzzer_notices_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "SECONDS", 0.05)

    def check(_data: bytes) -> None:
        while True:
            pass

    [failure] = fuzz.run(1, 1, check)
    assert "took longer" in failure.reason


def test_the_fuzzer_notices_crashes() -> None:
    [first, second] = fuzz.run(2, 1, lambda data: os._exit(9))
    assert "died" in first.reason
    assert (first.index, second.index) == (0, 1)


def test_the_fuzzer_notices_memory() -> None:
    [failure] = fuzz.run(1, 1, lambda data: bytearray(400 * MIB))
    assert "MemoryError" in failure.reason
