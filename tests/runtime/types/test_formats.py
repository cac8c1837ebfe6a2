"""Formats where a regular expression alone does not decide."""

from __future__ import annotations

import pytest
from magicflow.types.formats import FORMATS, LEAP_SECOND


@pytest.mark.parametrize(
    ("format", "text", "expected"),
    [
        ("time", "23:59:60Z", LEAP_SECOND),
        ("time", "00:59:60+01:00", LEAP_SECOND),
        ("time", "22:59:60-01:00", LEAP_SECOND),
        ("time", "22:59:60Z", False),
        ("date-time", "2016-12-31T23:59:60Z", LEAP_SECOND),
        ("date-time", "2016-12-31T22:59:60Z", False),
        ("date-time", "2016-02-30T23:59:60Z", False),
        ("date", "2000-02-29", True),
        ("date", "2100-02-29", False),
        ("date", "2024-02-30", False),
        ("hostname", "xn--bcher-kva.example", True),
        ("hostname", "xn--a", False),
        ("hostname", "ab--cd", False),
        ("email", "a@" + "b" * 63 + ".c", True),
        ("email", "a@" + ".".join(["b" * 63] * 4), False),
        ("int64", "9223372036854775807", True),
        ("int64", "9223372036854775808", False),
    ],
)
def test_rules(format: str, text: str, expected: bool | str) -> None:
    assert FORMATS[format](text) == expected


def test_no_format_takes_long_for_a_hostile_text() -> None:
    for check in FORMATS.values():
        for text in (
            "a" * 100_000,
            "1:" * 50_000,
            "a." * 50_000,
            "%41" * 30_000,
            '"\\"' * 30_000,
        ):
            assert check(text) in (True, False)
