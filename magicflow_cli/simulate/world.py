"""A world left to chance: what becomes of each attempt, person, event and child run.

What an outcome script says comes first. For everything else there are fakes that fit
the types, latencies from the workflow's annotations or by default, and faults at a
rate.

    magic-flow.io/latency: 50ms..200ms                  of every step
    magic-flow.io/latency.charge: p50=200ms p95=2s      of one
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, TypeAlias

from magicflow.simulation.outcomes import (
    LIMITS,
    Asked,
    Fails,
    NeverAnswers,
    Outcome,
    Returns,
    TimesOut,
    What,
    type_of,
)
from magicflow.simulation.script import Script
from magicflow.simulation.times import Latency, parse_latency
from magicflow.types import NoExample, TypeSet

from magicflow_cli.simulate.fakes import Fake, Fakes

Json: TypeAlias = dict[str, Any]
LATENCY = "magic-flow.io/latency"
DEFAULTS: dict[What, str] = {
    "task": "p50=100ms p95=500ms",
    "person": "p50=1h p95=8h",
    "event": "p50=1m p95=10m",
    "child": "p50=1s p95=10s",
}
"""How long things take of which nothing is said: log-normal."""
Fault: TypeAlias = Callable[[int], Outcome]
_NEVER = NeverAnswers()


class NotPossible(ValueError):
    """The workflow cannot be simulated; the text says why, `help` how to mend it."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.help = help


def latencies_of(annotations: Mapping[str, str]) -> dict[str, Latency]:
    """By step's name; that of all steps under the empty name. Raises NotPossible."""
    found: dict[str, Latency] = {}
    for name, text in annotations.items():
        if name == LATENCY or name.startswith(f"{LATENCY}."):
            try:
                found[name[len(LATENCY) + 1 :]] = parse_latency(text)
            except ValueError as error:
                raise NotPossible(
                    f"annotation `{name}`: {error}",
                    "write `50ms`, `50ms..2s` or `p50=50ms p95=2s`",
                ) from None
    return found


class RandomWorld:
    """A source of outcomes. Seed `dice` anew for every run: then each is the same
    whatever the others were."""

    def __init__(
        self,
        plan: Json,
        types: TypeSet,
        *,
        faults: float = 0.0,
        script: Script | None = None,
    ) -> None:
        """`faults` is the share of attempts that fail. Raises NotPossible."""
        self.dice = Random(0)
        self._plan = plan
        self._fakes = Fakes(types)
        self._faults = faults
        self._script = script
        self._latencies = latencies_of(plan["workflow"].get("annotations", {}))
        self._made: dict[tuple[str, str], _Place] = {}

    def input(self) -> Fake:
        """Raises NotPossible."""
        try:
            return self._fakes.of(self._plan["input"])
        except NoExample as error:
            raise NotPossible(
                f"no input is known ({error})",
                "say it in an outcome script, `--outcomes FILE`: `input: …`",
            ) from None

    def outcome_of(self, asked: Asked) -> Outcome:
        dice = self.dice
        if self._script is not None:
            draw = self._script.find(asked)
            if draw is not None:
                return draw(dice)
        place = self._made.get((asked.node, asked.step)) or self._make(asked)
        after = place.latency.sample(dice)
        if self._faults and place.faults and dice.random() < self._faults:
            return place.faults[int(dice.random() * len(place.faults))](after)
        value = place.fake(dice)
        if asked.what == "event" and isinstance(value, dict):
            value = {**value, **asked.command["correlate"]}
        return Returns(value, after)

    def _make(self, asked: Asked) -> _Place:
        place = _Place(
            self._fake(asked),
            self._latencies.get(asked.step)
            or self._latencies.get("")
            or parse_latency(DEFAULTS[asked.what]),
            self._faults_of(asked),
        )
        self._made[asked.node, asked.step] = place
        return place

    def _fake(self, asked: Asked) -> Fake:
        type = type_of(self._plan, asked.node)
        http = self._plan["nodes"][asked.node].get("http")
        if type is None or type["type"] == "any":
            value: Any = None
            if http is not None:
                status = next(iter(http["expect"]), 200)
                value = {"status": status, "headers": {}, "body": None}
            elif asked.what == "event":
                value = {}
            return lambda dice: value
        try:
            return self._fakes.of(type)
        except NoExample as error:
            raise NotPossible(
                f"no value for step `{asked.step}` is known ({error})",
                "say in an outcome script, `--outcomes FILE`, what it `returns`",
            ) from None

    def _faults_of(self, asked: Asked) -> list[Fault]:
        """What may go wrong: each equally often."""
        if asked.what in ("person", "event"):
            return [lambda after: _NEVER]
        found: list[Fault] = []
        codes: list[str] = []
        if asked.what == "task":
            node = self._plan["nodes"][asked.node]
            key = f"{node['executor']}/{node['function']}"
            codes = sorted(self._plan["functions"].get(key, {}).get("errors", ()))
            if "circuit_breaker" in asked.command:
                codes.append("CIRCUIT_OPEN")
            found += [
                _time_out(TimesOut(limit))
                for limit, member in LIMITS.items()
                if member in asked.command
            ]
        return found + [_fail(code) for code in codes or ("UNAVAILABLE", "INTERNAL")]


class _Place:
    """What may come at one node."""

    __slots__ = ("fake", "faults", "latency")

    def __init__(self, fake: Fake, latency: Latency, faults: list[Fault]) -> None:
        self.fake = fake
        self.latency = latency
        self.faults = faults


def _fail(code: str) -> Fault:
    return lambda after: Fails(code, "simulated", after)


def _time_out(outcome: TimesOut) -> Fault:
    return lambda after: outcome
