"""The embedded engine: one process, one store, one event loop.

An event is decided on the state in memory, its transition goes to the writer, and only
when the transition is durable are its callers answered and its commands carried out.
Later events of the run may be decided meanwhile: the writer keeps the order, and when a
write fails nothing behind it is written.

After a failed write nobody knows what the store has. Everything that waited is answered
`Unavailable`, everything in memory is forgotten, and as soon as the store works again
the engine reads the truth back from it, exactly as after a restart.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from magicflow.core import apply, decide
from magicflow.engine.admission import START_TIMER
from magicflow.engine.catalog import Catalog, Deployed
from magicflow.engine.clock import Clock, SystemClock, not_before
from magicflow.engine.dispatch import Dispatcher, LeaseSettings
from magicflow.engine.effects import Effects
from magicflow.engine.encoding import decode
from magicflow.engine.faults import Faults, faults_of_environment
from magicflow.engine.ids import id_source
from magicflow.engine.live import LiveRun, LiveRuns, build_transition
from magicflow.engine.localruns import LocalRunner
from magicflow.engine.pipeline import Pending, Pipeline, Settled, fail
from magicflow.engine.requests import (
    EngineSettings,
    Refused,
    StartRequest,
    Unavailable,
)
from magicflow.engine.retention import Retention
from magicflow.engine.schedules import Schedules
from magicflow.engine.starts import Started, Starts, overloaded
from magicflow.engine.tasks import NotFound, Task
from magicflow.engine.timers import Timers
from magicflow.observe.metrics import EngineMetrics
from magicflow.observe.traces import Traces, traceparent_of
from magicflow.store import (
    Conflict,
    Effect,
    Erasure,
    OutboxChange,
    RunFilter,
    Setting,
    Store,
    StoreError,
)
from magicflow.store.writer import Done, GroupWriter, Writer

Json = dict[str, Any]
_LOGGER = logging.getLogger("magicflow.engine")
_UNDER_WAY = (
    "task",
    "start",
    "event",
    "child",
    "stop",
    "retry",
    "webhook",
)
TIMERS_AT_ONCE = 5_000
"""Read and armed in one go: some milliseconds in which nothing else happens."""


class Engine:
    pipeline: Pipeline
    """There from `open` on."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock | None = None,
        settings: EngineSettings | None = None,
        writer: Callable[[Store, Done], Writer] = GroupWriter,
        faults: Faults | None = None,
        metrics: EngineMetrics | None = None,
    ) -> None:
        self.store = store
        self.clock = clock or SystemClock()
        self.settings = settings or EngineSettings()
        self.metrics = metrics or EngineMetrics()
        self.catalog = Catalog(store)
        self.runs = LiveRuns(store, self.catalog, self.settings.max_live_runs)
        self.timers = Timers(self.clock, self._timer_fired)
        self.faults = faults or faults_of_environment()
        self.dispatcher = Dispatcher(
            self.clock,
            self,
            LeaseSettings(self.settings.lease, self.settings.max_deliveries),
            self.faults,
            self.metrics.task_observed,
        )
        self.effects = Effects(self)
        self.schedules = Schedules(self)
        self.starts = Starts(self)
        self.retention = Retention(self, self._forget)
        self.traces: Traces | None = None
        self.state: Literal["new", "open", "recovering", "draining", "closed"] = "new"
        self.new_id = id_source(self.clock.now)
        self.open_runs = 0
        self._make_writer = writer
        self._recovery: asyncio.Task[None] | None = None
        self._arming: asyncio.Task[None] | None = None

    # opening and closing

    async def open(self) -> None:
        """Take up every open run. The engine answers when this returns."""
        self._loop = asyncio.get_running_loop()
        self.pipeline = Pipeline(self.store, self._make_writer, self, self.faults)
        newest = self.store.runs(RunFilter(), limit=1)
        self.new_id = id_source(self.clock.now, newest[0].id if newest else None)
        self._load()
        await asyncio.sleep(0)

    def deploy(self, plan: Mapping[str, Any]) -> Deployed:
        """Make a plan startable. Raises PlanError."""
        deployed = self.catalog.deploy(plan)
        if self.state == "open":
            self.pipeline.write(deployed.row(self.clock.now()), Pending())
            self.schedules.load()
            self.retention.arm()
        return deployed

    def add_executor(self, name: str, runner: LocalRunner) -> None:
        """Run the tasks of an executor in this process."""
        self.dispatcher.local[name] = runner

    def _load(self) -> None:
        """What is under way, from the outbox: tasks at once, timers behind the scenes,
        runs when something happens to them."""
        self.open_runs = self.store.count_open()
        under_way = self.store.effects(_UNDER_WAY)
        self.starts.load(e for e in under_way if e.kind == "start")
        # from here on what is handed out may report at once
        self.state = "open"
        now = self.clock.now()
        for deployed in self.catalog.all():
            if self.store.plan(deployed.plan.hash) is None:
                self.pipeline.write(deployed.row(now), Pending())
        for effect in under_way:
            if effect.kind == "task":
                self._take_up(
                    effect, lambda e: self._schedule(decode(e.payload), e, now)
                )
        self.dispatcher.recovered()
        self.starts.let_in()
        for effect in under_way:
            if effect.kind not in ("task", "start"):
                self._take_up(effect, self.effects.redo)
        self.schedules.load()
        self.retention.arm()
        self._arming = self._loop.create_task(self._arm_timers())

    def _take_up(self, effect: Effect, begin: Callable[[Effect], None]) -> None:
        """A row that cannot be read stays where it is, and holds nobody up."""
        try:
            begin(effect)
        except (StoreError, Unavailable):
            raise
        except Exception as error:
            self._stand_still(effect.run_id, f"{effect.kind} `{effect.key}`", error)

    def _stand_still(self, run_id: str, what: str, error: Exception) -> None:
        """A defect, or data that cannot be read: everybody sees it, others go on."""
        self.metrics.poisoned.add((), 1)
        _LOGGER.error("run %s stands still: %s: %s", run_id, what, error)

    async def _arm_timers(self) -> None:
        """Nobody waits for these: a timer is never early. One that ends meanwhile rings
        in vain."""
        after = ("", "")
        page: list[tuple[str, str, int]] = []

        def read() -> None:
            page[:] = self.store.timers(after, TIMERS_AT_ONCE)

        try:
            while True:
                await self.pipeline.aside(read)
                self.timers.load(page)
                if len(page) < TIMERS_AT_ONCE:
                    return
                after = page[-1][:2]
        except StoreError as error:
            self.unknown(error)

    async def close(self, drain: float = 10.0) -> None:
        """Stop: no new work, handlers get `drain` seconds, what is decided is written."""
        if self.state == "closed":
            return
        opened = self.state != "new"
        if opened:
            self.state = "draining"
        self._silence()
        if self._recovery is not None:
            self._recovery.cancel()
        await self.dispatcher.drain(drain)
        await self.effects.close()
        self.state = "closed"
        if opened:
            await self.pipeline.close()
        for live in self.runs.clear():
            live.wake()
        if self.traces is not None:
            self.traces.close()
        self.store.close()

    def _silence(self) -> None:
        if self._arming is not None:
            self._arming.cancel()
        self.timers.clear()
        self.schedules.clear()
        self.retention.clear()

    # what became of writes

    def durable(self, settled: list[Pending]) -> None:
        """Carry out what these writes ask for."""
        now = self.clock.now()
        for pending in settled:
            live = pending.live
            if live is None:
                continue
            live.in_flight -= 1
            try:
                for command in pending.commands:
                    self._carry_out(live, command, now)
            except StoreError as error:
                self.unknown(error)
                return
            except Exception as error:
                # a defect: it holds up this run and nobody else
                self._poison(live, error)
                _LOGGER.exception("run %s: a command was not carried out", live.id)
            if pending.history:
                self._tell(live, pending.history)
            if live.row.ended_at is not None and live.in_flight == 0:
                self._ended(live)

    def _carry_out(self, live: LiveRun, command: Json, now: int) -> None:
        kind = command["type"]
        if kind == "schedule_task":
            self._schedule(command, command.pop("effect"), now)
        elif kind == "cancel_task":
            self.dispatcher.cancel(
                (live.row.id, command["task_id"]),
                command["attempt"],
                command.get("reason", "cancelled"),
                command.get("wait", False),
            )
        elif kind == "start_timer":
            self.timers.start(live.row.id, command["timer_id"], command["due"])
        elif kind == "cancel_timer":
            self.timers.cancel(live.row.id, command["timer_id"])
        elif kind == "run_ended":
            # what the grace did not wait for: nobody gets these tasks again
            for task_id, attempt in command.get("left", ()):
                key = (live.row.id, task_id)
                self.dispatcher.cancel(key, attempt, "the run has ended", False)
        else:
            self.effects.carry_out(live, command)

    def _schedule(self, message: Json, effect: Effect, now: int) -> None:
        message["delivery"] = effect.delivery or 1
        task = Task(message, now, effect, message.get("workflow", ""), effect.delivery)
        self.dispatcher.schedule(task)

    def _tell(self, live: LiveRun, history: Sequence[Json]) -> None:
        rows = list(history)
        self.metrics.record_history(live.row, rows)
        if self.traces is not None:
            self.traces.record(live, rows)
        for listener in live.listeners:
            listener(rows)

    def _ended(self, live: LiveRun) -> None:
        self.open_runs -= 1
        self.metrics.run_ended(live.row)
        self.starts.leave(live)
        if live.row.parent is not None:
            self.effects.tell_parent(live)
        live.wake()
        self.runs.drop(live.row.id)

    def refused(self, pending: Pending, conflict: Conflict) -> None:
        """A write that met another state: the run in memory was wrong, or its key is
        taken. The store has the truth."""
        live = pending.live
        if live is None:
            return
        live.in_flight -= 1
        if conflict.reason == "version":
            # tasks and timers of what was decided are not as the store has them
            _LOGGER.error("run %s was changed by somebody else", live.id)
            self.unknown(conflict)
        elif live.row.version <= 1:
            self.open_runs -= 1
        self.runs.drop(live.row.id)
        self.starts.forget(live.row)
        live.wake()

    def unknown(self, error: BaseException) -> None:
        """A write or read failed: nothing is known any more until the store is read
        again."""
        if self.state != "open":
            return
        _LOGGER.error("the store failed, recovering: %s", error)
        self.metrics.store_failures.add((), 1)
        self.state = "recovering"
        self._forget_all()
        if self._recovery is None or self._recovery.done():
            self._recovery = self._loop.create_task(self._recover())
        # else that is reading the truth back, and begins anew

    def _forget_all(self) -> None:
        self._silence()
        self.dispatcher.reset()

    async def _recover(self) -> None:
        delay = self.settings.recovery_delay
        watched: dict[str, LiveRun] = {}
        while True:
            await self.pipeline.empty()
            for live in self.runs.clear():
                watched[live.row.id] = live
            try:
                await self.pipeline.reopen()
                # again: when a read failed, writes that were under way took hold
                self._forget_all()
                self._load()
                if self.state == "open":
                    self._take_over(watched)
                if self.state == "open":
                    break
            except StoreError as error:
                _LOGGER.warning("the store still fails: %s", error)
            except Exception:
                # a defect; who gave up here would never be open again
                _LOGGER.exception("the engine could not recover, and tries again")
            self.state = "recovering"
            self._forget_all()
            await asyncio.sleep(delay)
            delay = min(delay * 2, 5.0)
        self.metrics.recoveries.add((), 1)
        _LOGGER.warning("recovered: %d runs are open", self.open_runs)

    def _take_over(self, watched: dict[str, LiveRun]) -> None:
        """Whoever waited for a run waits for what the store has of it."""
        for run_id, old in watched.items():
            live = self.runs.get(run_id)
            if live is None or live.row.ended_at is not None:
                old.wake()
                continue
            live.waiters += old.waiters
            live.listeners += old.listeners
            old.waiters = []

    # deciding

    def feed(self, live: LiveRun, event: Json, done: Settled | None = None) -> None:
        """Decide an event of a run. `done` ends when the transition is durable.

        Raises Refused when the core refuses it; then nothing changed.
        """
        if self.state not in ("open", "draining"):
            raise Unavailable("the engine is not open")
        event["id"] = self.new_id()
        event["at"] = self.clock.now()
        try:
            decision = decide(live.deployed.plan, live.state, event)
        except Exception as error:
            # a defect of the core; the state was not changed, so only this event of
            # this run is lost, and everybody can see it
            self._poison(live, error)
            _LOGGER.exception("run %s: `decide` failed on %s", live.id, event["type"])
            raise Refused("INTERNAL", "the event could not be decided") from error
        refused = decision.refused
        if refused is not None:
            raise Refused(refused["code"], refused["message"], refused.get("details"))
        delta, commands = decision.delta, decision.commands
        history = delta.get("history", ())
        apply(live.state, delta)
        for command in commands:
            if command["type"] == "schedule_task":
                self._complete_message(live, command)
        transition = build_transition(live, event, delta, commands)
        if transition.ended_at is not None:
            self.effects.add_final(live, transition)
        self.pipeline.write(transition, Pending(live, commands, history, done))

    def _complete_message(self, live: LiveRun, command: Json) -> None:
        """What the core does not know and a worker may want."""
        row = live.row
        # a compensation works for no step of its own; its node's name is no step's
        command.setdefault("step", command["node"])
        command["workflow"] = row.workflow
        command["workflow_version"] = row.workflow_version
        command["plan_hash"] = row.plan_hash
        given = live.info.get("traceparent")
        if self.traces is not None:
            command["traceparent"] = traceparent_of(
                row.id, command["task_id"], command["attempt"], given
            )
        elif given is not None:
            command["traceparent"] = given

    def _poison(self, live: LiveRun, error: Exception) -> None:
        live.poisoned = f"{type(error).__name__}: {error}"
        self.metrics.poisoned.add((), 1)

    def begin(self, request: StartRequest) -> Started:
        """Start a run, or find the one that the idempotency key already started. The
        future ends when the start is durable; None when it is already.

        Raises NotFound, Refused, Overloaded, Unavailable, StoreError.
        """
        if self.state != "open":
            raise Unavailable("the engine is not open")
        too_much = overloaded(self)
        if too_much is not None:
            raise too_much
        return self.starts.begin(request)

    def started(self, live: LiveRun) -> None:
        """A new run was decided on."""
        self.open_runs += 1
        self.metrics.runs_started.add((live.row.workflow,), 1)

    # reports of the dispatcher and the timers

    def task_event(self, task: Task, event: Json, done: Settled | None = None) -> bool:
        run_id = task.effect.run_id
        try:
            live = self.runs.get(run_id)
            if live is None:
                return False
            self.feed(live, event, done)
            return True
        except Refused:
            # late: the outbox row goes, if the run itself has not removed it
            self.change_outbox(closed=[(run_id, "task", task.effect.key)])
            return False
        except Unavailable:
            return False  # recovery gives the task back
        except StoreError as error:
            self.unknown(error)
            return False
        except Exception as error:
            self._stand_still(run_id, f"{event['type']} of {task.effect.key}", error)
            return False  # the row stays: the next start hands the task out again

    def save_leases(self, tasks: Sequence[Task]) -> Settled:
        # copies: the rows are the dispatcher's, and it may change them before they are
        # written
        return self.change_outbox(changed=[replace(task.effect) for task in tasks])

    def _timer_fired(self, run_id: str, timer_id: str) -> None:
        self.metrics.timers_fired.add((), 1)
        try:
            live = self.runs.get(run_id)
            if live is not None and timer_id == START_TIMER:
                self.starts.come_due(live)
            elif live is not None:
                self.feed(live, {"type": "timer_fired", "timer_id": timer_id})
        except Refused:
            self.change_outbox(closed=[(run_id, "timer", timer_id)])
        except Unavailable:
            pass  # recovery arms it again
        except StoreError as error:
            self.unknown(error)
        except Exception as error:
            self._stand_still(run_id, f"timer {timer_id}", error)

    # writing what belongs to no transition

    def change_outbox(
        self,
        changed: Sequence[Effect] = (),
        closed: Sequence[tuple[str, str, str]] = (),
    ) -> Settled:
        """Change or close outbox rows. The future ends when that is durable."""
        done: Settled = self._loop.create_future()
        if self.state not in ("open", "draining"):
            fail(done, Unavailable("the engine is not open"))
            return done
        for run_id, kind, key in closed:
            live = self.runs.in_memory(run_id)
            if live is not None:
                live.open.pop((kind, key), None)
        change = OutboxChange(list(changed), list(closed))
        self.pipeline.write(change, Pending(done=done))
        return done

    def write_setting(self, setting: Setting) -> None:
        """Keep a value of the server's own."""
        if self.state == "open":
            self.pipeline.write(setting, Pending())

    def _forget(self, run_id: str) -> None:
        self.runs.drop(run_id)
        self.pipeline.write(Erasure(run_id), Pending())

    async def erase(self, run_id: str) -> None:
        """Remove everything that is kept of an ended run and of its child runs. Raises
        NotFound, Refused when one of them has not ended, StoreError."""
        family = [run_id]
        for member in family:
            if not self.find(member).ended:
                text = (
                    "only a run that has ended, and whose children have, can be deleted"
                )
                raise Refused("CONFLICT", text)
            family += self._children(member)
        for member in family:
            self._forget(member)
        await self.pipeline.fence()

    def _children(self, run_id: str) -> list[str]:
        """The runs that a run started for its steps, those that are still there."""
        return [
            child.id
            for entry in self.store.log(run_id)
            if '"child_started"' in entry.history
            for row in decode(entry.history)
            if row["type"] == "child_started"
            for child in self.store.runs(RunFilter(parent=f"{run_id}:{row['path']}"))
        ]

    # asking and acting

    def find(self, run_id: str) -> LiveRun:
        """The run as it is decided. Raises NotFound, StoreError."""
        live = self.runs.get(run_id)
        if live is None:
            raise NotFound(f"there is no run `{run_id}`")
        return live

    async def read(self, run_id: str) -> LiveRun:
        """The run, with nothing in it that could still be lost. Raises NotFound,
        Unavailable, StoreError."""
        live = self.find(run_id)
        if live.in_flight:
            await self.pipeline.fence()
        return live

    async def wait(self, live: LiveRun, seconds: float) -> LiveRun:
        """Until the run's end is durable, at most `seconds`. Gives the run as it is."""
        if live.ended:
            return live
        waiter: Settled = self._loop.create_future()
        live.waiters.append(waiter)
        at = self.clock.now() + int(seconds * 1000)
        alarm = not_before(self.clock, at, lambda: end_wait(waiter))
        try:
            await waiter
        finally:
            alarm.cancel()
            if waiter in live.waiters:
                live.waiters.remove(waiter)
        return live if live.ended else await self.read(live.row.id)

    async def send(self, run_id: str, event: Json) -> LiveRun:
        """Feed an event from outside and wait until it is durable.

        Raises NotFound, Refused, Unavailable, StoreError.
        """
        live = self.find(run_id)
        if live.queued is not None and event["type"] == "cancel_requested":
            # only a run that has begun can be ended
            self.timers.cancel(run_id, START_TIMER)
            self.starts.admit(run_id)
        done: Settled = self._loop.create_future()
        self.feed(live, event, done)
        await done
        return live


def end_wait(waiter: Settled) -> None:
    if not waiter.done():
        waiter.set_result(None)
