"""Limits are exact, and enforced before anything large is built."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from magicflow_cli.load import limits
from tests.unit.load.outline import data, load_yaml, problems

PURE = pytest.mark.parametrize("pure", [False, True], ids=["libyaml", "pure"])


@PURE
@pytest.mark.parametrize(
    "nest",
    [
        lambda depth: "[" * depth + "]" * depth,
        lambda depth: "{a: " * depth + "1" + "}" * depth,
        lambda depth: "- " * depth + "a",
        lambda depth: "".join(" " * i + f"k{i}:\n" for i in range(depth)),
        lambda depth: "\n".join(" " * i + "-" for i in range(depth)),
        lambda depth: "[\n" * depth + "]\n" * depth,
        lambda depth: "k:\n"
        + "".join(" " * i + "- a:\n" for i in range(1, depth - 1, 2)),
    ],
)
def test_depth_is_exact(nest: object, pure: bool) -> None:
    assert callable(nest)
    good = load_yaml(nest(limits.DEPTH), pure=pure)
    assert good.diagnostics == ()
    bad = load_yaml(nest(limits.DEPTH + 2), pure=pure)
    assert [d.code for d in bad.diagnostics] == ["MF0110"]
    assert not bad.documents


@PURE
@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        "{" * 200_000,
        "{a: " * 200_000,
        "- " * 200_000,
        "[\n" * 200_000,
        "-\n" + "".join(" " * i + "-\n" for i in range(1, 1000)),
        "[" * 200_000 + "]" * 200_000,
        "&a [" * 200_000,
        "!!seq [" * 140_000,
        "? [" * 200_000,
        "k: " + "[" * 200_000,
        "'x': [" * 100_000,
    ],
    ids=lambda text: text[:10],
)
def test_deep_nesting_costs_nothing(text: str, pure: bool) -> None:
    started = time.process_time()
    loaded = load_yaml(text, pure=pure)
    assert time.process_time() - started < 2
    assert loaded.diagnostics[-1].code in ("MF0110", "MF0203", "MF0206", "MF0217")
    assert not loaded.documents


def test_complex_keys_count_for_depth() -> None:
    loaded = load_yaml("? " * 200_000)
    assert problems(loaded)[-1][0] == "MF0110"


def test_nodes_are_counted() -> None:
    count = limits.NODES
    text = "- a\n" * (count - 1)
    assert load_yaml(text).diagnostics == ()
    assert problems(load_yaml(text + "- a\n")) == [("MF0111", 1, 1)]
    flow = "[" + "1," * (count - 1) + "]"
    assert load_yaml(flow).diagnostics == ()
    assert problems(load_yaml("[" + "1," * count + "]")) == [("MF0111", 1, 1)]


def test_keys_are_counted() -> None:
    entries = "".join(f"{i}: \n" for i in range(limits.NODES // 2))
    assert problems(load_yaml(entries)) == [("MF0111", 1, 1)]


def test_documents_share_the_limit() -> None:
    text = "---\n[" + "1," * 49_999 + "]\n"
    assert load_yaml(text * 2).diagnostics == ()
    assert problems(load_yaml(text * 2 + "--- a\n")) == [("MF0111", 1, 1)]


def aliased(levels: int, width: int = 10, text: str = "x") -> str:
    lines = ["a0: &a0 [" + ", ".join([text] * width) + "]"]
    for level in range(1, levels):
        items = ", ".join([f"*a{level - 1}"] * width)
        lines.append(f"a{level}: &a{level} [{items}]")
    return "\n".join(lines) + "\n"


@PURE
def test_aliases_expand_within_the_limits(pure: bool) -> None:
    assert data(aliased(4), pure=pure)["a3"][9][9][9][9] == "x"
    loaded = load_yaml(aliased(5), pure=pure)
    assert [d.code for d in loaded.diagnostics] == ["MF0112"]


def test_an_alias_bomb_builds_nothing() -> None:
    tracemalloc.start()
    loaded = load_yaml(aliased(60))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [d.code for d in loaded.diagnostics] == ["MF0112"]
    assert peak < 100 << 20


def test_aliases_of_long_texts_count_by_their_length() -> None:
    text = "a: &a " + "x" * 100_000 + "\nb: [" + ", ".join(["*a"] * 9) + "]\n"
    assert load_yaml(text).diagnostics == ()
    text = "a: &a " + "x" * 100_000 + "\nb: [" + ", ".join(["*a"] * 10) + "]\n"
    assert [d.code for d in load_yaml(text).diagnostics] == ["MF0112"]


def test_aliases_count_for_depth() -> None:
    half = "a: &a " + "[" * 32 + "]" * 32 + "\n"
    assert load_yaml(half + "b: " + "[" * 31 + "*a" + "]" * 31).diagnostics == ()
    loaded = load_yaml(half + "b: " + "[" * 32 + "*a" + "]" * 32)
    assert [d.code for d in loaded.diagnostics] == ["MF0110"]


def test_nested_anchors_know_their_own_height() -> None:
    text = "- &a [&b [[[x]]], y]\n- &c [z]\n- " + "[" * 60
    end = "]" * 60
    assert load_yaml(text + "*b" + end).diagnostics == ()
    assert load_yaml(text + "*c" + end).diagnostics == ()
    loaded = load_yaml(text + "*a" + end)
    assert [d.code for d in loaded.diagnostics] == ["MF0110"]


@PURE
def test_self_aliases(pure: bool) -> None:
    loaded = load_yaml("a: &a\n  - *a\n  - {k: *a}\n", pure=pure)
    assert problems(loaded) == [("MF0213", 2, 5), ("MF0213", 3, 9)]


def test_long_keys_over_many_values() -> None:
    head = "".join("{" + "k" * 1000 + str(i) + ": " for i in range(60))
    text = head + "[" + "1," * 50_000 + "]" + "}" * 60
    tracemalloc.start()
    loaded = load_yaml(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert problems(loaded) == [("MF0111", 1, 1)]
    assert peak < 100 << 20


def test_long_keys_under_aliases() -> None:
    head = "a: &a [" + "1," * 5_000 + "]\nb: "
    keys = "".join("{" + "k" * 1000 + str(i) + ": " for i in range(60))
    loaded = load_yaml(head + keys + "*a" + "}" * 60)
    assert problems(loaded) == [("MF0111", 1, 1)]


def test_problems_are_counted() -> None:
    assert len(load_yaml("- *a\n" * 99).diagnostics) == 99
    loaded = load_yaml("- *a\n" * 5000)
    assert len(loaded.diagnostics) == limits.PROBLEMS + 1
    assert loaded.diagnostics[-1].code == "MF0116"
    assert not loaded.documents


def test_memory_of_the_fullest_file() -> None:
    tracemalloc.start()
    loaded = load_yaml("[" + "'a'," * (limits.NODES - 1) + "]")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert loaded.diagnostics == ()
    assert peak < 100 << 20
