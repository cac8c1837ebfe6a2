"""Every fault is tried on the servers of all languages; a missing toolchain is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.languages import need
from tests.runtime.faults.processes import SERVERS, Place, command_of


@pytest.fixture(params=SERVERS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param != "python":
        need(request.param)
    command_of(request.param)  # is built here and not in what a test measures
    return Place(tmp_path, request.param)
