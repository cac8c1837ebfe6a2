"""Runs of the core in virtual time: for tests of workflows, simulation, exploration."""

from magicflow.simulation.driver import RUN_ID, START, Key, Simulation
from magicflow.simulation.outcomes import (
    OWN_CODES,
    Asked,
    Fails,
    Limit,
    NeverAnswers,
    Outcome,
    Returns,
    Source,
    TimesOut,
    limits_of,
    type_of,
)
from magicflow.simulation.trace import Trace

__all__ = [
    "OWN_CODES",
    "RUN_ID",
    "START",
    "Asked",
    "Fails",
    "Key",
    "Limit",
    "NeverAnswers",
    "Outcome",
    "Returns",
    "Simulation",
    "Source",
    "TimesOut",
    "Trace",
    "limits_of",
    "type_of",
]
