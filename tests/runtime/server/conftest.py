"""A client of the server that a module runs: the module's own fixture `running`."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.runtime.server.described import Described
from tests.runtime.serving import Running


@pytest.fixture(scope="module")
def described(running: Running) -> Described:
    answer = httpx.get(f"{running.url}/openapi.json", headers=running.headers)
    return Described(answer.json())


@pytest.fixture
def http(running: Running, described: Described) -> Iterator[httpx.Client]:
    """Every answer that it gets is held against the server's description."""
    with httpx.Client(
        base_url=running.url,
        headers=running.headers,
        timeout=10,
        event_hooks={"response": [described]},
    ) as http:
        yield http
