"""Waits, events, people, children, triggers, retries, webhooks: in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from magicflow.engine import Refused
from magicflow.engine.encoding import decode
from magicflow.store import MemoryStore, RunFilter

from tests.runtime.harness import add, running
from tests.runtime.plans import call, lit, obj, path, plan, step_output, three_steps

Json = dict[str, Any]
ANY = {"type": "any"}


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]


def waiting(duration: int = 60_000) -> Json:
    return plan({"w": {"kind": "wait", "duration": duration}}, ["w"], name="waits")


def listening(name: str = "listens", **more: Any) -> Json:
    node = {
        "kind": "listen",
        "event": "paid",
        "correlate": {"order": path("input", "order")},
        "type": ANY,
        **more,
    }
    return plan(
        {"l": node},
        ["l"],
        name=name,
        output=obj(got=step_output("l")),
        events={"paid": {"name": "paid", "type": ANY, "listens": True}},
    )


def parent(version: str = "*") -> Json:
    node = {"kind": "sub", "workflow": "three", "version": version}
    return plan(
        {"s": {**node, "input": obj(n=lit(5))}},
        ["s"],
        name="parent",
        output=obj(child=step_output("s")),
    )


def cloud(type: str, data: Any, id: str = "e1") -> Json:
    return {"specversion": "1.0", "id": id, "type": type, "source": "/t", "data": data}


def test_a_wait_ends_at_its_time_also_after_a_restart() -> None:
    store = MemoryStore()

    async def test() -> None:
        async with running(waiting(), store=store) as h:
            live = await h.start("waits")
            assert live.row.status == "waiting"
            at = h.clock.now()
            await h.clock.advance(30_000)
        h.clock.jump(10_000)
        async with running(store=store, clock=h.clock) as h:
            ended = await h.finish(h.engine.find(live.row.id))
            assert h.clock.now() - at == 60_000
            assert ended.row.status == "completed"
        # a minute without a server: what was due fires at once, once

    run(test)


def test_timers_that_were_due_while_the_server_was_down_fire_once() -> None:
    store = MemoryStore()

    async def test() -> None:
        async with running(waiting(), store=store) as h:
            lives = [await h.start("waits") for _ in range(20)]
        h.clock.jump(3_600_000)
        async with running(store=store, clock=h.clock) as h:
            await h.clock.advance(0)
            for live in lives:
                assert h.engine.find(live.row.id).row.status == "completed"
                assert len(store.log(live.row.id)) == 2
            assert store.effects(("timer",)) == []

    run(test)


def test_an_event_finds_its_listener_by_correlation() -> None:
    async def test() -> None:
        async with running(listening()) as h:
            one = await h.start("listens", {"order": "o1"})
            two = await h.start("listens", {"order": "o2"})
            publish = h.engine.effects.publish
            assert await publish(cloud("paid", {"order": "other"})) == []
            assert await publish(cloud("sent", {"order": "o1"})) == []
            assert await publish(cloud("paid", {"order": "o2", "sum": 5}, "e2")) == [
                two.row.id
            ]
            ended = await h.finish(two)
            got = {"id": "e2", "type": "paid", "data": {"order": "o2", "sum": 5}}
            assert ended.state["run"]["output"] == {"got": got}
            row = h.engine.store.run(one.row.id)
            assert row is not None and row.status == "waiting"
            assert len(h.engine.store.listeners("paid")) == 1

    run(test)


def test_an_event_that_comes_early_is_kept_for_its_run() -> None:
    both = listening()
    both["nodes"]["/"] = {"kind": "seq", "nodes": ["w", "l"], "start": "w"}
    both["nodes"]["w"] = {"kind": "wait", "duration": 1000, "step": "w", "next": "l"}
    both["steps"]["w"] = {
        **both["steps"]["l"],
        "name": "w",
        "type": "wait",
        "node": "w",
    }

    async def test() -> None:
        async with running(both) as h:
            live = await h.start("listens", {"order": "o"})
            event = {"type": "event_received", "event_id": "e", "event": "paid"}
            await h.engine.send(live.row.id, {**event, "data": {"order": "o"}})
            with pytest.raises(Refused):
                await h.engine.send(
                    live.row.id, {**event, "event": "unknown", "data": 1}
                )
            ended = await h.finish(live)
            assert ended.row.status == "completed"

    run(test)


def test_an_emitted_event_wakes_a_listener_and_starts_what_it_triggers() -> None:
    data = obj(order=lit("o1"))
    emits = plan(
        {"e": {"kind": "emit", "event": "paid", "data": data}}, ["e"], name="emits"
    )
    trigger = {
        "type": "event",
        "event": "paid",
        "filter": {
            "op": "==",
            "left": path("event", "data", "order"),
            "right": lit("o1"),
        },
        "input": obj(n=lit(1)),
    }
    triggered = {**three_steps(), "triggers": [trigger]}
    seen: list[Json] = []

    async def sink(event: Json) -> None:
        if not seen:
            seen.append({})
            raise OSError("the first delivery fails")
        seen.append(event)

    async def test() -> None:
        handlers = {"add": add}
        async with running(emits, listening(), triggered, handlers=handlers) as h:
            h.engine.effects.sinks.append(sink)
            listener = await h.start("listens", {"order": "o1"})
            await h.finish(await h.start("emits"))
            await h.finish(listener)
            while len(seen) < 2:
                await asyncio.sleep(0.05)
            await h.settle()
            assert seen[1]["type"] == "paid"
            assert seen[1]["data"] == {"order": "o1"}
            started = h.engine.store.runs(RunFilter(workflow="three"))
            assert len(started) == 1, "the trigger's key makes it once over deliveries"
            assert h.engine.store.effects(("event",)) == []

    run(test)


def test_a_person_s_answer_is_checked_and_taken_once() -> None:
    form = "asks#form"
    task = {
        "kind": "listen",
        "event": "@task",
        "correlate": {},
        "type": {"type": form},
        "task": {"assignee": lit("ann"), "title": lit("Approve?")},
    }
    types = {
        form: {
            "kind": "object",
            "name": {"words": ["form"]},
            "extra": {"allow": "forbid"},
            "fields": {"ok": {"type": {"type": "boolean"}, "required": True}},
        }
    }
    asks = plan({"h": task}, ["h"], name="asks", output=step_output("h"), types=types)

    async def test() -> None:
        async with running(asks) as h:
            live = await h.start("asks")
            (effect,) = h.engine.store.effects(("human",))
            assert effect.name == "ann"
            answer = {"type": "human_completed", "task_id": effect.key}
            with pytest.raises(Refused) as refused:
                await h.engine.send(live.row.id, {**answer, "data": {"ok": "yes"}})
            assert refused.value.code == "VALIDATION"
            await h.engine.send(
                live.row.id, {**answer, "data": {"ok": True}, "by": "ann"}
            )
            assert (await h.finish(live)).state["run"]["output"] == {"ok": True}
            assert h.engine.store.effects(("human",)) == []
            with pytest.raises(Refused):
                await h.engine.send(live.row.id, {**answer, "data": {"ok": True}})

    run(test)


def test_a_child_runs_and_its_output_comes_back() -> None:
    async def test() -> None:
        async with running(parent(), three_steps(), handlers={"add": add}) as h:
            live = await h.finish(await h.start("parent"))
            assert live.state["run"]["output"] == {"child": {"n": 8}}
            (child,) = h.engine.store.runs(RunFilter(workflow="three"))
            assert child.parent == f"{live.row.id}:s"
            assert h.engine.store.effects(("child",)) == []

    run(test)


@pytest.mark.parametrize(
    ("plans", "code"), [((), "UNAVAILABLE"), ((three_steps(),), "UNAVAILABLE")]
)
def test_a_child_that_cannot_start_fails_its_step(plans: Any, code: str) -> None:
    async def test() -> None:
        async with running(parent(">=9.0.0"), *plans, handlers={"add": add}) as h:
            live = await h.finish(await h.start("parent"))
            assert live.row.status == "failed"
            assert live.state["run"]["error"]["code"] == code

    run(test)


def test_a_child_whose_input_does_not_fit_says_why() -> None:
    bad = parent()
    bad["nodes"]["s"]["input"] = obj(n=lit("x"))

    async def test() -> None:
        async with running(bad, three_steps(), handlers={"add": add}) as h:
            live = await h.finish(await h.start("parent"))
            assert live.state["run"]["error"]["code"] == "VALIDATION"

    run(test)


def test_cancelling_a_parent_cancels_its_child() -> None:
    async def hang(input: Any) -> Any:
        await asyncio.Event().wait()

    async def test() -> None:
        async with running(parent(), three_steps(), handlers={"add": hang}) as h:
            live = await h.start("parent")
            await h.settle()
            await h.engine.send(live.row.id, {"type": "cancel_requested"})
            live = await h.finish(live)
            assert live.row.status == "cancelled"
            await h.settle()
            (child,) = h.engine.store.runs(RunFilter(workflow="three"))
            assert child.status == "cancelled"
            assert h.engine.store.effects(("stop", "child", "task")) == []

    run(test)


def test_children_are_taken_up_after_a_restart() -> None:
    store = MemoryStore()

    async def hang(input: Any) -> Any:
        await asyncio.Event().wait()

    async def first() -> str:
        async with running(
            parent(), three_steps(), handlers={"add": hang}, store=store
        ) as h:
            live = await h.start("parent")
            await h.settle()
            return live.row.id

    async def second(run_id: str) -> None:
        plans = (parent(), three_steps())
        async with running(*plans, handlers={"add": add}, store=store) as h:
            live = await h.finish(h.engine.find(run_id))
            assert live.state["run"]["output"] == {"child": {"n": 8}}
            assert len(store.runs(RunFilter(workflow="three"))) == 1

    run_id = asyncio.run(first())
    asyncio.run(second(run_id))


def test_a_workflow_timeout_may_start_one_new_run() -> None:
    again = waiting(3_600_000)
    again["timeout"] = {"after": 10_000, "action": "retry"}

    async def test() -> None:
        async with running(again) as h:
            live = await h.finish(await h.start("waits", metadata={"a": "b"}))
            assert live.row.status == "timed_out"
            await h.settle()
            rows = h.engine.store.runs(RunFilter())
            assert [row.retry_of for row in rows] == [live.row.id, None]
            await h.clock.advance(20_000)
            assert len(h.engine.store.runs(RunFilter())) == 2, "once per chain"

    run(test)


def test_one_active_run_of_a_foreign_id() -> None:
    unique = {**waiting(), "unique": "running"}

    async def test() -> None:
        async with running(unique) as h:
            live = await h.start("waits", foreign_id="f")
            with pytest.raises(Refused, match=live.row.id):
                await h.start("waits", foreign_id="f")
            await h.start("waits", foreign_id="g")
            await h.finish(live)
            await h.start("waits", foreign_id="f")

    run(test)


def test_a_completion_webhook_leaves_with_the_end_and_until_it_is_taken() -> None:
    calls: list[tuple[str, Json]] = []

    async def webhook(url: str, body: Json) -> None:
        calls.append((url, body))
        if len(calls) == 1:
            raise OSError("not now")

    async def test() -> None:
        async with running(three_steps(), handlers={"add": add}) as h:
            h.engine.effects.webhook = webhook
            live = await h.start("three", {"n": 1}, webhook="http://x/done")
            live = await h.finish(live)
            assert h.engine.store.effects(("webhook",)) != []
            while len(calls) < 2:
                await asyncio.sleep(0.05)
            await h.settle()
            assert [c[1]["id"] for c in calls] == [f"{live.row.id}:ended"] * 2
            assert calls[1][1]["output"] == {"n": 4}
            assert h.engine.store.effects(("webhook",)) == []

    run(test)


def test_an_erased_run_leaves_nothing() -> None:
    async def test() -> None:
        async with running(three_steps(), waiting(), handlers={"add": add}) as h:
            live = await h.finish(await h.start("three", {"n": 1, "label": "canary"}))
            await h.engine.erase(live.row.id)
            assert h.engine.store.run(live.row.id) is None
            assert h.engine.store.log(live.row.id) == []
            with pytest.raises(Refused):
                await h.engine.erase((await h.start("waits")).row.id)

    run(test)


def test_runs_leave_memory_and_come_back() -> None:
    from magicflow.engine import EngineSettings

    async def test() -> None:
        settings = EngineSettings(max_live_runs=20)
        async with running(waiting(), settings=settings) as h:
            lives = [await h.start("waits") for _ in range(100)]
            assert len(h.engine.runs) <= 20
            for live in lives:
                assert (await h.finish(live)).row.status == "completed"

    run(test)


def test_the_task_message_has_what_a_worker_needs() -> None:
    async def test() -> None:
        async with running(plan({"a": call("f", timeout=5)}, ["a"], name="one")) as h:
            live = await h.start(
                "one", {"x": 1}, traceparent="00-" + "a" * 32 + "-b-01"
            )
            (task,) = h.engine.store.effects(("task",))
            message = decode(task.payload)
            assert message["input"] == {"x": 1}
            assert message["workflow"] == "one"
            assert message["plan_hash"] == live.row.plan_hash
            assert message["traceparent"].startswith("00-aaaa")
            assert message["idempotency_key"] == f"{live.row.id}:a"

    run(test)
