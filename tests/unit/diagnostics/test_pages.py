"""Every code has a page, every page has a code, and they agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from magicflow_cli.diagnostics.codes import CODES

PAGES = Path(__file__).parents[3] / "docs" / "diagnostics"


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_code_has_a_page(code: str) -> None:
    path = PAGES / f"{code}.md"
    assert path.is_file(), f"docs/diagnostics/{code}.md is missing"
    text = path.read_text("utf-8")
    assert text.splitlines()[0] == f"# {code}: {CODES[code].title}"
    headings = re.findall(r"^## (.+)$", text, re.M)
    assert headings[:2] == ["Example", "How to mend it"]
    meaning = text.split("\n## Example", 1)[0].split("\n", 1)[1]
    assert meaning.strip()


def test_a_page_has_a_code() -> None:
    assert {path.stem for path in PAGES.glob("MF*.md")} <= set(CODES)


@pytest.mark.parametrize("code", sorted(CODES))
def test_codes_and_titles_have_a_form(code: str) -> None:
    assert re.fullmatch(r"MF[0-9]{4}", code)
    assert CODES[code].id == code
    title = CODES[code].title
    assert title[0].isupper() or not title[0].isalpha()
    assert not title.endswith(".")
