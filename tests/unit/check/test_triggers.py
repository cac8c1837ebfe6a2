"""Time zones, schedules, and what notifications say."""

from __future__ import annotations

import pytest

from tests.unit.check.flows import found, only, text_at

ZONES = {
    "UTC": [],
    "Europe/Berlin": [],
    "America/Argentina/Buenos_Aires": [],
    "europe/berlin": ["MF1011"],
    "Europe/Berlinn": ["MF1011"],
    "'+01:00'": ["MF1011"],
    "../../etc/passwd": ["MF1011"],
    "localtime": ["MF1011"],
    "'*'": ["MF1011"],
}
CRONS = {
    "0 9 * * MON-FRI": [],
    "0 0 29 2 *": [],
    "0 9 31 4,6 *": ["MF7011"],
    "0 0 30 FEB *": ["MF7011"],
    "0 0 30 FEB MON": [],  # either day counts
    "0 9 * * FRI-MON": ["MF7011"],
    "5-3 * * * *": ["MF7011"],
    "0 9 * * 5-7": [],
}


def schedule(keys: str) -> str:
    return f"triggers: [{{type: schedule, {keys}}}]\nsteps: [{{name: a}}]"


@pytest.mark.parametrize("zone", ZONES)
def test_time_zones(zone: str) -> None:
    spec = schedule(f"cron: 0 9 * * *, time_zone: {zone}")
    assert found(spec, prefix="MF1011") == ZONES[zone]


def test_a_misspelt_time_zone_is_suggested() -> None:
    spec = schedule("cron: 0 9 * * *, time_zone: europe/berlin")
    diagnostic = only(spec, code="MF1011")
    assert diagnostic.help == "did you mean `Europe/Berlin`?"
    assert text_at(diagnostic, spec) == "europe/berlin"


@pytest.mark.parametrize("cron", CRONS)
def test_schedules(cron: str) -> None:
    assert found(schedule(f"cron: '{cron}'"), prefix="MF7011") == CRONS[cron]


def test_a_range_that_runs_backwards_is_named() -> None:
    spec = schedule("cron: 0 9 * * FRI-MON")
    assert "`FRI-MON`" in str(only(spec, code="MF7011").help)


def test_other_triggers_have_neither() -> None:
    spec = "triggers: [{type: event, event: e}, {type: schedule, every: 1h}]\nsteps: [{name: a}]"
    assert found(spec, prefix="MF1011") == found(spec, prefix="MF7011") == []


@pytest.mark.parametrize(("every", "codes"), [("0s", ["MF7001"]), ("1ms", [])])
def test_a_period_of_zero(every: str, codes: list[str]) -> None:
    assert found(schedule(f"every: {every}"), prefix="MF7001") == codes


NOTIFICATIONS = {
    "[{email: a@b.c}, {slack: '#alerts', priority: 5}]": 0,
    "[{text: 'order ${$.input.id} failed'}]": 1,
    "[$.input.email]": 1,
    "[{to: [{name: $.input.name}, '${secrets.X}']}]": 2,
    "[{text: costs 5 $}]": 0,
}


@pytest.mark.parametrize("notification", NOTIFICATIONS)
def test_nothing_is_put_into_notifications(notification: str) -> None:
    spec = f"steps: [{{name: a}}]\nerror_handling: {{notification: {notification}}}"
    assert len(found(spec, prefix="MF6013")) == NOTIFICATIONS[notification]
