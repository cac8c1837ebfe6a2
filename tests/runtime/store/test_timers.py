"""Timers are read in pages, by stores in Python: the server answers in between."""

from __future__ import annotations

from pathlib import Path

import pytest
from magicflow.store import MemoryStore, SqliteStore, Store

from tests.runtime.store.contract import begin, effect


@pytest.mark.parametrize("size", [1, 3, 7, 100])
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_timers_come_in_pages(kind: str, size: int, tmp_path: Path) -> None:
    """Every open timer once, in the order of run and key, and no other row."""
    store: Store = MemoryStore() if kind == "memory" else SqliteStore(tmp_path / "a.db")
    wanted = []
    for name in ("a", "b", "c"):
        timers = [effect(name, "timer", f"t{n}", due=n) for n in range(4)]
        others = [effect(name, "task", "x"), effect(name, "webhook", "x")]
        store.commit([begin(name, opened=[*others, *timers])])
        wanted += [(name, f"t{n}", n) for n in range(4)]
    found: list[tuple[str, str, int]] = []
    after = ("", "")
    while page := store.timers(after, size):
        assert len(page) <= size
        found += page
        after = page[-1][:2]
    assert found == wanted == store.timers()
    store.close()
