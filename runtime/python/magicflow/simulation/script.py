"""What a scenario says of steps: the outcome of every attempt, by name or by path."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate
from random import Random
from typing import Any, TypeAlias

from magicflow.simulation.outcomes import (
    Asked,
    Fails,
    Json,
    Limit,
    NeverAnswers,
    Outcome,
    Returns,
    TimesOut,
)
from magicflow.simulation.times import parse_duration, parse_latency

Draw: TypeAlias = Callable[[Random], Outcome]
"""Gives the outcome; asks the dice where it is left to chance."""

LIMIT_OF: dict[str, Limit] = {
    "timeout": "lease",
    "queue_timeout": "queue",
    "heartbeat_timeout": "heartbeat",
}
_NEVER = NeverAnswers()


class Script:
    """`steps` of a scenario. `unused` tells what nobody asked for."""

    def __init__(self, steps: Mapping[str, Any]) -> None:
        """Raises ValueError for a latency that is none."""
        self._lists = {
            key: [compile_outcome(each) for each in given]
            for key, given in steps.items()
            if isinstance(given, list)
        }
        self._always = {
            key: compile_outcome(given)
            for key, given in steps.items()
            if not isinstance(given, list)
        }
        self._asked: dict[str, int] = {}

    def find(self, asked: Asked) -> Draw | None:
        """What is said of an attempt: by the path of the occurrence, else by the
        step's name."""
        for key in (asked.path, asked.step):
            always = self._always.get(key)
            if always is not None:
                self._asked[key] = 1
                return always
            listed = self._lists.get(key)
            if listed is not None:
                self._asked[key] = max(self._asked.get(key, 0), asked.attempt)
                if asked.attempt <= len(listed):
                    return listed[asked.attempt - 1]
                return None
        return None

    def unused(self) -> Iterable[tuple[str, int | None]]:
        """Keys that were never looked at, and the first attempt of a list that never
        came, as (key, attempt)."""
        for key in self._always:
            if key not in self._asked:
                yield key, None
        for key, listed in self._lists.items():
            came = self._asked.get(key, 0)
            if not came:
                yield key, None
            elif came < len(listed):
                yield key, came + 1


def compile_outcome(given: Json) -> Draw:
    """An outcome as a scenario has it, ready to be drawn. Raises ValueError."""
    if "one_of" in given:
        return _choice(given["one_of"])
    latency = parse_latency(given["after"]) if "after" in given else None
    make = _maker(given)
    if latency is None or latency.is_fixed:
        outcome = make(0 if latency is None else latency.table[0])
        return lambda dice: outcome
    sample = latency.sample
    return lambda dice: make(sample(dice))


def _maker(given: Json) -> Callable[[int], Outcome]:
    if "returns" in given:
        value = given["returns"]
        return lambda after: Returns(value, after)
    if "times_out" in given:
        limit = LIMIT_OF[given["times_out"]]
        return lambda after: TimesOut(limit, after)
    if "never" in given:
        return lambda after: _NEVER
    wait = given.get("retry_after")
    members: dict[str, Any] = {
        "code": given["fails"],
        "message": given.get("message", "simulated"),
        "retryable": given.get("retryable"),
        "details": given.get("details"),
        "retry_after": None if wait is None else parse_duration(wait),
        "unknown": given.get("unknown", False),
    }
    return lambda after: Fails(after=after, **members)


def _choice(given: list[Json]) -> Draw:
    draws = [compile_outcome(each) for each in given]
    sums = list(accumulate(float(each.get("weight", 1)) for each in given))
    if not sums[-1] > 0:
        raise ValueError("all of `one_of` have the weight 0")
    last = len(draws) - 1

    def draw(dice: Random) -> Outcome:
        return draws[min(bisect_right(sums, dice.random() * sums[-1]), last)](dice)

    return draw
