"""Event triggers by themselves, and what the engine does when it is asked too late."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from magicflow.engine import NotFound, Unavailable
from magicflow.engine.encoding import decode, encode
from magicflow.engine.triggers import event_triggers

from tests.runtime.harness import add, running
from tests.runtime.plans import call, lit, obj, path, plan, three_steps


def trigger(**members: Any) -> Any:
    return event_triggers(
        {"triggers": [{"type": "event", "event": "paid", **members}]}
    )[0]


CLOUD = {"id": "e1", "type": "paid", "data": {"amount": 5}}


def test_a_trigger_without_filter_and_mapping_takes_the_data() -> None:
    assert trigger().input_of(CLOUD, 0) == (True, {"amount": 5})


@pytest.mark.parametrize(
    ("filter", "fits"),
    [
        ({"op": ">", "left": path("event", "data", "amount"), "right": lit(4)}, True),
        ({"op": ">", "left": path("event", "data", "amount"), "right": lit(9)}, False),
        ({"op": ">", "left": path("event", "data", "none"), "right": lit(9)}, False),
        (lit("yes"), False),
    ],
)
def test_a_filter_decides_and_one_that_fails_does_not_fit(
    filter: Any, fits: bool
) -> None:
    assert trigger(filter=filter).input_of(CLOUD, 0)[0] is fits


def test_a_mapping_makes_the_input() -> None:
    mapped = trigger(input=obj(sum=path("event", "data", "amount")))
    assert mapped.input_of(CLOUD, 0) == (True, {"sum": 5})
    missing = trigger(input=path("event", "data", "none"))
    assert missing.input_of(CLOUD, 0) == (True, None)
    bad = {"op": "+", "left": lit(None), "right": lit(1)}
    assert trigger(input=bad).input_of(CLOUD, 0) == (False, None)


def test_deep_values_are_encoded_too() -> None:
    value: Any = 1
    for _ in range(300):
        value = [value]
    assert decode(encode(value)) == value


def test_a_deployment_while_open_is_kept_and_startable() -> None:
    async def test() -> None:
        async with running(three_steps(), handlers={"add": add}) as h:
            newer = h.engine.deploy({**three_steps(), "hash": "f" * 64})
            await h.engine.pipeline.fence()
            assert h.engine.store.plan("f" * 64) is not None
            live = await h.finish(await h.start("three", {"n": 1}))
            assert live.row.plan_hash == newer.plan.hash
            with pytest.raises(NotFound):
                h.engine.catalog.of_hash("0" * 64)

    asyncio.run(test())


def test_reading_waits_until_nothing_can_be_lost() -> None:
    async def test() -> None:
        slow = plan({"w": {"kind": "wait", "duration": 10}}, ["w"], name="w")
        async with running(slow) as h:
            from magicflow.engine import StartRequest

            live, done = h.engine.begin(StartRequest("w"))
            assert live.in_flight == 1
            read = await h.engine.read(live.row.id)
            assert read.in_flight == 0
            assert done is not None and done.done()
            with pytest.raises(NotFound):
                await h.engine.read("nobody")

    asyncio.run(test())


def test_after_the_end_nothing_is_taken() -> None:
    async def test() -> None:
        async with running(plan({"a": call("f")}, ["a"], name="one")) as h:
            live = await h.start("one")
            engine = h.engine
        with pytest.raises(Unavailable):
            engine.feed(live, {"type": "pause"})
        with pytest.raises(Unavailable):
            await engine.change_outbox(closed=[(live.row.id, "task", "a@1")])

    asyncio.run(test())
