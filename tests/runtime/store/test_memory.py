"""The store in memory keeps the contract."""

from collections.abc import Callable

import pytest
from magicflow.store import MemoryStore, Store

from tests.runtime.store.contract import StoreContract


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def make(self) -> Callable[[], Store]:
        return MemoryStore
