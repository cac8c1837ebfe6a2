"""Ids, versions, timers, breakers, durations, metrics: the parts by themselves."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from magicflow.engine.breaker import Breaker
from magicflow.engine.clock import SystemClock, VirtualClock
from magicflow.engine.ids import id_source
from magicflow.engine.timers import Timers
from magicflow.observe.metrics import Counter, Gauge, Histogram, expose
from magicflow.server.durations import parse_duration
from magicflow.versions import parse_version, satisfies


def test_ids_are_uuids_that_grow_even_when_time_does_not() -> None:
    times = iter([5_000] * 5_000 + [4_000] * 5_000 + [9_000] * 10)
    next_id = id_source(lambda: next(times))
    made = [next_id() for _ in range(10_010)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    for text in made[::997]:
        assert uuid.UUID(text).version == 7
        assert uuid.UUID(text).variant == uuid.RFC_4122
    later = id_source(lambda: 0, made[-1])
    assert later() > made[-1]


@pytest.mark.parametrize(
    ("range", "inside", "outside"),
    [
        ("*", "1.2.3 0.0.1", ""),
        ("1.2.3", "1.2.3 v1.2.3", "1.2.4"),
        ("^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0"),
        ("^0.2.3", "0.2.3 0.2.9", "0.3.0"),
        ("^0.0.3", "0.0.3", "0.0.4"),
        ("~1.2.3", "1.2.3 1.2.9", "1.3.0"),
        ("~1", "1.0.0 1.9.9", "2.0.0 0.9.9"),
        ("1.x", "1.0.0 1.9.9", "2.0.0"),
        ("1.2", "1.2.0 1.2.9", "1.3.0"),
        (">=1.0.0 <2.0.0", "1.0.0 1.9.9", "2.0.0 0.9.9"),
        (">1.2", "1.3.0", "1.2.9"),
        ("<=1.2", "1.2.9", "1.3.0"),
        ("<1.2.3", "1.2.2", "1.2.3"),
        (">1.2.3", "1.2.4", "1.2.3"),
        ("<=1.2.3", "1.2.3", "1.2.4"),
        ("1.0.0 - 2.0.0", "1.0.0 2.0.0", "2.0.1"),
        ("1.0.0 || 2.x", "1.0.0 2.5.0", "1.0.1"),
        (">=1.0.0-beta.2", "1.0.0-beta.11 1.0.0", "1.0.0-beta.1 1.0.0-alpha"),
        ("^1.0.0", "", "1.1.0-rc.1"),
    ],
)
def test_version_ranges(range: str, inside: str, outside: str) -> None:
    for version in inside.split():
        assert satisfies(version, range), version
    for version in outside.split():
        assert not satisfies(version, range), version


def test_malformed_versions_and_ranges() -> None:
    for text in ("1", "1.2", "a", "1.2.3.4"):
        with pytest.raises(ValueError, match="semantic version"):
            parse_version(text)
    with pytest.raises(ValueError, match="range"):
        satisfies("1.2.3", ">=abc")


def test_timers_fire_once_at_or_after_their_time() -> None:
    fired: list[tuple[str, int]] = []

    async def test() -> None:
        clock = VirtualClock(0)
        timers = Timers(clock, lambda run, timer: fired.append((timer, clock.now())))
        timers.start("r", "b", 200)
        timers.start("r", "a", 100)
        timers.start("r", "close", 101)
        timers.start("r", "gone", 150)
        timers.start("r", "past", -5)
        timers.cancel("r", "gone")
        timers.cancel("r", "never there")
        await clock.advance(1_000)
        assert fired == [("past", 0), ("a", 100), ("close", 101), ("b", 200)]
        timers.load([("r", "c", 1_500), ("r", "d", 900)])
        await clock.advance(1_000)
        assert fired[4:] == [("d", 1_000), ("c", 1_500)]
        assert len(timers) == 0

    asyncio.run(test())


def test_a_moved_clock_never_makes_a_timer_early() -> None:
    fired: list[int] = []

    async def test() -> None:
        clock = VirtualClock(1_000_000)
        timers = Timers(clock, lambda run, timer: fired.append(clock.now()))
        timers.start("r", "t", 1_010_000)
        clock.jump(-3_600_000)
        # the alarm was set for a time that is far away now; whatever rings it early
        timers._ring()
        assert fired == []
        clock.jump(3_600_000 + 30 * 86_400_000)
        await clock.advance(0)
        assert len(fired) == 1
        timers.clear()

    asyncio.run(test())


def test_many_cancelled_timers_leave_the_heap() -> None:
    async def test() -> None:
        timers = Timers(VirtualClock(0), lambda run, timer: None)
        for n in range(10_000):
            timers.start("r", str(n), 10_000 + n)
            timers.cancel("r", str(n))
        assert len(timers._heap) < 200

    asyncio.run(test())


def test_the_system_clock_sleeps_at_most_half_a_minute() -> None:
    async def test() -> None:
        clock = SystemClock()
        loop = asyncio.get_running_loop()
        handle = clock.call_at(clock.now() + 86_400_000, lambda: None)
        assert handle.when() - loop.time() <= 30.1  # type: ignore[attr-defined]
        handle.cancel()

    asyncio.run(test())


RATE = {
    "failure_threshold": 100,
    "failure_rate_threshold": 0.5,
    "minimum_calls": 4,
    "window": 1_000,
    "recovery_timeout": 500,
    "half_open_max_calls": 2,
}


def test_a_breaker_opens_by_rate_within_its_window() -> None:
    breaker = Breaker(RATE)
    for at, code in [(0, "TIMEOUT"), (10, None), (20, "DECLINED"), (30, None)]:
        assert breaker.admit(at)
        breaker.record(at, code)
    assert breaker.state(30) == "closed"
    for at in (1_015, 1_018):
        breaker.record(at, "INTERNAL")
    assert breaker.state(1_018) == "open"
    assert not breaker.admit(1_100)
    assert breaker.admit(1_600) and breaker.admit(1_600)
    assert not breaker.admit(1_600)
    breaker.abandon()
    assert breaker.admit(1_600)
    breaker.record(1_601, None)
    assert breaker.state(1_601) == "half-open"
    breaker.record(1_602, None)
    assert breaker.state(1_602) == "closed"


def test_late_results_of_before_do_not_count_for_an_open_breaker() -> None:
    breaker = Breaker({**RATE, "failure_rate_threshold": None, "failure_threshold": 1})
    breaker.record(0, "TIMEOUT")
    breaker.record(1, None)
    assert breaker.state(1) == "open"
    assert breaker.admit(500)
    breaker.record(501, "UNAVAILABLE")
    assert breaker.state(502) == "open"


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("500ms", 500), ("30s", 30_000), ("1.5m", 90_000), ("1h", 3_600_000),
     ("2d", 172_800_000), ("PT30S", 30_000), ("P1DT1H", 90_000_000), ("P1W", 604_800_000),
     (250, 250), (0, 0)],
)  # fmt: skip
def test_durations(text: str | int, milliseconds: int) -> None:
    assert parse_duration(text) == milliseconds


@pytest.mark.parametrize("text", ["", "soon", "P", "PT", "10", "-5s", -1, 1e300, "1y"])
def test_what_is_no_duration(text: str | float) -> None:
    with pytest.raises(ValueError, match=r"duration|range"):
        parse_duration(text)


def test_metrics_are_exposed() -> None:
    counter = Counter("c_total", "help", "name")
    counter.add(('a"\\\n',), 2)
    empty = Counter("e_total", "none yet")
    histogram = Histogram("h", "help", "w")
    for seconds in (0.001, 0.5, 99_999):
        histogram.observe(("x",), seconds)
    gauge = Gauge("g", "help", lambda: {(): 1.5})
    text = expose([counter, empty, histogram, gauge])
    assert 'c_total{name="a\\"\\\\\\n"} 2\n' in text
    assert "e_total 0\n" in text
    assert 'h_bucket{w="x",le="+Inf"} 3' in text
    assert 'h_bucket{w="x",le="0.5"} 2' in text
    assert 'h_count{w="x"} 3' in text
    assert "g 1.5\n" in text
