"""The workflows of `rules/`: one for every rule of docs/semantics.md, each with a
scenario that says what happens to its run and what comes of it.

A scenario is played twice: in virtual time, where it gives the history that is expected,
and with real servers, executors and clients, by a script that is made of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

import yaml
from magicflow.simulation.driver import Simulation
from magicflow.simulation.expectation import differences
from magicflow.simulation.outcomes import (
    Asked,
    Fails,
    NeverAnswers,
    Outcome,
    Returns,
    Source,
    TimesOut,
)
from magicflow.simulation.scenario import ScenarioSource, Workflow
from magicflow.simulation.scenario import _schedule as schedule
from magicflow.simulation.script import Script
from magicflow.simulation.times import parse_duration

Json = dict[str, Any]
ROOT = Path(__file__).resolve().parents[3]
FOLDER = Path(__file__).parent / "rules"
AGAIN = "-again"
"""Where runs of a workflow have something in common, as breakers are, the second client
has a copy of the workflow to itself: it is named so."""

_ROW = re.compile(r"^\| ([a-z]+-\d+) \|", re.MULTILINE)


def sentences() -> list[str]:
    """The names of all rules, in the order of the table."""
    return _ROW.findall((ROOT / "docs" / "semantics.md").read_text("utf-8"))


@dataclass(frozen=True)
class Rule:
    """A workflow and what happens to a run of it.

    The scenarios' own keys: `x-covers` lists sentences. `x-before` and `x-acts` are what
    is done to the real run before and after `events`; all of them wait for statuses of
    steps, `x-when`, or for the end of the run, `x-ended`. `x-options` are those of the
    start. `x-unfit` are results that no scenario may have, as they do not fit, with what
    comes of them, `x-expect`. `x-apart`: virtual time does not tell all of it. `x-concurrent`: the order of different steps is left to
    chance. `x-own`: the workflow is copied for the second client. `x-heavy`: the run
    needs a server to itself. `x-free` lists what two runs may differ in.
    """

    name: str
    workflow: str
    spec: Json = field(repr=False)

    @property
    def covers(self) -> list[str]:
        return list(self.spec.get("x-covers", ()))

    @property
    def is_played(self) -> bool:
        """Whether it is a run that a user starts, not the child of one."""
        return bool(self.covers)

    @property
    def own(self) -> bool:
        return bool(self.spec.get("x-own"))

    @property
    def apart(self) -> bool:
        return bool(self.spec.get("x-apart"))

    @property
    def heavy(self) -> bool:
        return bool(self.spec.get("x-heavy"))

    @property
    def free(self) -> list[str]:
        return list(self.spec.get("x-free", ()))

    @property
    def concurrent(self) -> bool:
        """Whether the order of rows of different occurrences is left to chance."""
        return bool(self.spec.get("x-concurrent"))

    @property
    def input(self) -> Any:
        return self.spec.get("input", {})

    @property
    def options(self) -> Json:
        found = dict(self.spec.get("x-options", {}))
        if "timeout" in self.spec:
            found["timeout_override"] = self.spec["timeout"]
        if "metadata" in self.spec:
            found["metadata"] = self.spec["metadata"]
        return found

    @property
    def expect(self) -> Json:
        """What is to come of the run, with what `x-unfit` changes."""
        return {**self.spec.get("expect", {}), **self.spec.get("x-expect", {})}

    @cached_property
    def acts(self) -> list[Json]:
        """What is done to the run, for the clients' programs."""
        return [
            _act(each)
            for key in ("x-before", "events", "x-acts")
            for each in self.spec.get(key, ())
        ]


def _act(given: Mapping[str, Any]) -> Json:
    act: Json = {"at": parse_duration(given.get("at", "0s"))}
    for name in ("when", "ended", "event_id"):
        if f"x-{name}" in given:
            act[name] = given[f"x-{name}"]
    if "event" in given:
        return {
            **act,
            "do": "event",
            "event": given["event"],
            "data": given.get("data"),
        }
    if "cancel" in given:
        return {**act, "do": "cancel", "reason": given["cancel"]}
    (name,) = {"pause", "resume", "retry", "start"} & given.keys()
    return {**act, "do": name}


def read_rules() -> dict[str, Rule]:
    """All of them by workflow."""
    found: dict[str, Rule] = {}
    for file in sorted(FOLDER.glob("*.scenario.yaml")):
        for document in yaml.safe_load_all(file.read_text("utf-8")):
            spec = document["spec"]
            rule = Rule(document["metadata"]["name"], spec["workflow"], spec)
            assert rule.workflow not in found, f"{rule.workflow} has two scenarios"
            found[rule.workflow] = rule
    return found


class _Recorder:
    """What a source says of every attempt, written down as acts of functions."""

    def __init__(self, source: Source, unfit: Json) -> None:
        self._source = source
        self._unfit = unfit
        self.script: dict[str, list[Json]] = {}

    def outcome_of(self, asked: Asked) -> Outcome | None:
        if asked.step in self._unfit:
            value = self._unfit[asked.step]
            self.script[asked.path] = [{"output": value, "unfit": True}]
            return Returns(value)
        outcome = self._source.outcome_of(asked)
        if outcome is not None and asked.what in ("task", "person"):
            acts = self.script.setdefault(asked.path, [])
            acts += [{}] * (asked.attempt - len(acts))
            acts[asked.attempt - 1] = act_of(outcome)
        return outcome


def played(rule: Rule, plan: Json) -> tuple[Simulation, dict[str, list[Json]]]:
    """A rule's run in virtual time, and what its functions and people do: acts for every
    occurrence, attempt by attempt."""
    workflow = Workflow(plan)
    source = ScenarioSource(workflow, Script(rule.spec.get("steps", {})), Random(0))
    recorder = _Recorder(source, rule.spec.get("x-unfit", {}))
    simulation = Simulation(workflow.plan, recorder)
    schedule(simulation, rule.spec.get("events", ()))
    limit = rule.spec.get("timeout")
    timeout = None if limit is None else parse_duration(limit)
    refused = simulation.start(rule.input, rule.spec.get("metadata"), timeout)
    assert refused is None, (rule.name, refused)
    simulation.run()
    found = differences(simulation.trace(), rule.expect)
    assert not found, (rule.name, [(each.place, each.text) for each in found])
    return simulation, recorder.script


def act_of(outcome: Outcome) -> Json:
    """What a function does for an outcome."""
    if isinstance(outcome, Returns):
        return {"output": outcome.value, "sleep": outcome.after}
    if isinstance(outcome, Fails):
        return {"error": outcome.error(), "sleep": outcome.after}
    assert isinstance(outcome, NeverAnswers | TimesOut)
    return {"never": True}
