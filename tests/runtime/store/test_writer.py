"""Group commit: order, acknowledgement, and what happens behind a failed batch."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Condition, Event

import pytest
from magicflow.store import Conflict, MemoryStore, Setting, StoreError, Write
from magicflow.store.writer import MAX_BATCH, GroupWriter, InlineWriter, Writer

from tests.runtime.store.contract import advance, begin


class FaultyStore(MemoryStore):
    """Fails when told to, before or after it has written."""

    def __init__(self) -> None:
        super().__init__()
        self.fail: str | None = None
        self.gate = Event()
        self.gate.set()
        self.batches: list[int] = []

    def commit(self, writes: Sequence[Write]) -> None:
        self.gate.wait(5)
        self.batches.append(len(writes))
        if self.fail == "before":
            raise StoreError("disk full")
        super().commit(writes)
        if self.fail == "after":
            raise StoreError("timeout")
        if self.fail == "bug":
            raise ZeroDivisionError


class Fates:
    def __init__(self) -> None:
        self.list: list[tuple[Write, BaseException | None]] = []
        self.changed = Condition()

    def __call__(self, writes: Sequence[Write], error: BaseException | None) -> None:
        with self.changed:
            self.list += [(write, error) for write in writes]
            self.changed.notify()

    def wait(self, wanted: int) -> list[BaseException | None]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.list) >= wanted, timeout=20)
            return [error for _, error in self.list]


@pytest.fixture(params=[GroupWriter, InlineWriter])
def kind(request: pytest.FixtureRequest) -> type[Writer]:
    return request.param  # type: ignore[no-any-return]


def test_writes_are_acknowledged_in_order(kind: type[Writer]) -> None:
    fates = Fates()
    writer = kind(MemoryStore(), fates)  # type: ignore[call-arg]
    writes: list[Write] = [Setting(f"s{n}", "1") for n in range(2000)]
    for write in writes:
        writer.submit([write])
    assert fates.wait(2000) == [None] * 2000
    assert [write for write, _ in fates.list] == writes
    writer.close()


def test_what_waits_together_is_written_together() -> None:
    store, fates = FaultyStore(), Fates()
    writer = GroupWriter(store, fates)
    store.gate.clear()
    writer.submit([Setting("first", "1")])
    for n in range(100):
        writer.submit([Setting(f"s{n}", "1")])
    store.gate.set()
    fates.wait(101)
    assert sum(store.batches) == 101
    assert len(store.batches) <= 3
    writer.close()


def test_a_conflict_refuses_only_its_own_write(kind: type[Writer]) -> None:
    fates = Fates()
    store = MemoryStore()
    writer = kind(store, fates)  # type: ignore[call-arg]
    writer.submit([begin("a"), advance("a", 7), begin("b"), advance("b", 2)])
    errors = fates.wait(4)
    assert [type(error) for error in errors] == [
        type(None),
        Conflict,
        type(None),
        type(None),
    ]
    assert len(store.log("b")) == 2
    writer.close()


@pytest.mark.parametrize("fault", ["before", "after", "bug"])
def test_nothing_overtakes_a_failed_batch(kind: type[Writer], fault: str) -> None:
    store, fates = FaultyStore(), Fates()
    writer = kind(store, fates)  # type: ignore[call-arg]
    store.fail = fault
    writer.submit([begin("a")])
    fates.wait(1)
    store.fail = None
    writer.submit([Setting("small", "1")])
    errors = fates.wait(2)
    assert all(isinstance(error, StoreError) for error in errors)
    assert store.setting("small") is None
    assert (store.run("a") is not None) == (fault != "before")
    writer.resume()
    writer.submit([Setting("small", "1")])
    assert fates.wait(3)[2] is None
    assert store.setting("small") == "1"
    writer.close()


def test_a_failure_while_sorting_out_a_conflict_stops_the_rest() -> None:
    class FailsSecond(FaultyStore):
        def commit(self, writes: Sequence[Write]) -> None:
            # once: whoever went on behind it would succeed
            self.fail = "before" if len(self.batches) == 2 else None
            super().commit(writes)

    store, fates = FailsSecond(), Fates()
    writer = InlineWriter(store, fates)
    writer.submit([begin("a"), advance("a", 9), begin("b")])
    assert [type(error) for error in fates.wait(3)] == [
        type(None),
        StoreError,
        StoreError,
    ]
    assert store.run("b") is None


def test_closing_writes_what_is_queued() -> None:
    store, fates = FaultyStore(), Fates()
    writer = GroupWriter(store, fates)
    store.gate.clear()
    for n in range(10):
        writer.submit([Setting(f"s{n}", "1")])
    store.gate.set()
    writer.close()
    assert len(fates.list) == 10


def test_the_last_write_may_be_the_one_that_fails() -> None:
    class FailsSecond(FaultyStore):
        def commit(self, writes: Sequence[Write]) -> None:
            # once: whoever went on behind it would succeed
            self.fail = "before" if len(self.batches) == 2 else None
            super().commit(writes)

    fates = Fates()
    writer = InlineWriter(FailsSecond(), fates)
    writer.submit([begin("a"), advance("a", 9)])
    assert [type(error) for error in fates.wait(2)] == [type(None), StoreError]


def test_more_than_a_batch_at_once() -> None:
    store, fates = FaultyStore(), Fates()
    writer = GroupWriter(store, fates)
    writes: list[Write] = [Setting(f"s{n}", "1") for n in range(3 * MAX_BATCH + 1)]
    writer.submit([*writes])
    writer.close()
    assert [write for write, _ in fates.list] == writes
    assert max(store.batches) == MAX_BATCH
