"""libyaml and the pure Python parser: one tree, the same spans, the same diagnostics."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from magicflow_cli.load import load_text
from magicflow_cli.load.pure_parser import PureParser
from magicflow_cli.load.yaml_parsers import open_parser
from tests.hostile.mutation import mutate
from tests.hostile.seeds import YAML
from tests.unit.load.outline import outline

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").rglob("*.yaml"))

pytestmark = pytest.mark.skipif(
    not yaml.__with_libyaml__, reason="PyYAML was built without libyaml"
)


def read(data: bytes, pure: bool) -> object:
    loaded = load_text(data, "f.yaml", pure=pure)
    trees = [outline(document.root) for document in loaded.documents]
    return trees, loaded.diagnostics, loaded.source.suppressions


def check(data: bytes) -> None:
    assert read(data, pure=False) == read(data, pure=True), data


@pytest.mark.parametrize("seed", YAML)
def test_seeds(seed: str) -> None:
    check(seed.encode())
    assert load_text(seed.encode(), "f.yaml").documents


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples(path: Path) -> None:
    check(path.read_bytes())


@pytest.mark.parametrize("seed", range(20))
def test_broken_seeds(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(100):
        check(mutate(rng.choice(YAML).encode(), rng))


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet=" \t\n\r-?:,[]{}#&*!|>'\"%@`\\aé1.~<x\u2028", max_size=40))
def test_any_text_of_indicators(text: str) -> None:
    check(text.encode())


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["- ", "? ", ": ", "a", "\n", " ", "&a ", "*a", "!t "]))
)
def test_any_text_of_tokens(parts: list[str]) -> None:
    check("".join(parts).encode())


def test_the_environment_chooses_the_pure_parser(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not isinstance(open_parser("a"), PureParser)
    monkeypatch.setenv("MAGICFLOW_PURE_YAML", "1")
    assert isinstance(open_parser("a"), PureParser)
    assert not isinstance(open_parser("a", pure=False), PureParser)


def test_without_libyaml_the_pure_parser_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    assert isinstance(open_parser("a", pure=False), PureParser)
