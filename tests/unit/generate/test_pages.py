"""The examples on the pages of MF4 codes are run: they say what the page shows, and
the mended ones succeed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.generate.pages import BLOCK, run_example

PAGES = Path(__file__).parents[3] / "docs" / "diagnostics"
CODES = sorted(
    page.stem for page in PAGES.glob("MF4*.md") if "```sh\n" in page.read_text("utf-8")
)


def test_the_pages_are_found() -> None:
    assert len(CODES) >= 10


@pytest.mark.parametrize("code", CODES)
def test_the_examples_of_a_page(code: str, tmp_path: Path) -> None:
    blocks = BLOCK.findall((PAGES / f"{code}.md").read_text("utf-8"))
    (_, commands), (_, message) = blocks[:2]
    (tmp_path / "bad").mkdir()
    status, said = run_example(commands, tmp_path / "bad")
    assert message.strip() in said
    severity = message.split()[1].rstrip(":")
    assert (status == 0) is (severity != "error")
    _, mended = blocks[2]
    (tmp_path / "good").mkdir()
    status, said = run_example(mended, tmp_path / "good")
    assert status == 0, said
    assert code not in said
