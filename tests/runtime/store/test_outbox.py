"""Outbox rows of the stores in Python: timers are read in pages, so that the server
answers in between; what is opened and closed at once is not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from magicflow.store import MemoryStore, SqliteStore, Store

from tests.runtime.store.contract import advance, begin, effect


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


@pytest.mark.parametrize("more", [0, 1, 2, 3])
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_what_a_transition_opens_and_closes_is_gone(
    kind: str, first: bool, more: int, tmp_path: Path
) -> None:
    """As the timer of a run that ends in the event that starts it."""
    store: Store = MemoryStore() if kind == "memory" else SqliteStore(tmp_path / "a.db")
    kept = [effect("a", "task", f"t{n}") for n in range(more)]
    timer = effect("a", "timer", "@run#timeout", due=9)
    opened = [timer, *kept] if first else [*kept, timer]
    both = begin("a", opened=opened)
    both.closed = [("a", "timer", "@run#timeout")]
    store.commit([both, begin("b", opened=[effect("b", "timer", "x", due=1)])])
    assert store.timers() == [("b", "x", 1)]
    assert store.effects(("task",)) == kept
    again = advance("a", 2, opened=[effect("a", "timer", "y", due=2)])
    again.closed = [("a", "timer", "y"), *[("a", "task", e.key) for e in kept]]
    store.commit([again])
    assert store.effects(("task", "timer"), "a") == []
    store.close()
