"""The examples on the pages of our codes are run: they say what the pages show, and
the mended ones say nothing."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from magicflow_cli.diagnostics.codes import CODES
from magicflow_cli.diagnostics.finish import finish
from magicflow_cli.diagnostics.model import Diagnostic
from magicflow_cli.diagnostics.render import render
from magicflow_cli.load import Loaded, load_file, load_text

PAGES = Path(__file__).parents[3] / "docs" / "diagnostics"
OURS = sorted(
    code
    for code in CODES
    if code.startswith(("MF01", "MF02", "MF03", "MF89")) and code != "MF0200"
)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
_FILES = {"yaml": "workflow.yaml", "json": "workflow.json", "sh": "workflow.yaml"}


def load(language: str, text: str, folder: Path) -> Loaded:
    name = _FILES[language]
    if language != "sh":
        return load_text(text.encode(), name)
    subprocess.run(
        ["sh", "-c", text], cwd=folder, stderr=subprocess.DEVNULL, check=True
    )
    return load_file(folder / name, name)


def finished(loaded: Loaded) -> tuple[Diagnostic, ...]:
    return finish(loaded.diagnostics, {loaded.source.file: loaded.source})


@pytest.mark.parametrize("code", OURS)
def test_the_examples_of_a_page(code: str, tmp_path: Path) -> None:
    page = (PAGES / f"{code}.md").read_text("utf-8")
    blocks = _BLOCK.findall(page)
    (language, example), (_, message) = blocks[:2]
    loaded = load(language, example, tmp_path)
    shown = [d for d in finished(loaded) if d.code == code]
    assert len(shown) == 1
    sources = {loaded.source.file: loaded.source}
    assert render("full", shown, sources, width=88).rstrip() == message.rstrip()
    for language, mended in blocks[2:]:
        assert finished(load(language, mended, tmp_path)) == ()
