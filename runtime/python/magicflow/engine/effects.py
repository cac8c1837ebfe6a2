"""What a run asks for beyond tasks and timers: events, children, retries, webhooks.

Each stands in the outbox until it has happened, and is done again after a restart; each
is made so that doing it twice changes nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from magicflow.engine.encoding import decode, encode
from magicflow.engine.live import LiveRun
from magicflow.engine.requests import (
    OWN_KEYS,
    Overloaded,
    Refused,
    StartRequest,
    Unavailable,
)
from magicflow.engine.tasks import NotFound
from magicflow.store import Effect, RunFilter, StoreError, Transition

if TYPE_CHECKING:
    from magicflow.engine.engine import Engine

Json = dict[str, Any]
Sink = Callable[[Json], Awaitable[None]]
"""Takes a CloudEvent; raises when it could not deliver it."""

_LOGGER = logging.getLogger("magicflow.engine")
FIRST_DELAY = 0.5
LONGEST_DELAY = 60.0


class Effects:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.sinks: list[Sink] = []
        self.webhook: Callable[[str, Json], Awaitable[None]] | None = None
        self._works: set[asyncio.Task[None]] = set()

    def carry_out(self, live: LiveRun, command: Json) -> None:
        """A command that is durable now."""
        effect = command.pop("effect", None)
        if effect is not None and effect.kind in _DO:
            self._do(effect, command)

    def redo(self, effect: Effect) -> None:
        """An outbox row that was still there after a restart."""
        self._do(effect, decode(effect.payload))

    def _do(self, effect: Effect, command: Json) -> None:
        work = asyncio.get_running_loop().create_task(self._persist(effect, command))
        self._works.add(work)
        work.add_done_callback(self._works.discard)

    async def _persist(self, effect: Effect, command: Json) -> None:
        """Do it until it is done; others are not held up."""
        delay = FIRST_DELAY
        while True:
            try:
                if await _DO[effect.kind](self, effect, command):
                    key = (effect.run_id, effect.kind, effect.key)
                    await self._engine.change_outbox(closed=[key])
                return
            except Unavailable:
                return  # recovery does it again
            except StoreError as error:
                self._engine.unknown(error)
                return
            except Exception as error:
                _LOGGER.warning(
                    "run %s: %s `%s` failed, again in %.1f s: %s",
                    effect.run_id,
                    effect.kind,
                    effect.key,
                    delay,
                    error,
                )
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY)

    async def idle(self) -> None:
        """Until what is under way now has been done, at most a second."""
        if self._works:
            await asyncio.wait(list(self._works), timeout=1)

    async def close(self) -> None:
        for work in list(self._works):
            work.cancel()
        if self._works:
            await asyncio.wait(list(self._works), timeout=1)

    # events

    async def _emit(self, effect: Effect, command: Json) -> bool:
        cloud = self._cloud_event(effect.run_id, command)
        await self.publish(cloud)
        for sink in self.sinks:
            await sink(cloud)
        return True

    def _cloud_event(self, run_id: str, command: Json) -> Json:
        return {
            "specversion": "1.0",
            "id": command["event_id"],
            "source": f"/executions/{run_id}",
            "type": command["event"],
            "datacontenttype": "application/json",
            "data": command["data"],
        }

    async def publish(self, cloud: Json) -> list[str]:
        """Give a CloudEvent to every run that listens for it with fitting correlation,
        and start what it triggers. Returns the ids of the runs that it reached."""
        engine = self._engine
        event, data = cloud["type"], cloud.get("data")
        reached: list[str] = []
        for listener in engine.store.listeners(event):
            if not _correlates(data, listener):
                continue
            message = {
                "type": "event_received",
                "event_id": cloud["id"],
                "event": event,
                "data": data,
            }
            try:
                await engine.send(listener.run_id, message)
                reached.append(listener.run_id)
            except (Refused, NotFound) as error:
                _LOGGER.info("run %s: event `%s`: %s", listener.run_id, event, error)
        await self._trigger(cloud)
        return reached

    async def _trigger(self, cloud: Json) -> None:
        engine = self._engine
        for deployed in engine.catalog:
            for trigger in deployed.event_triggers:
                if trigger.event != cloud["type"]:
                    continue
                fits, value = trigger.input_of(cloud, engine.clock.now())
                if not fits:
                    continue
                request = StartRequest(
                    deployed.plan.name,
                    value,
                    idempotency_key=f"{OWN_KEYS}event:{cloud['id']}:{trigger.position}",
                    source=f"event:{trigger.event}",
                )
                try:
                    _, done = engine.begin(request)
                    if done is not None:
                        await done
                except Refused as error:
                    _LOGGER.warning("event `%s` starts nothing: %s", cloud["id"], error)

    # children

    async def _start_child(self, effect: Effect, command: Json) -> bool:
        engine = self._engine
        parent = engine.find(effect.run_id)
        request = StartRequest(
            command["workflow"],
            command["input"],
            version=command["version"],
            deadline=command.get("deadline"),
            idempotency_key=f"{OWN_KEYS}child:{effect.run_id}:{effect.key}",
            parent=f"{effect.run_id}:{effect.key}",
            priority=parent.row.priority,
            traceparent=parent.info.get("traceparent"),
        )
        try:
            live, done = engine.begin(request)
        except (NotFound, Refused) as error:
            code = error.code if isinstance(error, Refused) else "UNAVAILABLE"
            failure: Json = {"code": code, "message": str(error)}
            if isinstance(error, Refused) and error.details is not None:
                failure["details"] = error.details
            await self._child_ended(effect, "failed", None, failure)
            return False
        if done is not None:
            await done
        elif live.ended:
            self.tell_parent(live)
        return False  # `child_ended` closes the row

    async def _child_ended(
        self, effect: Effect, status: str, output: Any, error: Json | None
    ) -> None:
        event: Json = {"type": "child_ended", "child_id": effect.key, "status": status}
        if output is not None:
            event["output"] = output
        if error is not None:
            event["error"] = error
        try:
            await self._engine.send(effect.run_id, event)
        except Refused:
            key = (effect.run_id, effect.kind, effect.key)
            await self._engine.change_outbox(closed=[key])

    def tell_parent(self, live: LiveRun) -> None:
        """A child's end is durable: its parent hears of it. When the server stops
        before, the parent's outbox row finds the ended child after the restart."""
        parent, _, child_id = (live.row.parent or "").partition(":")
        run = live.state["run"]
        effect = Effect(parent, "child", child_id)
        work = asyncio.get_running_loop().create_task(
            self._tell(effect, run["status"], run.get("output"), run.get("error"))
        )
        self._works.add(work)
        work.add_done_callback(self._works.discard)

    async def _tell(
        self, effect: Effect, status: str, output: Any, error: Json | None
    ) -> None:
        # when it fails, recovery finds the ended child again
        with contextlib.suppress(Unavailable, NotFound):
            try:
                await self._child_ended(effect, status, output, error)
            except StoreError as failed:
                self._engine.unknown(failed)

    async def _stop_child(self, effect: Effect, command: Json) -> bool:
        engine = self._engine
        event = {
            "type": "cancel_requested",
            "reason": command.get("reason", "the parent no longer wants it"),
        }
        # a child that never started or has ended needs no cancelling
        wanted = RunFilter(parent=f"{effect.run_id}:{effect.key}", open_only=True)
        for child in engine.store.runs(wanted):
            with contextlib.suppress(NotFound, Refused):
                await engine.send(child.id, event)
        return True

    # retries and webhooks

    async def _start_retry(self, effect: Effect, command: Json) -> bool:
        engine = self._engine
        old = engine.find(effect.run_id).row
        request = StartRequest(
            old.workflow,
            command["input"],
            command["metadata"],
            idempotency_key=f"{OWN_KEYS}retry:{effect.run_id}",
            retry_of=effect.run_id,
            foreign_id=old.foreign_id,
            priority=old.priority,
            plan_hash=old.plan_hash,
        )
        try:
            _, done = engine.begin(request)
        except Overloaded:
            raise
        except Refused as error:
            _LOGGER.error("run %s cannot be retried: %s", effect.run_id, error)
            return True
        if done is not None:
            await done
        return True

    def add_final(self, live: LiveRun, transition: Transition) -> None:
        """The completion webhook leaves with the transition that ends the run."""
        url = live.info.get("webhook")
        if url is None:
            return
        run = live.state["run"]
        body = {
            "id": f"{live.row.id}:ended",
            "url": url,
            "execution_id": live.row.id,
            "workflow": live.row.workflow,
            "status": run["status"],
            "output": run.get("output"),
            "error": run.get("error"),
        }
        effect = Effect(live.row.id, "webhook", "ended", "", None, 0, encode(body))
        transition.opened.append(effect)
        live.open["webhook", "ended"] = None
        # the fence is written behind the transition that is being built
        loop = asyncio.get_running_loop()
        loop.call_soon(lambda: self._after_fence(effect, body))

    def _after_fence(self, effect: Effect, body: Json) -> None:
        def done(fence: asyncio.Future[None]) -> None:
            if not fence.cancelled() and fence.exception() is None:
                self._do(effect, body)

        self._engine.pipeline.fence().add_done_callback(done)

    async def _call_webhook(self, effect: Effect, command: Json) -> bool:
        if self.webhook is not None:
            await self.webhook(command["url"], command)
        return True


def _correlates(data: Any, listener: Effect) -> bool:
    try:
        wanted = decode(listener.payload).get("correlate")
    except ValueError as error:
        _LOGGER.error("run %s listens for nothing: %s", listener.run_id, error)
        return False
    if not wanted:
        return True
    return isinstance(data, dict) and all(
        key in data and data[key] == value and type(data[key]) is type(value)
        for key, value in wanted.items()
    )


_DO: dict[str, Callable[[Effects, Effect, Json], Awaitable[bool]]] = {
    "event": Effects._emit,
    "child": Effects._start_child,
    "stop": Effects._stop_child,
    "retry": Effects._start_retry,
    "webhook": Effects._call_webhook,
}
