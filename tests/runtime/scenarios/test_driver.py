"""The core in virtual time: what the world may do comes as the events that it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from magicflow.canonical import canonical
from magicflow.core import replay
from magicflow.plan import load_plan
from magicflow.simulation import (
    START,
    Asked,
    Fails,
    NeverAnswers,
    Outcome,
    Returns,
    Simulation,
    TimesOut,
    limits_of,
    type_of,
)

from tests.runtime.core.plans import call, chain, lit, obj, output, path, plan, policy
from tests.runtime.core.random_plans import random_plans

Json = dict[str, Any]


class By:
    """Outcomes by step; of those not named an empty object, after a second."""

    def __init__(self, **outcomes: Any) -> None:
        self.outcomes = outcomes
        self.asked: list[Asked] = []

    def outcome_of(self, asked: Asked) -> Outcome | None:
        self.asked.append(asked)
        said: Any = self.outcomes.get(asked.step, Returns({}, 1_000))
        if isinstance(said, list):
            said = said[asked.attempt - 1]
        outcome: Outcome | None = said
        return outcome


def run(source: Json, input: Any = None, **outcomes: Any) -> Simulation:
    simulation = Simulation(load_plan(source), By(**outcomes))
    assert simulation.start(input) is None
    simulation.run()
    return simulation


def tried(**members: Any) -> Json:
    """One step, `a`, with three attempts a second apart."""
    return plan(
        {
            "/": {"kind": "seq", "nodes": ["a"], "start": "a"},
            "a": {
                "kind": "try",
                "step": "a",
                "body": "a/do",
                "retry": policy(initial_delay=1_000),
                "catch": [],
                "next": "@block",
            },
            "a/do": call(**members),
        }
    )


def test_time_moves_from_one_happening_to_the_next() -> None:
    trace = run(plan(chain("a", "b", "c"))).trace()
    assert trace.status == "completed" and trace.is_over
    assert trace.path() == ["a", "b", "c"]
    assert (trace.started, trace.duration) == (START, 3_000)


def test_an_attempt_fails_and_is_tried_again() -> None:
    flow = run(tried(), a=[Fails("BUSY"), Fails("BUSY", after=500), Returns(7)])
    row = flow.state["steps"]["a"]
    assert (row["status"], row["attempts"], row["output"]) == ("completed", 3, 7)
    assert list(flow.trace().failures()) == [("a", "BUSY"), ("a", "BUSY")]
    assert flow.trace().duration == 2_500


def test_what_an_error_says_reaches_the_core() -> None:
    error = Fails("NO", "never", retryable=False, details={"why": 1}, retry_after=5)
    row = run(tried(), a=error).state["steps"]["a"]
    assert row["attempts"] == 1
    assert row["error"]["message"] == "never"
    assert row["error"]["details"] == {"why": 1}
    assert row["error"]["retry_after"] == 5


@pytest.mark.parametrize(
    ("outcome", "kind", "duration"),
    [
        (TimesOut("lease"), "lease", 4_000),
        (TimesOut("queue"), "queue", 3_000),
        (TimesOut("heartbeat"), "heartbeat", 2_000),
        (Returns({}, 4_000), "lease", 4_000),  # too late is not at all
        (Fails("BUSY", after=9_000), "lease", 4_000),
        (NeverAnswers(), "heartbeat", 2_000),  # whichever limit is over first
    ],
)
def test_the_dispatchers_limits(outcome: Outcome, kind: str, duration: int) -> None:
    limits = {"timeout": 4_000, "queue_timeout": 3_000, "heartbeat_timeout": 2_000}
    source = plan(
        {"/": {"kind": "seq", "nodes": ["a"], "start": "a"}, "a": call("a", **limits)}
    )
    flow = run(source, a=outcome)
    assert flow.state["steps"]["a"]["error"]["details"] == {"kind": kind}
    assert flow.trace().duration == duration
    (asked,) = flow.source.asked  # type: ignore[union-attr]
    assert limits_of(asked.command) == ("lease", "queue", "heartbeat")


def test_a_limit_that_a_task_does_not_have_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="has no queue_timeout"):
        run(plan(chain("a")), a=TimesOut("queue"))


def test_a_run_may_wait_for_ever() -> None:
    flow = run(plan(chain("a", "b")), a=NeverAnswers())
    trace = flow.trace()
    assert not trace.is_over and not flow.ended
    assert [command["type"] for command in trace.waits] == ["schedule_task"]


def listening(**members: Any) -> Json:
    return plan(
        {
            "/": {"kind": "seq", "nodes": ["a"], "start": "a"},
            "a": {
                "kind": "listen",
                "step": "a",
                "event": "ping",
                "correlate": {"k": lit(1)},
                "type": {"type": "any"},
                "next": "@block",
                **members,
            },
        },
        events={"ping": {"name": "ping", "type": {"type": "any"}, "listens": True}},
    )


def test_an_event_arrives_when_it_is_listened_for() -> None:
    flow = run(listening(), a=Returns({"k": 1, "n": 2}, 60_000))
    assert flow.state["steps"]["a"]["output"]["data"] == {"k": 1, "n": 2}
    assert flow.trace().duration == 60_000


def test_an_event_of_its_own_accord() -> None:
    flow = Simulation(load_plan(listening()), By(a=NeverAnswers()))
    flow.at(START + 5, "event_received", {"event": "ping", "data": {"k": 2}})
    flow.at(START + 9, "event_received", {"event": "ping", "data": {"k": 1}})
    flow.at(START + 7, "event_received", {"event": "pong", "data": {}})
    flow.start()
    flow.run()
    assert flow.trace().duration == 9
    ((event, reason),) = flow.refused
    assert (event["event"], reason["code"]) == ("pong", "UNKNOWN_EVENT")


def test_events_do_not_time_out_nor_fail() -> None:
    for wrong in (TimesOut(), Fails("NO")):
        with pytest.raises(ValueError, match="arrives, or never"):
            run(listening(), a=wrong)


def human(**members: Any) -> Json:
    source = listening(event="@task", correlate={}, type={"type": "integer"}, task={})
    source["nodes"]["a"].update(members)
    return source


def test_a_person_answers() -> None:
    flow = run(human(), a=Returns(4, 7_200_000))
    assert flow.state["steps"]["a"]["output"] == 4
    assert flow.trace().duration == 7_200_000


def test_an_answer_that_does_not_fit_leaves_the_task_open() -> None:
    flow = run(human(timeout=9_000), a=Returns("four"))
    assert [reason["code"] for _, reason in flow.refused] == ["VALIDATION"]
    assert flow.state["steps"]["a"]["status"] == "timed_out"
    with pytest.raises(ValueError, match="answers, or never"):
        run(human(), a=Fails("NO"))


def parent() -> Json:
    return plan(
        {
            "/": {"kind": "seq", "nodes": ["a"], "start": "a"},
            "a": {
                "kind": "sub",
                "step": "a",
                "workflow": "child",
                "version": "*",
                "next": "@block",
            },
        }
    )


@pytest.mark.parametrize(
    ("outcome", "status", "code"),
    [
        (Returns({"v": 1}), "completed", None),
        (Fails("NO"), "failed", "NO"),
        (TimesOut(after=100), "failed", "TIMEOUT"),
    ],
)
def test_a_child_ends(outcome: Outcome, status: str, code: str | None) -> None:
    row = run(parent(), a=outcome).state["steps"]["a"]
    assert row["status"] == status
    assert (row.get("error") or {}).get("code") == code
    assert not run(parent(), a=NeverAnswers()).ended


@pytest.mark.parametrize("source", [parent(), plan(chain("a"))])
def test_a_cancelled_run_waits_for_what_stops(source: Json) -> None:
    flow = Simulation(load_plan(source), By(a=Returns({}, 50_000)))
    flow.at(START + 1_000, "cancel_requested", {"reason": "enough"})
    flow.start()
    flow.run()
    trace = flow.trace()
    assert (trace.status, trace.duration) == ("cancelled", 1_000)


def test_what_never_answers_does_not_stop_either() -> None:
    flow = Simulation(load_plan(plan(chain("a"))), By(a=NeverAnswers()))
    flow.at(START + 1_000, "cancel_requested")
    flow.start()
    flow.run()
    assert flow.trace().duration == 1_000 + 30_000  # the grace


def test_compensation_is_asked_by_its_node() -> None:
    source = plan(
        {
            "/": {"kind": "seq", "nodes": ["a", "b"], "start": "a"},
            "a": call("a", next="b", compensation={"node": "a/undo", "on": "unknown"}),
            "a/undo": call(),
            "b": call("b", next="@block"),
        }
    )
    flow = run(source, b=Fails("NO"))
    asked = [(each.step, each.path) for each in flow.source.asked]  # type: ignore[union-attr]
    assert asked == [("a", "a"), ("b", "b"), ("a/undo", "a/undo")]
    assert flow.trace().compensation == "complete"
    assert flow.state["steps"]["a"]["status"] == "compensated"


def test_attempts_of_what_is_no_task_are_counted_too() -> None:
    source = parent()
    source["nodes"]["a"] = {
        "kind": "try",
        "step": "a",
        "body": "a/do",
        "retry": policy(),
        "catch": [],
        "next": "@block",
    }
    source["nodes"]["a/do"] = {"kind": "sub", "workflow": "child", "version": "*"}
    flow = run(source, a=[Fails("NO"), Returns({})])
    asked = [(e.what, e.path, e.attempt) for e in flow.source.asked]  # type: ignore[union-attr]
    assert asked == [("child", "a", 1), ("child", "a", 2)]


def test_a_refused_start_is_told() -> None:
    source = plan(chain("a"), input={"type": "integer"})
    flow = Simulation(load_plan(source), By())
    refused = flow.start("text")
    assert refused is not None and refused["code"] == "VALIDATION"
    assert flow.status == "new" and not flow.step()


def test_metadata_timeout_and_deadline_of_a_start() -> None:
    loaded = load_plan(plan(chain("a")))
    for members in ({"timeout": 10_000}, {"deadline": START + 10_000}):
        flow = Simulation(loaded, By(a=Returns({}, 60_000)))
        flow.start(None, {"who": "me"}, **members)  # type: ignore[arg-type]
        assert flow.state["start"]["metadata"] == {"who": "me"}
        assert flow.next_due() == START + 10_000
        flow.run()
        assert (flow.status, flow.next_due()) == ("timed_out", None)


def test_nobody_is_asked_without_a_source() -> None:
    flow = Simulation(load_plan(tried()))
    flow.start()
    assert not flow.step()
    (key,) = flow.open
    asked = flow.asked(key)
    assert asked is not None and (asked.what, asked.step) == ("task", "a")
    flow.settle(key, Returns(1, 5))
    flow.settle(key, NeverAnswers())  # somebody thought again
    assert not flow.step()
    flow.settle(key, Returns(2, 5))
    flow.run()
    assert flow.state["steps"]["a"]["output"] == 2


def test_the_type_of_what_may_be_returned() -> None:
    source = listening()
    assert type_of(source, "a") == {"type": "any"}
    assert type_of(tried(result_type={"type": "integer"}), "a/do") == {
        "type": "integer"
    }
    assert type_of(parent(), "a") is None


def test_a_copy_goes_its_own_way() -> None:
    flow = Simulation(load_plan(tried()), By(a=Returns(1, 1_000)))
    flow.start()
    other = flow.fork()
    other.settle(("task", "a"), Fails("NO", retryable=False))
    other.run()
    assert (other.status, flow.status) == ("failed", "running")
    flow.run()
    assert flow.status == "completed"
    assert [row["type"] for row in flow.history][-1] == "run_completed"


def test_events_are_emitted_at_their_time() -> None:
    source = plan(
        {
            "/": {"kind": "seq", "nodes": ["a", "b"], "start": "a"},
            "a": call("a", next="b"),
            "b": {
                "kind": "emit",
                "step": "b",
                "event": "done",
                "data": obj(v=output("a", "v")),
                "next": "@block",
            },
        },
        events={"done": {"name": "done", "type": {"type": "any"}, "emits": True}},
    )
    (emitted,) = run(source, a=Returns({"v": 3}, 20)).trace().emitted
    assert (emitted["event"], emitted["data"], emitted["at"]) == (
        "done",
        {"v": 3},
        START + 20,
    )


def test_a_run_that_begins_anew_says_so() -> None:
    source = plan(chain("a"), timeout={"after": 1_000, "action": "retry"})
    flow = run(source, a=NeverAnswers())
    assert flow.retry is not None and flow.retry["retry_of"] == flow.run_id


def test_expressions_see_virtual_time() -> None:
    source = plan(
        {
            "/": {"kind": "seq", "nodes": ["a", "b"], "start": "a"},
            "a": call("a", next="b"),
            "b": {
                "kind": "set",
                "step": "b",
                "value": path("execution", "duration"),
                "next": "@block",
            },
        }
    )
    assert run(source, a=Returns({}, 1_234)).state["steps"]["b"]["output"] == 1_234


class Drawn:
    """Whatever hypothesis wants."""

    def __init__(self, data: Any) -> None:
        self.data = data

    def outcome_of(self, asked: Asked) -> Outcome:
        after = self.data.draw(st.integers(0, 3)) * 1_000
        value: Any = {"v": 1}
        if asked.what == "event":
            value = dict(asked.command["correlate"])
        if asked.what == "person":
            value = True
        choice = self.data.draw(st.integers(0, 3))
        if choice == 0 and asked.what in ("task", "child"):
            return Fails("BOOM", after=after, retryable=self.data.draw(st.booleans()))
        if choice == 1 and asked.what == "task" and "timeout" in asked.command:
            return TimesOut()
        if choice == 2 and self.data.draw(st.integers(0, 9)) == 0:
            return NeverAnswers()
        return Returns(value, after)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_plans(), st.booleans(), st.integers(0, 3), st.data())
def test_any_plan_in_any_world(source: Json, flag: bool, items: int, data: Any) -> None:
    """Events that the driver makes replay to its state; a copy made on the way ends as
    the original; at the end nothing is open that the run does not wait for."""
    loaded = load_plan(source)
    flow = Simulation(loaded, Drawn(data))
    flow.start({"flag": flag, "items": list(range(items))})
    while flow.step():
        assert flow.now >= flow.started
    if flow.ended:
        assert flow.open == {} and flow.next_due() is None
        assert flow.state["frames"] == {}
    else:
        assert flow.open, "it waits for nothing"
        assert all(key[0] != "timer" for key in flow.open)
    assert [row["n"] for row in flow.history] == list(range(1, len(flow.history) + 1))


def test_a_driver_makes_a_history_that_replays() -> None:
    events: list[Json] = []
    loaded = load_plan(tried())

    class Recorded(Simulation):
        def send(self, type: str, members: Json) -> Any:
            decision = super().send(type, members)
            id = f"{self.run_id[:24]}{self.events:012x}"
            events.append({"type": type, "id": id, "at": self.now, **members})
            return decision

    flow = Recorded(loaded, By(a=[Fails("BUSY"), Returns({})]))
    flow.start()
    flow.run()
    assert canonical(replay(loaded, events)) == canonical(flow.state)
