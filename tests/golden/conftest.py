"""One test per case folder."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent
collect_ignore_glob = ["*/in/*", "*/expected/*"]
"""Generated projects have tests of their own."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        cases = sorted(folder.parent for folder in HERE.rglob("in") if folder.is_dir())
        metafunc.parametrize(
            "case", cases, ids=[case.relative_to(HERE).as_posix() for case in cases]
        )
