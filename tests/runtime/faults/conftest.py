"""Every fault is tried on the server of every language that there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runtime.faults.processes import Place, languages


@pytest.fixture(params=languages())
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(tmp_path, request.param)
