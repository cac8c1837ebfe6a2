"""Hostile texts wherever a plan has texts: generated Go is the same code around them,
formatted, and gives them back as they were."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from magicflow_cli.generate.model import Options, Request
from magicflow_cli.generate.registry import load_language
from magicflow_cli.generate.render import render_files
from tests.hostile.test_generated_python import hostile
from tests.hostile.texts import MARK, TEXTS
from tests.languages import go, need
from tests.unit.generate.plans import run

TARGETS = ("types", "executor", "server", "client")


def generate(text: str) -> dict[str, str]:
    request = Request((hostile(text),), load_language("go"), TARGETS, Options())
    files = {file.path: file.content for file in render_files(request, ())}
    return {
        k: v
        for k, v in files.items()
        if k.endswith(".go") and "/" in k and not k.startswith("magicflow/")
    }


def code_of(text: str) -> str:
    """Code without its comments, literals and columns."""
    lines = [line for line in text.splitlines() if not line.strip().startswith("//")]
    bare = re.sub(r'"(?:[^"\\\n]|\\.)*"', '""', "\n".join(lines))
    return re.sub(r"[ \t]+", " ", bare)


PLAIN = {path: code_of(text) for path, text in generate("plain").items()}


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_text_is_only_text(text: str) -> None:
    files = generate(text)
    assert {path: code_of(content) for path, content in files.items()} == PLAIN
    for content in files.values():
        head, _, body = f"\n{content}".partition("\npackage ")
        assert "//go:" not in head and "// +build" not in head and body


def test_it_is_formatted_with_every_text(tmp_path: Path) -> None:
    need("go")
    for index, text in enumerate(TEXTS):
        for path, content in generate(text).items():
            place = tmp_path / str(index) / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content, encoding="utf-8")
    done = subprocess.run(
        ["gofmt", "-l", "-d", "."], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout[:9000]) == (0, ""), done.stderr[:4000]


@pytest.mark.parametrize(
    "text", ['*/"\n' + MARK + "`\n", "\\", "\u2028\u202e{{ x }}\x00"]
)
def test_a_project_full_of_it_passes_its_tests(text: str, tmp_path: Path) -> None:
    need("go")
    assert run(tmp_path, [hostile(text)], TARGETS, language="go") == []
    done = go("test", "./...", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
