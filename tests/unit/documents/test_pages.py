"""The examples of the pages fail with the page's code, and the mended ones fit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from magicflow_cli.diagnostics.codes import CODES
from magicflow_cli.diagnostics.model import Report
from magicflow_cli.documents import parse
from magicflow_cli.load import load_text

PAGES = Path(__file__).parents[3] / "docs" / "diagnostics"
SHAPES = sorted(code for code in CODES if code.startswith("MF04"))


def diagnose(text: str) -> Report:
    report = Report()
    for document in load_text(text.encode(), "order.yaml").documents:
        parse(document, report)
    return report


@pytest.mark.parametrize("code", SHAPES)
def test_a_page_is_true(code: str) -> None:
    page = (PAGES / f"{code}.md").read_text()
    assert page.startswith(f"# {code}: {CODES[code].title}\n")
    bad, good = re.findall(r"```yaml\n(.*?)```", page, re.S)
    assert {d.code for d in diagnose(bad).diagnostics} == {code}
    assert diagnose(good).diagnostics == []
