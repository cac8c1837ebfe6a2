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
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from magicflow.core import apply, decide, new_state
from magicflow.engine.admission import START_TIMER, Admission
from magicflow.engine.catalog import Catalog, Deployed
from magicflow.engine.clock import Clock, Handle, SystemClock
from magicflow.engine.dispatch import Dispatcher, LeaseSettings, LocalRunner
from magicflow.engine.effects import Effects
from magicflow.engine.encoding import decode, encode
from magicflow.engine.faults import Faults, faults_of_environment
from magicflow.engine.ids import id_source
from magicflow.engine.live import LiveRun, LiveRuns, build_transition
from magicflow.engine.requests import (
    EngineSettings,
    Overloaded,
    Refused,
    StartRequest,
    Unavailable,
)
from magicflow.engine.schedules import Schedules
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
    RunRow,
    Setting,
    Store,
    StoreError,
    Transition,
    Write,
)
from magicflow.store.writer import Done, GroupWriter, Writer

Json = dict[str, Any]
Settled = asyncio.Future[None]
_LOGGER = logging.getLogger("magicflow.engine")
_KEPT = {"completed": ("completed",), "failed": ("failed", "timed_out", "cancelled")}


class Pending:
    """A write on its way: whom to tell, and what to do when it is durable."""

    __slots__ = ("commands", "done", "event", "history", "live")

    def __init__(
        self,
        live: LiveRun | None,
        event: Json | None,
        commands: list[Json],
        history: list[Json],
        done: Settled | None,
    ) -> None:
        self.live = live
        self.event = event
        self.commands = commands
        self.history = history
        self.done = done


class Engine:
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
        self.admission = Admission(self._admit)
        self.traces: Traces | None = None
        self._sweep_alarm: Handle | None = None
        self.state: Literal["new", "open", "recovering", "draining", "closed"] = "new"
        self.new_id = id_source(self.clock.now)
        self.open_runs = 0
        self._make_writer = writer
        self._writer: Writer | None = None
        self._pending: list[Write] = []
        self._in_flight: deque[Pending] = deque()
        self._flushing = False
        self._keys: dict[tuple[str, str], LiveRun] = {}
        self._recovery: asyncio.Task[None] | None = None
        self._background: set[asyncio.Task[Any]] = set()

    # opening and closing

    async def open(self) -> None:
        """Take up every open run. The engine answers when this returns."""
        self._loop = asyncio.get_running_loop()
        self._writer = self._make_writer(self.store, self._written)
        newest = self.store.runs(RunFilter(), limit=1)
        self.new_id = id_source(self.clock.now, newest[0].id if newest else None)
        for deployed in self.catalog:
            self._write(
                deployed.row(self.clock.now()), Pending(None, None, [], [], None)
            )
        self._load()

    def deploy(self, plan: Mapping[str, Any]) -> Deployed:
        """Make a plan startable. Raises PlanError."""
        deployed = self.catalog.deploy(plan)
        if self._writer is not None:
            self._write(
                deployed.row(self.clock.now()), Pending(None, None, [], [], None)
            )
        return deployed

    def add_executor(self, name: str, runner: LocalRunner) -> None:
        """Run the tasks of an executor in this process."""
        self.dispatcher.local[name] = runner

    def _load(self) -> None:
        """Timers and tasks from the outbox; runs are read when something happens."""
        self.open_runs = self.store.count_open()
        timers = self.store.effects(("timer",))
        self.timers.load([(t.run_id, t.key, t.due or 0) for t in timers])
        self._load_places()
        # from here on what is handed out may report at once
        self.state = "open"
        now = self.clock.now()
        for effect in self.store.effects(("task",)):
            self._schedule(decode(effect.payload), effect, now)
        self.dispatcher.forget_orphans()
        for effect in self.store.effects(
            ("event", "child", "stop", "retry", "webhook")
        ):
            self.effects.redo(effect)
        self.schedules.load()
        self._arm_sweep()

    def _arm_sweep(self) -> None:
        if self._sweep_alarm is not None:
            self._sweep_alarm.cancel()
            self._sweep_alarm = None
        if any(deployed.json.get("retention") for deployed in self.catalog):
            at = self.clock.now() + self.settings.sweep
            self._sweep_alarm = self.clock.call_at(at, self._sweep)

    def _sweep(self) -> None:
        """Erase what was kept long enough, a hundred runs at a time."""
        if self.state != "open":
            return
        now = self.clock.now()
        for deployed in self.catalog:
            kept = deployed.json.get("retention") or {}
            for name, statuses in _KEPT.items():
                if name not in kept:
                    continue
                before = now - kept[name]
                for run_id in self.store.expired(
                    deployed.plan.name, statuses, before, 100
                ):
                    self.runs.drop(run_id)
                    self._write(Erasure(run_id), Pending(None, None, [], [], None))
        self._arm_sweep()

    async def close(self, drain: float = 10.0) -> None:
        """Stop: no new work, handlers get `drain` seconds, what is decided is written."""
        if self.state == "closed":
            return
        if self.state != "new":
            self.state = "draining"
        self.timers.clear()
        self.schedules.clear()
        if self._sweep_alarm is not None:
            self._sweep_alarm.cancel()
        if self._recovery is not None:
            self._recovery.cancel()
        await self.dispatcher.drain(drain)
        await self.effects.close()
        self.state = "closed"
        if self._writer is not None:
            self._flush()
            await self._loop.run_in_executor(None, self._writer.close)
            await asyncio.sleep(0)
        for live in self.runs.clear():
            _wake(live)
        if self.traces is not None:
            self.traces.close()
        self.store.close()

    # writing

    def _write(self, write: Write, pending: Pending) -> None:
        self._pending.append(write)
        self._in_flight.append(pending)
        if pending.live is not None:
            pending.live.in_flight += 1
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        if self._pending and self._writer is not None:
            self.faults.reach("before_write")
            writes, self._pending = self._pending, []
            self._writer.submit(writes)

    def _written(self, writes: Sequence[Write], error: BaseException | None) -> None:
        """On the writer's thread."""
        self._loop.call_soon_threadsafe(self._settle, len(writes), error)

    def _settle(self, count: int, error: BaseException | None) -> None:
        self.faults.reach("before_acknowledge")
        in_flight = self._in_flight
        settled = [in_flight.popleft() for _ in range(count)]
        if error is None:
            for pending in settled:
                if pending.done is not None and not pending.done.done():
                    pending.done.set_result(None)
            if self.faults.label == "before_dispatch":
                # let the answers leave the process first
                self._loop.call_later(0.05, self._dispatch_faulty, settled)
            else:
                self._dispatch(settled)
        elif isinstance(error, Conflict):
            for pending in settled:
                self._refuse(pending, error)
        else:
            self.metrics.store_failures.add((), 1)
            for pending in settled:
                _fail(pending.done, Unavailable("the store did not take the write"))
            self._recover(error)

    def _dispatch_faulty(self, settled: list[Pending]) -> None:
        self.faults.reach("before_dispatch")
        self._dispatch(settled)

    def _dispatch(self, settled: list[Pending]) -> None:
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
                self._recover(error)
                return
            except Exception as error:
                # a defect: it holds up this run and nobody else
                live.poisoned = f"{type(error).__name__}: {error}"
                self.metrics.poisoned.add((), 1)
                _LOGGER.exception("run %s: a command was not carried out", live.id)
            if pending.history:
                self.metrics.record_history(live.row, pending.history)
                if self.traces is not None:
                    self.traces.record(live, pending.history)
                for listener in live.listeners:
                    listener(pending.history)
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
        elif kind != "run_ended":
            self.effects.carry_out(live, command)

    def _schedule(self, message: Json, effect: Effect, now: int) -> None:
        message["delivery"] = effect.delivery or 1
        task = Task(message, now, effect, message.get("workflow", ""), effect.delivery)
        self.dispatcher.schedule(task)

    def _ended(self, live: LiveRun) -> None:
        self.open_runs -= 1
        row = live.row
        self.metrics.run_ended(row)
        limits = live.deployed.json.get("concurrency")
        if limits is not None:
            self.admission.leave(live, limits)
        if row.parent is not None:
            self.effects.tell_parent(live)
        _wake(live)
        self.runs.drop(row.id)

    def _refuse(self, pending: Pending, conflict: Conflict) -> None:
        """A write that met another state: the run in memory was wrong, or its key is
        taken. The store has the truth."""
        _fail(pending.done, conflict)
        live = pending.live
        if live is None:
            return
        live.in_flight -= 1
        self.runs.drop(live.row.id)
        self.admission.withdraw(live.row)
        if conflict.reason == "version":
            _LOGGER.error(
                "run %s was changed by somebody else; read again", live.row.id
            )
        self._forget_key(live.row)
        _wake(live)

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
            live.poisoned = f"{type(error).__name__}: {error}"
            self.metrics.poisoned.add((), 1)
            _LOGGER.exception("run %s: `decide` failed on %s", live.id, event["type"])
            raise Refused("INTERNAL", "the event could not be decided") from error
        refused = decision.refused
        if refused is not None:
            raise Refused(refused["code"], refused["message"], refused.get("details"))
        delta, commands = decision.delta, decision.commands
        history = delta.get("history", [])
        apply(live.state, delta)
        if commands:
            row = live.row
            for command in commands:
                if command["type"] == "schedule_task":
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
        transition = build_transition(live, event, delta, commands)
        self.effects.add_final(live, event, transition)
        self._write(transition, Pending(live, event, commands, history, done))

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call when everything that is decided by now, and the transition that is being
        built, is durable."""
        done: Settled = self._loop.create_future()
        done.add_done_callback(lambda d: None if d.exception() else call())
        self._loop.call_soon(
            lambda: self._write(OutboxChange(), Pending(None, None, [], [], done))
        )

    def begin(self, request: StartRequest) -> tuple[LiveRun, Settled | None]:
        """Start a run, or find the one that the idempotency key already started. The
        future ends when the start is durable; None when it is already.

        Raises NotFound, Refused, Overloaded, Unavailable, StoreError.
        """
        if self.state != "open":
            raise Unavailable("the engine is not open")
        if (
            len(self._in_flight) >= self.settings.max_waiting_writes
            or self.open_runs >= self.settings.max_open_runs
        ):
            self.metrics.overloaded.add((), 1)
            raise Overloaded("too many runs are under way")
        if request.plan_hash is not None:
            deployed = self.catalog.of_hash(request.plan_hash)
        else:
            deployed = self.catalog.resolve(request.workflow, request.version)
        known = self._known_start(request, deployed)
        if known is not None:
            return known
        live = self._new_run(request, deployed)
        event: Json = {
            "type": "run_started",
            "run_id": live.row.id,
            "input": request.input,
            "metadata": request.metadata,
        }
        for name in ("timeout", "deadline", "retry_of", "resume"):
            value = getattr(request, name)
            if value is not None:
                event[name] = value
        done: Settled = self._loop.create_future()
        if not self._queue_start(live, event, request.delay, done):
            try:
                self.feed(live, event, done)
            except Refused:
                self.admission.withdraw(live.row)
                raise
        self.runs.add(live)
        self.open_runs += 1
        self.metrics.runs_started.add((live.row.workflow,), 1)
        if live.row.idempotency_key is not None:
            self._keys[live.row.workflow, live.row.idempotency_key] = live
            done.add_done_callback(lambda _: self._forget_key(live.row))
        return live, done

    def _queue_start(
        self, live: LiveRun, event: Json, delay: int | None, done: Settled
    ) -> bool:
        """Whether the run has to wait, for its time or for a place; then that is
        written. Raises Refused for input that does not fit, Overloaded."""
        plan, now = live.deployed.plan, self.clock.now()
        limits = live.deployed.json.get("concurrency")
        later = bool(delay)
        if limits is None and not later:
            return False
        key = None
        if limits is not None:
            key = self.admission.key_of(plan, limits, event, now)
            if not later and self.admission.may_run(plan.name, limits, key):
                self.admission.enter(plan.name, live.row.id, key)
                return False
        probe = {**event, "id": self.new_id(), "at": now}
        refused = decide(plan, live.state, probe).refused
        if refused is not None:
            raise Refused(refused["code"], refused["message"], refused.get("details"))
        row = live.row
        row.status = "queued"
        if not later and limits is not None:
            self.admission.wait(row, key, limits)
        live.queued = event
        live.open["start", "start"] = None
        due = now + delay if delay else None
        effect = Effect(row.id, "start", "start", "", due, 0, encode(event))
        write = Transition(
            row.id, 0, now, "queued", "", "{}", begins=row, opened=[effect]
        )
        self._write(write, Pending(live, None, [], [], done))
        if due is not None:
            self.timers.start(row.id, START_TIMER, due)
        return True

    def _admit(self, run_id: str) -> None:
        """A queued run has a place now."""
        try:
            live = self.runs.get(run_id)
            if live is not None and live.queued is not None:
                event, live.queued = live.queued, None
                self.feed(live, event)
        except (Refused, Unavailable, NotFound) as error:
            _LOGGER.error("run %s was queued and does not start: %s", run_id, error)
        except StoreError as error:
            self._recover(error)

    def _start_due(self, live: LiveRun) -> None:
        """A delayed start is due: the run runs, or waits for a place."""
        plan = live.deployed.plan
        limits = live.deployed.json.get("concurrency")
        if limits is not None and live.queued is not None:
            key = self.admission.key_of(plan, limits, live.queued, self.clock.now())
            if not self.admission.may_run(plan.name, limits, key):
                self.admission.put(live.row, key)
                return
            self.admission.enter(plan.name, live.row.id, key)
        self._admit(live.row.id)

    def _load_places(self) -> None:
        """Who runs, and who waits in which order, of workflows with limits."""
        self.admission.clear()
        waiting = {e.run_id: e for e in self.store.effects(("start",))}
        self.timers.load(
            [(id, START_TIMER, e.due) for id, e in waiting.items() if e.due is not None]
        )
        for deployed in self.catalog:
            limits = deployed.json.get("concurrency")
            if limits is None:
                continue
            wanted = RunFilter(workflow=deployed.plan.name, open_only=True)
            for row in reversed(self.store.runs(wanted, limit=1 << 40)):
                live = self.runs.get(row.id)
                if live is None:
                    continue
                start = live.queued or live.state["start"]
                key = self.admission.key_of(
                    deployed.plan, limits, start, self.clock.now()
                )
                if row.version > 0:
                    self.admission.enter(row.workflow, row.id, key)
                elif waiting[row.id].due is None:
                    self.admission.put(row, key)

    def _known_start(
        self, request: StartRequest, deployed: Deployed
    ) -> tuple[LiveRun, Settled | None] | None:
        workflow = deployed.plan.name
        if request.idempotency_key is not None:
            live = self._keys.get((workflow, request.idempotency_key))
            if live is not None:
                # the same start, decided and not durable yet: wait with it
                done: Settled = self._loop.create_future()
                self._write(OutboxChange(), Pending(None, None, [], [], done))
                return live, done
            run_id = self.store.run_of_key(workflow, request.idempotency_key)
            if run_id is not None:
                live = self.runs.get(run_id)
                if live is not None:
                    return live, None
        if request.foreign_id is not None and deployed.json.get("unique") == "running":
            self._refuse_second(workflow, request.foreign_id)
        return None

    def _refuse_second(self, workflow: str, foreign_id: str) -> None:
        active = self.store.open_run_of(workflow, foreign_id)
        if active is None:
            for live in self.runs:
                row: RunRow = live.row
                if (row.workflow, row.foreign_id) == (
                    workflow,
                    foreign_id,
                ) and row.ended_at is None:
                    active = row.id
                    break
        if active is not None:
            raise Refused(
                "CONFLICT",
                f"run {active} of `{foreign_id}` has not ended",
                {"execution_id": active},
            )

    def _new_run(self, request: StartRequest, deployed: Deployed) -> LiveRun:
        now = self.clock.now()
        info: Json = {}
        for name in ("traceparent", "source", "webhook"):
            value = getattr(request, name)
            if value is not None:
                info[name] = value
        plan = deployed.plan
        row = RunRow(
            id=self.new_id(),
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
            self._recover(error)
            return False

    def save_leases(self, tasks: Sequence[Task]) -> Settled:
        return self.change_outbox(opened=[task.effect for task in tasks])

    def change_outbox(
        self,
        opened: Sequence[Effect] = (),
        closed: Sequence[tuple[str, str, str]] = (),
    ) -> Settled:
        """Change the outbox outside of a transition. The future ends when durable."""
        done: Settled = self._loop.create_future()
        done.add_done_callback(_retrieve)
        if self.state not in ("open", "draining"):
            done.set_exception(Unavailable("the engine is not open"))
            return done
        for run_id, kind, key in closed:
            live = self.runs.in_memory(run_id)
            if live is not None:
                live.open.pop((kind, key), None)
        change = OutboxChange(list(opened), list(closed))
        self._write(change, Pending(None, None, [], [], done))
        return done

    def _timer_fired(self, run_id: str, timer_id: str) -> None:
        self.metrics.timers_fired.add((), 1)
        try:
            live = self.runs.get(run_id)
            if live is not None and timer_id == START_TIMER:
                self._start_due(live)
            elif live is not None:
                self.feed(live, {"type": "timer_fired", "timer_id": timer_id})
        except Refused:
            self.change_outbox(closed=[(run_id, "timer", timer_id)])
        except NotFound as error:
            _LOGGER.error("timer %s of run %s: %s", timer_id, run_id, error)
        except Unavailable:
            pass  # recovery arms it again
        except StoreError as error:
            self._recover(error)

    def write_setting(self, setting: Setting) -> None:
        """Keep a value of the server's own."""
        if self.state == "open":
            self._write(setting, Pending(None, None, [], [], None))

    # recovery

    def store_failed(self, error: StoreError) -> None:
        """A read failed: nothing is known any more."""
        self._recover(error)

    def _recover(self, error: BaseException) -> None:
        if self.state != "open":
            return
        _LOGGER.error("the store failed, recovering: %s", error)
        self.state = "recovering"
        self.timers.clear()
        self.schedules.clear()
        self.dispatcher.reset()
        self._recovery = self._loop.create_task(self._recovering())

    async def _recovering(self) -> None:
        while self._in_flight or self._pending:
            # everything queued behind the failure comes back unwritten
            self._flush()
            await asyncio.sleep(0.005)
        delay = self.settings.recovery_delay
        watched: dict[str, LiveRun] = {}
        while True:
            for live in self.runs.clear():
                watched[live.row.id] = live
            self._keys.clear()
            try:
                await self._loop.run_in_executor(None, self.store.reopen)
                assert self._writer is not None
                self._writer.resume()
                self._load()
                self._take_over(watched)
                break
            except StoreError as error:
                self.state = "recovering"
                self.timers.clear()
                self.schedules.clear()
                self.dispatcher.reset()
                _LOGGER.warning("the store still fails: %s", error)
                await asyncio.sleep(delay)
                delay = min(delay * 2, 5.0)
        self.metrics.recoveries.add((), 1)
        _LOGGER.warning("recovered: %d runs are open", self.open_runs)

    def _take_over(self, watched: dict[str, LiveRun]) -> None:
        """Whoever waited for a run waits for what the store has of it."""
        for run_id, old in watched.items():
            live = self.runs.get(run_id)
            if live is None or live.row.ended_at is not None:
                _wake(old)
                continue
            live.waiters += old.waiters
            live.listeners += old.listeners
            old.waiters = []

    # asking

    def find(self, run_id: str) -> LiveRun:
        """Raises NotFound, StoreError."""
        live = self.runs.get(run_id)
        if live is None:
            raise NotFound(f"there is no run `{run_id}`")
        return live

    async def wait(self, live: LiveRun, seconds: float) -> LiveRun:
        """Until the run's end is durable, at most `seconds`. Gives the run as it is."""
        if live.ended:
            return live
        waiter: Settled = self._loop.create_future()
        live.waiters.append(waiter)
        at = self.clock.now() + int(seconds * 1000)
        alarm = self.clock.call_at(at, lambda: _wake_one(waiter))
        try:
            await waiter
        finally:
            alarm.cancel()
            if waiter in live.waiters:
                live.waiters.remove(waiter)
        return live if live.ended else self.find(live.row.id)

    async def send(self, run_id: str, event: Json) -> LiveRun:
        """Feed an event from outside and wait until it is durable.

        Raises NotFound, Refused, Unavailable, StoreError.
        """
        live = self.find(run_id)
        if live.queued is not None and event["type"] == "cancel_requested":
            # only a run that has begun can be ended
            self.timers.cancel(run_id, START_TIMER)
            self._admit(run_id)
        done: Settled = self._loop.create_future()
        self.feed(live, event, done)
        await done
        return live

    async def erase(self, run_id: str) -> None:
        """Remove everything that is kept of an ended run. Raises NotFound, Refused."""
        live = self.find(run_id)
        if not live.ended:
            raise Refused("CONFLICT", "only a run that has ended can be deleted")
        self.runs.drop(run_id)
        done: Settled = self._loop.create_future()
        self._write(Erasure(run_id), Pending(None, None, [], [], done))
        await done

    def spawn(self, work: Any) -> None:
        """Run a coroutine until it ends or the engine closes."""
        task = self._loop.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _wake(live: LiveRun) -> None:
    for waiter in live.waiters:
        _wake_one(waiter)
    live.waiters = []


def _wake_one(waiter: Settled) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _fail(done: Settled | None, error: BaseException) -> None:
    if done is not None and not done.done():
        done.set_exception(error)


def _retrieve(done: Settled) -> None:
    """A future that nobody waits for must not complain."""
    if not done.cancelled():
        done.exception()
