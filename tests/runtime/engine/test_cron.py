"""Cron expressions, with both changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from magicflow.cron import parse_cron


def millis(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def following(cron: str, start: str, count: int, zone: str | None = None) -> list[str]:
    schedule = parse_cron(cron, zone)
    at, found = millis(start), []
    for _ in range(count):
        after = schedule.after(at)
        assert after is not None and after > at
        at = after
        found.append(datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%MZ"))
    return found


def test_plain_times() -> None:
    assert following("0 9 * * MON-FRI", "2026-01-02T10:00Z", 2) == [
        "2026-01-05T09:00Z",
        "2026-01-06T09:00Z",
    ]
    assert following("*/20 * * * *", "2026-01-01T00:05Z", 3) == [
        "2026-01-01T00:20Z",
        "2026-01-01T00:40Z",
        "2026-01-01T01:00Z",
    ]
    assert following("5,10-12 3 1 JAN *", "2026-01-01T03:05Z", 3) == [
        "2026-01-01T03:10Z",
        "2026-01-01T03:11Z",
        "2026-01-01T03:12Z",
    ]
    assert following("0 0 29 2 *", "2026-01-01T00:00Z", 1) == ["2028-02-29T00:00Z"]
    assert following("@daily", "2026-01-01T00:00Z", 1) == ["2026-01-02T00:00Z"]
    assert following("0 0 * * 7", "2026-01-01T00:00Z", 1) == ["2026-01-04T00:00Z"]
    assert following("10/25 1 * * *", "2026-01-01T00:00Z", 2) == [
        "2026-01-01T01:10Z",
        "2026-01-01T01:35Z",
    ]


def test_either_day_counts_when_both_are_restricted() -> None:
    assert following("0 0 13 * FRI", "2026-01-01T00:00Z", 3) == [
        "2026-01-02T00:00Z",
        "2026-01-09T00:00Z",
        "2026-01-13T00:00Z",
    ]


def test_a_day_that_never_comes() -> None:
    assert parse_cron("0 0 30 2 *").after(0) is None


def test_a_time_that_spring_skips_happens_when_the_skip_is_over() -> None:
    # Berlin, 2026-03-29: 02:00 CET becomes 03:00 CEST
    assert following("30 2 * * *", "2026-03-28T12:00Z", 2, "Europe/Berlin") == [
        "2026-03-29T01:30Z",
        "2026-03-30T00:30Z",
    ]


def test_a_time_that_autumn_repeats_happens_once() -> None:
    # Berlin, 2026-10-25: 03:00 CEST becomes 02:00 CET
    assert following("30 2 * * *", "2026-10-24T12:00Z", 2, "Europe/Berlin") == [
        "2026-10-25T00:30Z",
        "2026-10-26T01:30Z",
    ]


def test_every_hour_follows_real_time_over_both_changes() -> None:
    assert following("15 * * * *", "2026-03-28T23:30Z", 4, "Europe/Berlin") == [
        "2026-03-29T00:15Z",
        "2026-03-29T01:15Z",
        "2026-03-29T02:15Z",
        "2026-03-29T03:15Z",
    ]
    assert following("15 * * * *", "2026-10-24T23:30Z", 4, "Europe/Berlin") == [
        "2026-10-25T00:15Z",
        "2026-10-25T01:15Z",
        "2026-10-25T02:15Z",
        "2026-10-25T03:15Z",
    ]


@pytest.mark.parametrize(
    ("cron", "zone", "start", "expected"),
    [
        # New York, 2026-03-08 and 2026-11-01, at 02:00
        # Lord Howe changes by half an hour: 2026-10-04 02:00 → 02:30, 04-05 02:00 → 01:30
        # Cairo, 2026-04-24: the day has no midnight
        (
            "30 2 * * *",
            "America/New_York",
            "2026-03-07T12:00Z",
            "2026-03-08T07:30Z 2026-03-09T06:30Z",
        ),
        (
            "30 1 * * *",
            "America/New_York",
            "2026-10-31T12:00Z",
            "2026-11-01T05:30Z 2026-11-02T06:30Z",
        ),
        (
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2026-10-03T00:00Z",
            "2026-10-03T15:45Z 2026-10-04T15:15Z",
        ),
        (
            "45 1 * * *",
            "Australia/Lord_Howe",
            "2026-04-04T00:00Z",
            "2026-04-04T14:45Z 2026-04-05T15:15Z",
        ),
        (
            "*/15 * * * *",
            "Australia/Lord_Howe",
            "2026-04-04T14:40Z",
            "2026-04-04T14:45Z 2026-04-04T15:00Z 2026-04-04T15:15Z 2026-04-04T15:30Z",
        ),
        (
            "*/15 * * * *",
            "Australia/Lord_Howe",
            "2026-10-03T15:20Z",
            "2026-10-03T15:30Z 2026-10-03T15:45Z 2026-10-03T16:00Z",
        ),
        (
            "0 0 * * *",
            "Africa/Cairo",
            "2026-04-23T00:00Z",
            "2026-04-23T22:00Z 2026-04-24T21:00Z",
        ),
    ],
)
def test_both_changes_elsewhere(
    cron: str, zone: str, start: str, expected: str
) -> None:
    times = expected.split()
    assert following(cron, start, len(times), zone) == times


@pytest.mark.parametrize(
    "text",
    ["", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8",
     "a * * * *", "*/0 * * * *", "5-1 * * * *", "* * * * * *", "1,,2 * * * *",
     "99999 * * * *", "-1 * * * *"],
)  # fmt: skip
def test_what_is_no_cron_expression(text: str) -> None:
    with pytest.raises(ValueError, match="`"):
        parse_cron(text)


def test_an_unknown_time_zone() -> None:
    for zone in ("Mars/Base", "../etc/passwd", ""):
        with pytest.raises(ValueError, match="time zone"):
            parse_cron("* * * * *", zone)
