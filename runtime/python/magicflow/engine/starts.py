"""Starting runs: once per key, within the places of the workflow, at their time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from magicflow.core import decide, new_state
from magicflow.engine.admission import START_TIMER, Admission, Key
from magicflow.engine.catalog import Deployed
from magicflow.engine.encoding import encode
from magicflow.engine.live import LiveRun
from magicflow.engine.pipeline import Pending, Settled
from magicflow.engine.requests import Overloaded, Refused, StartRequest, Unavailable
from magicflow.engine.tasks import NotFound, Unreadable
from magicflow.store import Effect, RunFilter, RunRow, StoreError, Transition

if TYPE_CHECKING:
    from magicflow.engine.engine import Engine

Json = dict[str, Any]
Started = tuple[LiveRun, Settled | None]
_LOGGER = logging.getLogger("magicflow.engine")
_INFO = ("traceparent", "source", "webhook")
_EVENT = ("timeout", "deadline", "retry_of", "resume")


class Starts:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._admission = Admission(self.admit)
        self._keys: dict[tuple[str, str], LiveRun] = {}
        """Starts that are decided and not durable yet, by workflow and key."""

    def begin(self, request: StartRequest) -> Started:
        """Start a run, or find the one that the idempotency key already started. The
        future ends when the start is durable; None when it is already."""
        engine = self._engine
        deployed = self._deployed(request)
        known = self._known(request, deployed)
        if known is not None:
            return known
        live = self._new_run(request, deployed)
        event: Json = {
            "type": "run_started",
            "run_id": live.row.id,
            "input": request.input,
            "metadata": request.metadata,
        }
        for name in _EVENT:
            value = getattr(request, name)
            if value is not None:
                event[name] = value
        done: Settled = asyncio.get_running_loop().create_future()
        if not self._queue(live, event, request.delay, done):
            try:
                engine.feed(live, event, done)
            except Refused:
                self._admission.withdraw(live.row)
                raise
        engine.runs.add(live)
        engine.started(live)
        key = live.row.idempotency_key
        if key is not None:
            self._keys[live.row.workflow, key] = live
            done.add_done_callback(lambda _: self._forget_key(live.row))
        return live, done

    def _deployed(self, request: StartRequest) -> Deployed:
        catalog = self._engine.catalog
        if request.plan_hash is not None:
            return catalog.of_hash(request.plan_hash)
        return catalog.resolve(request.workflow, request.version)

    def _known(self, request: StartRequest, deployed: Deployed) -> Started | None:
        engine, workflow = self._engine, deployed.plan.name
        key = request.idempotency_key
        if key is not None:
            live = self._keys.get((workflow, key))
            if live is not None:
                return live, engine.pipeline.fence()
            run_id = engine.store.run_of_key(workflow, key)
            live = None if run_id is None else engine.runs.get(run_id)
            if live is not None:
                return live, None
        if request.foreign_id is not None and deployed.json.get("unique") == "running":
            self._refuse_second(workflow, request.foreign_id)
        return None

    def _refuse_second(self, workflow: str, foreign_id: str) -> None:
        wanted = (workflow, foreign_id)
        active = self._engine.store.open_run_of(workflow, foreign_id)
        if active is None:
            rows = [live.row for live in self._engine.runs if live.row.ended_at is None]
            found = (r.id for r in rows if (r.workflow, r.foreign_id) == wanted)
            active = next(found, None)
        if active is not None:
            text = f"run {active} of `{foreign_id}` has not ended"
            raise Refused("CONFLICT", text, {"execution_id": active})

    def _new_run(self, request: StartRequest, deployed: Deployed) -> LiveRun:
        now = self._engine.clock.now()
        info: Json = {}
        for name in _INFO:
            value = getattr(request, name)
            if value is not None:
                info[name] = value
        plan = deployed.plan
        row = RunRow(
            id=self._engine.new_id(),
            workflow=plan.name,
            workflow_version=plan.version,
            plan_hash=plan.hash,
            status="running",
            version=0,
            created_at=now,
            updated_at=now,
            idempotency_key=request.idempotency_key,
            foreign_id=request.foreign_id,
            priority=request.priority,
            parent=request.parent,
            retry_of=request.retry_of,
            info=encode(info) if info else "{}",
        )
        live = LiveRun(row, deployed, new_state())
        live.info = info
        return live

    def _forget_key(self, row: RunRow) -> None:
        if row.idempotency_key is not None:
            self._keys.pop((row.workflow, row.idempotency_key), None)

    # places and times

    def _queue(
        self, live: LiveRun, event: Json, delay: int | None, done: Settled
    ) -> bool:
        """Whether the run has to wait, for its time or for a place; then that is
        written. Raises Refused for input that does not fit, Overloaded."""
        engine, plan = self._engine, live.deployed.plan
        limits = live.deployed.json.get("concurrency")
        if limits is None and not delay:
            return False
        now = engine.clock.now()
        key = self._place_key(live.deployed, event)
        at_once = limits is not None and not delay
        if at_once and self._admission.may_run(plan.name, limits or {}, key):
            self._admission.enter(plan.name, live.row.id, key)
            return False
        probe = {**event, "id": engine.new_id(), "at": now}
        refused = decide(plan, live.state, probe).refused
        if refused is not None:
            raise Refused(refused["code"], refused["message"], refused.get("details"))
        row = live.row
        row.status = "queued"
        if limits is not None and not delay:
            self._admission.wait(row, key, limits)
        live.queued = event
        live.open["start", "start"] = None
        due = now + delay if delay else None
        effect = Effect(row.id, "start", "start", "", due, 0, encode(event))
        write = Transition(
            row.id, 0, now, "queued", "", "{}", begins=row, opened=[effect]
        )
        engine.pipeline.write(write, Pending(live, done=done))
        if due is not None:
            engine.timers.start(row.id, START_TIMER, due)
        return True

    def _place_key(self, deployed: Deployed, start: Json) -> Key:
        limits = deployed.json.get("concurrency")
        if limits is None:
            return None
        now = self._engine.clock.now()
        return self._admission.key_of(deployed.plan, limits, start, now)

    def admit(self, run_id: str) -> bool:
        """A queued run may run now. False when it does not wait for that any more."""
        engine = self._engine
        try:
            live = engine.runs.get(run_id)
            if live is not None and live.queued is not None:
                event, live.queued = live.queued, None
                engine.feed(live, event)
                return True
        except (Refused, Unavailable, NotFound) as error:
            _LOGGER.error("run %s was queued and does not start: %s", run_id, error)
        except StoreError as error:
            engine.unknown(error)
        return False

    def come_due(self, live: LiveRun) -> None:
        """A delayed start is due: the run runs, or waits for a place."""
        limits = live.deployed.json.get("concurrency")
        if limits is not None and live.queued is not None:
            key = self._place_key(live.deployed, live.queued)
            name = live.deployed.plan.name
            if not self._admission.may_run(name, limits, key):
                self._admission.put(live.row, key)
                return
            self._admission.enter(name, live.row.id, key)
        self.admit(live.row.id)

    def leave(self, live: LiveRun) -> None:
        """The run ended: its place is free."""
        limits = live.deployed.json.get("concurrency")
        if limits is not None:
            self._admission.leave(live, limits)

    def forget(self, row: RunRow) -> None:
        """The run's start was not kept."""
        self._forget_key(row)
        self._admission.withdraw(row)

    def load(self, starts: Iterable[Effect]) -> None:
        """Who runs, and who waits in which order, as the store has it; `starts` are the
        outbox rows of those that wait."""
        engine = self._engine
        self._keys.clear()
        self._admission.clear()
        waiting = {e.run_id: e for e in starts}
        engine.timers.load(
            [(id, START_TIMER, e.due) for id, e in waiting.items() if e.due is not None]
        )
        for deployed in engine.catalog:
            limits = deployed.json.get("concurrency")
            if limits is None:
                continue
            wanted = RunFilter(workflow=deployed.plan.name, open_only=True)
            for row in reversed(engine.store.runs(wanted, limit=1 << 40)):
                key = None
                if "key" in limits:  # else there is no need to read the run
                    with contextlib.suppress(Unreadable):  # it has a place, of no key
                        live = engine.runs.get(row.id)
                        if live is None:
                            continue
                        start = live.queued or live.state["start"]
                        key = self._place_key(deployed, start)
                if row.version > 0:
                    self._admission.enter(row.workflow, row.id, key)
                elif waiting[row.id].due is None:
                    self._admission.put(row, key)

    def let_in(self) -> None:
        """Whose place became free when nobody was there to see it."""
        for deployed in self._engine.catalog:
            limits = deployed.json.get("concurrency")
            if limits is not None:
                self._admission.let_in(deployed.plan.name, limits)


def overloaded(engine: Engine) -> Overloaded | None:
    """The refusal of a start while too much is under way."""
    settings = engine.settings
    if (
        len(engine.pipeline) < settings.max_waiting_writes
        and engine.open_runs < settings.max_open_runs
    ):
        return None
    engine.metrics.overloaded.add((), 1)
    return Overloaded("too many runs are under way")
