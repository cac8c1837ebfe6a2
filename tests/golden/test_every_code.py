"""No code without an example that brings it forth and one that does not: each page is
run by one of the suites below, or its code is held by a test that is named here."""

from __future__ import annotations

from pathlib import Path

import pytest

from magicflow_cli.diagnostics.codes import CODES
from tests.e2e.test_pages import pages_with_commands
from tests.golden.test_pages import _pages_with_examples
from tests.unit.generate.test_pages import CODES as GENERATING
from tests.unit.load.test_diagnostic_pages import OURS as LOADING
from tests.unit.verify.test_pages import CODES as VERIFYING

ROOT = Path(__file__).parents[2]
PAGES = {
    *(page.stem for page in _pages_with_examples()),
    *(page.stem for page in pages_with_commands()),
    *GENERATING,
    *LOADING,
    *VERIFYING,
}
ELSEWHERE = {
    "MF0011": "tests/e2e/test_commands.py",
    "MF0200": "tests/unit/load/test_problems.py",  # what no other code of YAML says
    "MF4006": "tests/unit/generate/test_writing.py",
    "MF4008": "tests/unit/generate/test_changes.py",
    "MF4101": "tests/unit/generate/test_changes.py",
    "MF4102": "tests/unit/generate/test_changes.py",
    "MF9000": "tests/unit/cli/test_main.py",
}


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_code_has_its_example_run(code: str) -> None:
    if code in ELSEWHERE:
        assert code in (ROOT / ELSEWHERE[code]).read_text("utf-8")
    else:
        assert code in PAGES
