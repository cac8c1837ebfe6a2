"""The types of the whole corpus as generated code: formatted, typed, and with the
runtime's defaults. Their verdicts are tests/exactness/test_corpus.py's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import black
import pytest
from magicflow import models as mf
from magicflow.types import DomainError, TypeSet, apply_defaults, decode_json

from magicflow_cli.plan import to_json
from tests.exactness.compiling import CompiledCorpus, compile_corpus
from tests.exactness.corpus import Group, read_corpus
from tests.exactness.drivers import python_generated
from tests.exactness.equality import equal

CORPUS = sorted((Path(__file__).parents[2] / "exactness" / "corpus").glob("*.jsonl"))


@pytest.fixture(scope="module")
def groups() -> list[Group]:
    return [group for path in CORPUS for group in read_corpus(path)]


@pytest.fixture(scope="module")
def compiled(groups: list[Group]) -> CompiledCorpus:
    return compile_corpus(groups)


@pytest.fixture(scope="module")
def folder(compiled: CompiledCorpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("generated")
    python_generated.prepare(compiled, made)
    return made


@pytest.fixture(scope="module")
def roots(folder: Path) -> Iterator[dict[str, mf.Codec[Any]]]:
    """The decoder of each group, by its id."""
    sys.path.insert(0, str(folder))
    yield import_module("generated_roots").ROOTS
    sys.path.remove(str(folder))
    for name in ("generated_roots", "generated_types"):
        del sys.modules[name]


def test_defaults_are_those_of_the_server(
    groups: list[Group], compiled: CompiledCorpus, roots: dict[str, mf.Codec[Any]]
) -> None:
    types = TypeSet(compiled.types_json())
    filled = 0
    for group in groups:
        if group.id not in compiled.roots:
            continue
        codec = roots[group.id]
        for instance in group.instances:
            if not instance.valid or not hasattr(codec.type, "with_defaults"):
                continue
            value = decode_json(instance.json)
            expected = apply_defaults(types, to_json(compiled.roots[group.id]), value)
            found = codec.from_json(value).with_defaults().to_json()
            assert equal(found, expected), (group.id, instance.json)
            filled += expected != value
    assert filled


def test_the_module_is_formatted(folder: Path) -> None:
    text = (folder / "generated_types.py").read_text("utf-8")
    mode = black.Mode(target_versions={black.TargetVersion.PY311})
    assert black.format_str(text, mode=mode) == text


def test_the_module_is_typed(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "generated_types.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_nothing_raises_but_value_errors(roots: dict[str, mf.Codec[Any]]) -> None:
    hostile: list[Any] = [None, True, 0, -1.5, "", "x" * 10_000, [], {}, [[]], {"": {}}]
    hostile += [{"a": [{"b": None}] * 50}, "\u2028\x00", [True, 1, 1.0]]
    for codec in roots.values():
        for value in hostile:
            with suppress(ValueError, DomainError):
                codec.to_json(codec.from_json(value))
