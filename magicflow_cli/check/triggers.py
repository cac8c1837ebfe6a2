"""Triggers that could never start a run."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

from magicflow_cli.check.model import CheckedWorkflow
from magicflow_cli.check.policies import spec_of
from magicflow_cli.diagnostics import Report
from magicflow_cli.diagnostics.codes import MF1011, MF7011
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.load.nodes import Mapping, Scalar, Sequence


def check_time_zones(checked: CheckedWorkflow, report: Report) -> None:
    """Names of time zones against the IANA database, the one of the package `tzdata`:
    the answer must not depend on the machine."""
    zones: frozenset[str] = frozenset()
    for trigger in _schedules(checked):
        zone = trigger.get("time_zone")
        if not isinstance(zone, Scalar):
            continue
        zones = zones or _time_zones()
        if zone.text in zones:
            continue
        near = suggest(zone.text, zones)
        report.add(
            MF1011,
            f"there is no time zone `{zone.text}`",
            zone.span(),
            help=(
                f"did you mean `{near}`?"
                if near
                else "write a name of the IANA time zone database, such as `Europe/Berlin`"
            ),
        )


def check_schedules(checked: CheckedWorkflow, report: Report) -> None:
    """Cron expressions that no moment matches, and ranges that run backwards."""
    for trigger in _schedules(checked):
        cron = trigger.get("cron")
        if not isinstance(cron, Scalar):
            continue
        from magicflow.cron import parse_cron  # few workflows have one

        try:
            if parse_cron(cron.text).after(0) is not None:
                continue
            help_ = "no month that it names has such a day"
        except ValueError as error:
            help_ = f"{error}; a range runs from the lower to the higher value"
        report.add(
            MF7011,
            f"the schedule `{cron.text}` never comes up",
            cron.span(),
            help=help_,
        )


def _schedules(checked: CheckedWorkflow) -> Iterator[Mapping]:
    triggers = spec_of(checked).get("triggers")
    if isinstance(triggers, Sequence):
        for trigger in triggers.items:
            if isinstance(trigger, Mapping):
                yield trigger


def _time_zones() -> frozenset[str]:
    listed = files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    return frozenset(listed.split())
