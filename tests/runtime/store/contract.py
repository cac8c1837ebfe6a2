"""What every store must do, as cases that run against each implementation.

| Case | What it proves |
|---|---|
| a_transition_is_all_or_nothing | run row, log, history and outbox of a transition appear together, and none of them after a conflict |
| only_the_next_version_is_taken | compare-and-set: a stale, repeated or skipped version is refused and changes nothing |
| a_run_that_is_not_there_cannot_advance | a transition of a run that was never begun, or that was erased, is refused and leaves nothing |
| of_two_writers_one_wins | two writers that decided on the same version: exactly one transition stands |
| a_batch_is_all_or_nothing | one conflicting write takes its whole batch with it |
| a_run_may_advance_twice_in_a_batch | group commit may hold several transitions of one run, in order |
| an_idempotency_key_names_one_run | the second start with a key is refused; another workflow may use the key; erasing frees it |
| history_keeps_its_order | the log comes back in the order of versions, from any version, in pages without gaps |
| paging_has_no_gaps | pages of runs cover every run once while new runs are added between pages |
| filters_restrict | each filter gives what it says and nothing else |
| outbox_rows_stand_until_closed | opened rows are there after commit, closed ones are gone, in order of run and key |
| opened_and_closed_in_one_batch_is_closed | the outbox follows the order of the writes within a batch |
| every_open_timer_is_read_once | timers come in pages that cover each of them once, in order of run and key, whatever is opened and closed between the pages |
| a_timer_belongs_to_its_occurrence | two occurrences' timers are two rows; closing one leaves the other |
| an_outbox_row_can_be_rewritten | a lease changes `delivery` without another row, and never brings a closed row back |
| listeners_are_found_by_event | only listeners of the event, of every run |
| plans_are_kept_by_hash | a plan is written once and stays as it was |
| settings_are_named_values | set, overwrite, remove |
| erasing_leaves_nothing | run, log and outbox are gone; other runs stay |
| open_runs_are_counted | only runs without an end count; the open run of a foreign id is the newest |
| an_accepted_run_has_no_log | version 0 is a row and an outbox, and version 1 follows it |
| ended_runs_expire | only runs of the workflow that ended in these states before the time |
| reads_see_whole_batches | who reads while batches are written sees all of a batch or nothing of it |
| reads_are_copies | changing what a read gave changes nothing in the store |
| a_store_knows_its_size_and_can_be_reopened | its size counts what it holds; reopening keeps what was committed, and writing goes on |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Event, Thread

import pytest
from magicflow.store import (
    Conflict,
    Effect,
    Erasure,
    OutboxChange,
    PlanRow,
    RunFilter,
    RunRow,
    Setting,
    Store,
    Transition,
)
from magicflow.store.model import EffectKind


def begin(run_id: str, at: int = 1000, **members: object) -> Transition:
    row = RunRow(
        id=run_id,
        workflow="order",
        workflow_version="1.0.0",
        plan_hash="h",
        status="running",
        version=1,
        created_at=at,
        updated_at=at,
    )
    write = {k: members.pop(k) for k in ("opened", "event") if k in members}
    return advance(run_id, 1, at=at, begins=replace(row, **members), **write)  # type: ignore[arg-type]


def advance(run_id: str, version: int, **members: object) -> Transition:
    write = Transition(
        run_id=run_id,
        version=version,
        at=1000 + version,
        status="running",
        event=f'{{"n":{version}}}',
        changes=f'{{"run":{{"version":{version}}}}}',
        history=f'[{{"n":{version}}}]',
        history_end=version,
    )
    return replace(write, **members)  # type: ignore[arg-type]


def effect(run_id: str, kind: EffectKind, key: str, **members: object) -> Effect:
    return replace(Effect(run_id, kind, key), **members)  # type: ignore[arg-type]


class StoreContract:
    """Subclasses give a fixture `make` that creates an empty store."""

    @pytest.fixture
    def store(self, make: Callable[[], Store]) -> Store:
        return make()

    def test_a_transition_is_all_or_nothing(self, store: Store) -> None:
        timer = effect("a", "timer", "t", due=5)
        store.commit([begin("a")])
        store.commit([advance("a", 2, opened=[timer], status="waiting")])
        row = store.run("a")
        assert row is not None
        assert (row.version, row.status, row.updated_at) == (2, "waiting", 1002)
        assert [r.version for r in store.log("a")] == [1, 2]
        assert store.effects(["timer"]) == [timer]
        late = effect("a", "task", "late")
        with pytest.raises(Conflict):
            store.commit([advance("a", 2, opened=[late], closed=[("a", "timer", "t")])])
        assert store.run("a") == row
        assert [r.version for r in store.log("a")] == [1, 2]
        assert store.effects(["timer", "task"]) == [timer]

    @pytest.mark.parametrize("version", [1, 2, 4, 0])
    def test_only_the_next_version_is_taken(self, store: Store, version: int) -> None:
        store.commit([begin("a"), advance("a", 2)])
        with pytest.raises(Conflict) as refused:
            store.commit([advance("a", version)])
        assert refused.value.reason == "version"
        assert refused.value.run_id == "a"
        assert len(store.log("a")) == 2

    def test_a_run_that_is_not_there_cannot_advance(self, store: Store) -> None:
        store.commit([begin("gone"), Erasure("gone")])
        for run_id in ("nobody", "gone"):
            late = effect(run_id, "task", "late")
            with pytest.raises(Conflict):
                store.commit([advance(run_id, 2, opened=[late])])
            assert store.run(run_id) is None
            assert store.log(run_id) == []
        assert store.effects(["task"]) == []

    def test_of_two_writers_one_wins(self, store: Store) -> None:
        store.commit([begin("a")])
        store.commit([advance("a", 2, event='"first"')])
        with pytest.raises(Conflict):
            store.commit([advance("a", 2, event='"second"')])
        assert [row.event for row in store.log("a", after=1)] == ['"first"']

    def test_a_batch_is_all_or_nothing(self, store: Store) -> None:
        store.commit([begin("a")])
        with pytest.raises(Conflict):
            store.commit([begin("b"), advance("a", 5), Setting("s", "1")])
        assert store.run("b") is None
        assert store.setting("s") is None

    def test_a_run_may_advance_twice_in_a_batch(self, store: Store) -> None:
        store.commit([begin("a"), advance("a", 2), begin("b"), advance("a", 3)])
        row = store.run("a")
        assert row is not None and row.version == 3
        assert [r.event for r in store.log("a")] == ['{"n":1}', '{"n":2}', '{"n":3}']

    def test_an_idempotency_key_names_one_run(self, store: Store) -> None:
        store.commit([begin("a", idempotency_key="k")])
        assert store.run_of_key("order", "k") == "a"
        with pytest.raises(Conflict) as refused:
            store.commit([begin("b", idempotency_key="k")])
        assert refused.value.reason == "key"
        with pytest.raises(Conflict):
            store.commit([begin("a")])
        store.commit([begin("c", idempotency_key="k", workflow="other")])
        assert store.run_of_key("other", "k") == "c"
        store.commit([Erasure("a")])
        assert store.run_of_key("order", "k") is None
        store.commit([begin("d", idempotency_key="k")])

    def test_history_keeps_its_order(self, store: Store) -> None:
        store.commit([begin("a")] + [advance("a", n) for n in range(2, 60)])
        store.commit([advance("a", n) for n in range(60, 121)])
        seen: list[int] = []
        while page := store.log("a", after=seen[-1] if seen else 0, limit=7):
            assert len(page) <= 7
            seen += [row.version for row in page]
            assert all(row.history_end == row.version for row in page)
        assert seen == list(range(1, 121))

    def test_paging_has_no_gaps(self, store: Store) -> None:
        before = [f"r{n:03}" for n in range(20)]
        store.commit([begin(run_id) for run_id in before])
        seen: list[str] = []
        last = None
        while page := store.runs(RunFilter(), before=last, limit=6):
            seen += [row.id for row in page]
            last = seen[-1]
            store.commit([begin(f"s{len(seen):03}")])
        assert seen == before[::-1]

    def test_filters_restrict(self, store: Store) -> None:
        store.commit(
            [
                begin("a", at=10, foreign_id="f"),
                begin("b", at=20, workflow="other"),
                begin("c", at=30, parent="a:child"),
                advance("c", 2, status="failed", ended_at=31),
                begin("d", at=40),
                advance("d", 2, status="completed", ended_at=41),
            ]
        )

        def ids(**members: object) -> str:
            found = store.runs(RunFilter(**members))  # type: ignore[arg-type]
            return "".join(row.id for row in found)

        assert ids() == "dcba"
        assert ids(workflow="other") == "b"
        assert ids(status=frozenset({"running"})) == "ba"
        assert ids(status=frozenset({"failed", "completed"})) == "dc"
        assert ids(foreign_id="f") == "a"
        assert ids(parent="a:child") == "c"
        assert ids(created_from=20, created_to=40) == "cb"
        assert ids(open_only=True) == "ba"
        assert ids(workflow="order", open_only=True) == "a"

    def test_outbox_rows_stand_until_closed(self, store: Store) -> None:
        rows = [effect("a", "task", f"t{n}", name="svc", payload="1") for n in (2, 1)]
        store.commit([begin("b", opened=[]), begin("a")])
        store.commit([advance("a", 2, opened=rows)])
        store.commit([advance("b", 2, opened=[effect("b", "task", "t0")])])
        keys = [(e.run_id, e.key) for e in store.effects(["task"])]
        assert keys == [("a", "t1"), ("a", "t2"), ("b", "t0")]
        assert [e.key for e in store.effects(["task"], run_id="b")] == ["t0"]
        assert store.effects(["timer"]) == []
        store.commit([OutboxChange(closed=[("a", "task", "t1"), ("b", "task", "t0")])])
        assert store.effects(["task", "timer"]) == [rows[0]]
        store.commit([OutboxChange(closed=[("a", "task", "t1")])])
        assert store.effects(["task"]) == [rows[0]]

    def test_opened_and_closed_in_one_batch_is_closed(self, store: Store) -> None:
        store.commit(
            [
                begin("a"),
                advance("a", 2, opened=[effect("a", "timer", "t")]),
                advance("a", 3, closed=[("a", "timer", "t")]),
            ]
        )
        assert store.effects(["timer"]) == []

    def test_every_open_timer_is_read_once(self, store: Store) -> None:
        def timer(run_id: str, number: int) -> Effect:
            return effect(run_id, "timer", f"w{number}#wait", due=number)

        runs = "abc"
        rows = {run_id: [timer(run_id, n) for n in range(5)] for run_id in runs}
        store.commit([begin(run_id, opened=rows[run_id]) for run_id in runs])
        store.commit([advance("a", 2, opened=[effect("a", "task", "w2#wait")])])
        seen: list[tuple[str, str, int]] = []
        after = ("", "")
        while page := store.timers(after, 4):
            assert len(page) <= 4
            seen += page
            after = page[-1][:2]
            gone = [("a", "timer", "w0#wait")]  # behind: it was read already
            store.commit([OutboxChange(closed=gone)])
        assert seen == [(r, f"w{n}#wait", n) for r in runs for n in range(5)]
        assert store.timers() == seen[1:]

    def test_a_timer_belongs_to_its_occurrence(self, store: Store) -> None:
        timers = [effect("a", "timer", f"wait{v}#wait", due=9) for v in ("", "~2")]
        store.commit([begin("a"), advance("a", 2, opened=timers)])
        store.commit([advance("a", 3, closed=[("a", "timer", "wait#wait")])])
        assert store.effects(["timer"]) == timers[1:]
        assert store.timers() == [("a", "wait~2#wait", 9)]

    def test_an_outbox_row_can_be_rewritten(self, store: Store) -> None:
        task = effect("a", "task", "t", name="svc", payload='{"x":1}')
        store.commit([begin("a"), advance("a", 2, opened=[task])])
        claimed = replace(task, delivery=3, payload='{"x":2}')
        store.commit([OutboxChange(changed=[claimed])])
        assert store.effects(["task"]) == [claimed]
        store.commit([OutboxChange(closed=[("a", "task", "t")])])
        store.commit([OutboxChange(changed=[replace(task, delivery=4)])])
        assert store.effects(["task"]) == [], "what is gone stays gone"

    def test_listeners_are_found_by_event(self, store: Store) -> None:
        mine = effect("a", "listen", "l", name="paid")
        store.commit(
            [begin("a", opened=[mine, effect("a", "timer", "x", name="paid")])]
        )
        store.commit([begin("b", opened=[effect("b", "listen", "l", name="sent")])])
        assert store.listeners("paid") == [mine]
        assert store.listeners("other") == []

    def test_plans_are_kept_by_hash(self, store: Store) -> None:
        first = PlanRow("h1", "order", "1.0.0", '{"a":1}', 10)
        store.commit([first, PlanRow("h0", "order", "1.1.0", "{}", 20)])
        store.commit([replace(first, plan="changed")])
        assert store.plan("h1") == first
        assert store.plan("none") is None
        assert [row.hash for row in store.plans()] == ["h1", "h0"]

    def test_settings_are_named_values(self, store: Store) -> None:
        assert store.setting("epoch") is None
        store.commit([Setting("epoch", "1")])
        store.commit([Setting("epoch", "2")])
        assert store.setting("epoch") == "2"
        store.commit([Setting("epoch", None), Setting("never", None)])
        assert store.setting("epoch") is None

    def test_erasing_leaves_nothing(self, store: Store) -> None:
        timer = effect("b", "timer", "t")
        store.commit([begin("a", opened=[effect("a", "timer", "t")])])
        store.commit([begin("b", opened=[timer]), Erasure("a"), Erasure("nobody")])
        assert store.run("a") is None
        assert store.log("a") == []
        assert store.effects(["timer"]) == [timer]
        assert [row.id for row in store.runs(RunFilter())] == ["b"]

    def test_open_runs_are_counted(self, store: Store) -> None:
        store.commit([begin(name, foreign_id="f") for name in "abc"])
        assert store.count_open() == 3
        assert store.open_run_of("order", "f") == "c"
        store.commit([advance("c", 2, status="completed", ended_at=5)])
        assert store.count_open() == 2
        assert store.open_run_of("order", "f") == "b"
        assert store.open_run_of("other", "f") is None

    def test_an_accepted_run_has_no_log(self, store: Store) -> None:
        waiting = effect("a", "start", "start")
        accepted = replace(begin("a", opened=[waiting]), version=0, status="queued")
        store.commit([accepted])
        row = store.run("a")
        assert row is not None and (row.version, row.status) == (0, "queued")
        assert store.log("a") == []
        with pytest.raises(Conflict):
            store.commit([advance("a", 2)])
        store.commit([advance("a", 1, closed=[("a", "start", "start")])])
        assert [entry.version for entry in store.log("a")] == [1]
        assert store.effects(["start"]) == []

    def test_ended_runs_expire(self, store: Store) -> None:
        for name, status, ended in (
            ("a", "completed", 10),
            ("b", "failed", 10),
            ("c", "completed", 99),
            ("d", "running", None),
        ):
            store.commit([begin(name), advance(name, 2, status=status, ended_at=ended)])
        store.commit(
            [
                begin("e", workflow="other"),
                advance("e", 2, status="completed", ended_at=1),
            ]
        )
        assert store.expired("order", ["completed"], 50, 10) == ["a"]
        assert store.expired("order", ["completed", "failed"], 100, 2) == ["a", "b"]

    def test_reads_see_whole_batches(self, store: Store) -> None:
        store.commit([begin("a"), begin("b")])
        ended = Event()
        torn: list[tuple[int, int]] = []

        def version(run_id: str) -> int:
            row = store.run(run_id)
            assert row is not None
            return row.version

        def look() -> None:
            while not ended.is_set():
                first, second, third = version("a"), version("b"), version("a")
                if not first <= second <= third:
                    torn.append((first, second))

        reader = Thread(target=look)
        reader.start()
        for number in range(2, 150):
            store.commit([advance("a", number), advance("b", number)])
        ended.set()
        reader.join()
        assert torn == []

    def test_reads_are_copies(self, store: Store) -> None:
        store.commit([begin("a", opened=[effect("a", "timer", "t", due=1)])])
        row = store.run("a")
        assert row is not None
        row.status = "failed"
        store.effects(["timer"])[0].due = 99
        again = store.run("a")
        assert again is not None and again.status == "running"
        assert store.effects(["timer"])[0].due == 1

    def test_a_store_knows_its_size_and_can_be_reopened(self, store: Store) -> None:
        store.commit([begin("a")])
        store.reopen()
        assert store.size() > 0
        assert store.run("a") is not None
        store.commit([advance("a", 2)])
        assert len(store.log("a")) == 2
