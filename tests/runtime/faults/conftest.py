"""Every fault is tried on the server of every language that there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runtime.faults.processes import Place, command_of, languages


@pytest.fixture(params=languages())
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    command_of(request.param)  # is built here and not in what a test measures
    return Place(tmp_path, request.param)
