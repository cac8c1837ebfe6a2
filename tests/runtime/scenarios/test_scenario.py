"""Scenarios: played as they say, and compared with what they expect."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from magicflow.simulation.expectation import unlike
from magicflow.simulation.outcomes import Asked, Fails, NeverAnswers, Returns, TimesOut
from magicflow.simulation.scenario import Result, ScenarioError, Workflow, play
from magicflow.simulation.script import Script, compile_outcome
from magicflow.simulation.times import parse_duration, parse_latency, print_duration

from tests.runtime.core.plans import call, chain, lit, output, path, plan, policy

Json = dict[str, Any]
NUMBER = {"type": "integer"}


def order() -> Json:
    """`pay` with three attempts and a handler, then `ship` for each item."""
    return plan(
        {
            "/": {
                "kind": "seq",
                "nodes": ["pay", "each", "sorry", "sorry/rethrow"],
                "start": "pay",
            },
            "pay": {
                "kind": "try",
                "step": "pay",
                "body": "pay/do",
                "retry": policy(initial_delay=1_000),
                "catch": [
                    {
                        "match": ["any"],
                        "before_retry": False,
                        "action": "goto",
                        "target": "sorry",
                    }
                ],
                "next": "each",
            },
            "pay/do": call(timeout=5_000, result_type=NUMBER),
            "each": {
                "kind": "for",
                "step": "each",
                "items": path("input", "items"),
                "variable": "item",
                "parallel": False,
                "max_iterations": 10,
                "body": "each/body",
                "next": "@block",
            },
            "each/body": {"kind": "seq", "nodes": ["ship"], "start": "ship"},
            "ship": call("ship", result_type=NUMBER, next="@block"),
            "sorry": call("sorry", next="sorry/rethrow"),
            "sorry/rethrow": {"kind": "raise", "rethrow": True},
        },
        handlers=["sorry"],
        output={"type": {"type": "any"}, "value": output("each", "items")},
    )


def played(spec: Json, source: Json | None = None, **given: Any) -> Result:
    spec = {"input": {"items": [1, 2]}, **spec}
    return play(Workflow(source or order()), "test", spec, **given)


def told(result: Result) -> list[str]:
    return [f"{each.place}: {each.text}" for each in result.differences]


def test_what_nothing_is_said_of_goes_well_at_once() -> None:
    result = played({})
    assert result.passed and result.trace.duration == 0
    assert result.trace.output == [1, 1]


def test_outcomes_by_attempt_by_name_and_by_path() -> None:
    result = played(
        {
            "steps": {
                "pay": [
                    {"fails": "BUSY", "after": "2s"},
                    {"times_out": "timeout"},
                    {"returns": 5, "after": "1s"},
                ],
                "ship": {"returns": 7},
                "each[1]/ship": {"returns": 8},
            },
            "expect": {
                "status": "completed",
                "path": ["pay", "each", "ship", "each[1]/ship"],
                "output": [7, 8],
                "steps": {
                    "pay": {"status": "completed", "attempts": 3, "output": 5},
                    "each[0]/ship": {"output": 7},
                    "ship": {"output": 8, "fallback_used": False},
                    "sorry": {"status": "absent"},
                },
                "within": "20s",
                "events": [],
            },
        }
    )
    assert told(result) == []
    assert result.trace.duration == 2_000 + 1_000 + 5_000 + 1_000 + 1_000


def test_a_failure_is_told_with_the_path_beside() -> None:
    result = played(
        {
            "steps": {"pay": {"fails": "BUSY"}},
            "expect": {"path": ["pay", "each", "ship"], "output": [1]},
        }
    )
    status, way, out = result.differences
    assert status.text == "expected completed, the run is failed: pay: BUSY simulated"
    assert way.text.split("\n") == [
        "the path is another",
        "    expected   actual",
        "    pay        pay (failed, 3 attempts, BUSY)",
        "  > each       sorry",
        "  > ship",
    ]
    assert out.text == "expected [1], got null"


def test_every_expectation_can_fail() -> None:
    result = played(
        {
            "steps": {"pay": [{"returns": 5, "after": "3s"}]},
            "expect": {
                "status": "failed",
                "error": "BUSY",
                "output": [1, 2, 3],
                "compensation": "complete",
                "within": "1s",
                "events": ["paid"],
                "steps": {
                    "pay": {
                        "status": "failed",
                        "attempts": 2,
                        "output": 6,
                        "input": 1,
                        "error": "NO",
                        "fallback_used": True,
                    },
                    "sorry": {"status": "completed"},
                },
            },
        }
    )
    assert told(result) == [
        "status: expected failed, the run is completed",
        "steps.pay.status: expected failed, got completed",
        "steps.pay.attempts: expected 2, got 1",
        "steps.pay.input: expected 1, got nothing",
        "steps.pay.output: expected 6, got 5",
        "steps.pay.error: expected NO, there is no error",
        "steps.pay.fallback_used: expected true, got false",
        "steps.sorry: `sorry` was not entered",
        "output: expected [1, 2, 3], got [1, 1]",
        "error: expected BUSY, there is no error",
        'events: expected ["paid"], got []',
        "compensation: expected complete, got null",
        "within: the run took 3s, more than 1s",
    ]


def test_errors_by_code_or_by_members() -> None:
    steps = {"pay": {"fails": "NO", "message": "never", "retryable": False}}
    assert played({"steps": steps, "expect": {"error": "NO"}}).passed
    wanted = {"error": {"code": "NO", "message": "never"}}
    assert played({"steps": steps, "expect": wanted}).passed
    (status,) = played(
        {"steps": steps, "expect": {"steps": {"pay": {"error": "NO"}}}}
    ).differences
    assert status.place == "status"
    found = played({"steps": steps, "expect": {"error": "BUSY"}})
    assert told(found) == ["error: expected BUSY, got pay: NO never"]
    found = played({"steps": steps, "expect": {"error": {"message": "no"}}})
    assert told(found) == ["error/message: expected no, got never"]


def test_a_run_that_never_ends() -> None:
    steps = {"ship": {"never": True}}
    found = played({"steps": steps})
    assert told(found) == [
        "status: expected completed, the run is waiting: "
        "it waits for an attempt of `each[0]/ship`"
    ]
    assert played({"steps": steps, "expect": {"status": "waiting"}}).passed


def test_what_was_said_for_nothing_is_noted() -> None:
    steps = {
        "sorry": {"returns": 1},
        "each[7]/ship": [{"returns": 1}],
        "pay": [{"returns": 1}, {"returns": 2}],
    }
    assert played({"steps": steps}).notes == [
        "`sorry` was not asked for",
        "`each[7]/ship` was not asked for",
        "`pay` had no attempt 2",
    ]


def test_attempts_beyond_the_list_go_well() -> None:
    result = played({"steps": {"pay": [{"fails": "BUSY"}]}})
    assert result.passed and result.trace.steps["pay"]["attempts"] == 2


def waiting() -> Json:
    return plan(
        {
            "/": {"kind": "seq", "nodes": ["a"], "start": "a"},
            "a": {
                "kind": "listen",
                "step": "a",
                "event": "paid",
                "correlate": {},
                "type": NUMBER,
                "timeout": 3_600_000,
                "next": "@block",
            },
        },
        events={"paid": {"name": "paid", "type": NUMBER, "listens": True}},
    )


def test_events_come_at_their_times() -> None:
    events = [
        {"at": "1m", "pause": True},
        {"at": "2m", "resume": True},
        {"at": "5m", "event": "paid", "data": 4},
    ]
    result = played({"events": events, "expect": {"within": "5m"}}, waiting())
    assert result.passed and result.trace.duration == 300_000
    cancelled = played({"events": [{"at": "1m", "cancel": "no"}]}, waiting())
    assert cancelled.trace.status == "cancelled"
    silent = played({"expect": {"error": "TIMEOUT"}}, waiting())
    assert silent.passed and silent.trace.duration == 3_600_000
    answered = played({"steps": {"a": {"returns": 1, "after": "1m"}}}, waiting())
    assert answered.passed and answered.trace.duration == 60_000


def test_a_refused_event_is_a_difference() -> None:
    events: list[Json] = [
        {"at": "1m", "event": "paid", "data": "four"},
        {"at": "2m", "resume": True},
        {"at": "3m", "event": "paid", "data": 4},
    ]
    assert told(played({"events": events}, waiting())) == [
        "events: event `paid`, 60 s after the start, was refused: "
        "`/` the value is a string, not an integer",
        "events: resume, 120 s after the start, was refused: the run is not paused",
    ]


def test_what_cannot_be_played() -> None:
    source = plan(chain("a"), input=NUMBER)
    cases: list[tuple[Json, str]] = [
        ({"input": "x"}, "the input is refused: `/` the value is a string"),
        ({"start": "yesterday"}, "is no date-time"),
        ({"steps": {"a": {"returns": 1, "after": "soon"}}}, "is no duration"),
        ({"steps": {"a": {"times_out": "timeout"}}}, "has no timeout"),
        ({"timeout": "soon"}, "is no duration"),
        ({"steps": {"a": {"one_of": [{"never": True, "weight": 0}]}}}, "the weight 0"),
    ]
    for spec, words in cases:
        with pytest.raises(ScenarioError, match=words):
            play(Workflow(source), "test", {"input": 1, **spec})
    never = plan(
        {
            "/": {"kind": "seq", "nodes": ["a"], "start": "a"},
            "a": call("a", result_type={"type": "n"}),
        },
        types={"n": {"kind": "never", "name": {"words": ["n"]}}},
        input={"type": "n"},
    )
    with pytest.raises(ScenarioError, match="write `input`"):
        play(Workflow(never), "test", {})
    never["input"] = {"type": "any"}
    with pytest.raises(ScenarioError, match="write what it `returns`"):
        play(Workflow(never), "test", {})


def test_a_start_says_when_and_how_long() -> None:
    result = played(
        {
            "start": "2030-01-01T00:00:00Z",
            "timeout": "10s",
            "metadata": {"who": "me"},
            "steps": {"ship": {"returns": 1, "after": "1h"}},
            "expect": {"status": "timed_out"},
        }
    )
    assert result.passed and result.trace.started == 1_893_456_000_000


def test_handlers_do_the_work_where_nothing_goes_wrong() -> None:
    seen: list[tuple[str, int]] = []

    def work(asked: Asked, after: int) -> Returns:
        seen.append((asked.path, asked.attempt))
        return Returns(40 + len(seen), after)

    steps = {
        "pay": [{"fails": "BUSY"}, {"returns": 1, "after": "1s"}],
        "sorry": {"returns": 0},
    }
    result = played({"steps": steps}, handler=work)
    assert seen == [("pay", 2), ("each[0]/ship", 1), ("each[1]/ship", 1)]
    assert result.trace.output == [42, 43] and result.trace.duration == 2_000
    seen.clear()
    stubbed = played({"steps": steps}, handler=work, stubs=["pay"])
    assert stubbed.trace.steps["pay"]["output"] == 1
    assert [path for path, _ in seen] == ["each[0]/ship", "each[1]/ship"]


def test_http_steps_answer_with_their_first_expected_status() -> None:
    source = plan(
        {
            "/": {"kind": "seq", "nodes": ["a"], "start": "a"},
            "a": call(
                "a",
                executor="@http",
                function="GET",
                http={"url": lit("https://example.com/"), "expect": [201]},
            ),
        }
    )
    row = played({}, source, handler=None).trace.steps["a"]
    assert row["output"] == {"status": 201, "headers": {}, "body": None}


# values


@pytest.mark.parametrize(
    ("wanted", "actual", "places"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, []),
        ({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 3}]}}, ["/a/b/1/c"]),
        ([1], [1, 2], [""]),
        (1, True, [""]),
        (False, 0, [""]),
        (1, 1.0, []),
        ({"a": None}, {}, ["/a"]),
        ({}, [], [""]),
        (None, None, []),
    ],
)
def test_values_are_compared_as_json(
    wanted: Any, actual: Any, places: list[str]
) -> None:
    assert [pointer for pointer, _, _ in unlike(wanted, actual)] == places


# outcomes and times


def test_an_outcome_by_chance() -> None:
    draw = compile_outcome(
        {
            "one_of": [
                {"returns": 1, "weight": 8, "after": "1s..2s"},
                {"fails": "NO", "retry_after": "5s", "unknown": True},
                {"times_out": "queue_timeout"},
                {"never": True, "weight": 0},
            ]
        }
    )
    dice = Random(4)
    drawn = [draw(dice) for _ in range(1_000)]
    returned = [each for each in drawn if isinstance(each, Returns)]
    assert 750 < len(returned) < 850
    assert all(1_000 <= each.after <= 2_000 for each in returned)
    assert len({each.after for each in returned}) > 100
    failed = next(each for each in drawn if isinstance(each, Fails))
    assert (failed.retry_after, failed.unknown) == (5_000, True)
    assert TimesOut("queue") in drawn and NeverAnswers() not in drawn


def test_a_script_prefers_the_path() -> None:
    script = Script({"a": {"returns": 1}, "each[0]/a": {"returns": 2}})
    command: Json = {}
    for where, value in (("each[0]/a", 2), ("each[1]/a", 1)):
        draw = script.find(Asked("task", "a", where, 1, "a", command))
        assert draw is not None and draw(Random(0)) == Returns(value)
    assert script.find(Asked("task", "b", "b", 1, "b", command)) is None
    assert list(script.unused()) == []


@given(st.integers(0, 2**53 - 1))
def test_durations_read_back(millis: int) -> None:
    text = print_duration(millis)
    if len(text) <= 13:  # what the notation has digits for
        assert parse_duration(text) == millis


@pytest.mark.parametrize(
    ("text", "millis"),
    [
        ("0s", 0),
        ("250ms", 250),
        ("PT1H30M", 5_400_000),
        ("P2D", 172_800_000),
        ("PT0.5S", 500),
    ],
)
def test_durations(text: str, millis: int) -> None:
    assert parse_duration(text) == millis


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "s",
        "1 s",
        "P",
        "PT",
        "1y",
        "2s..1s",
        "p50=2s p95=1s",
        "p50=0s p95=1s",
        "p50=x p95=1s",
        "99999999999d",
    ],
)
def test_no_latencies(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_latency(text)


def test_latencies() -> None:
    dice = Random(1)
    assert parse_latency("5s").sample(dice) == 5_000 and parse_latency("5s").is_fixed
    assert parse_latency("5s..5s").is_fixed
    even = sorted(parse_latency("100ms..200ms").sample(dice) for _ in range(2_000))
    assert (even[0], even[-1]) == (100, 200) and 145 < even[1_000] < 155
    skewed = sorted(
        parse_latency("p50=100ms p95=1s").sample(dice) for _ in range(9_000)
    )
    assert 95 < skewed[4_500] < 105 and 900 < skewed[8_550] < 1_100
