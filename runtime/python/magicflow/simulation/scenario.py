"""A scenario, played: what happens as it says, and whether what it expects comes of it.

A scenario here is the JSON of the document's `spec` with the name of its `metadata`;
`schemas/scenario.schema.json` says what may be in it. The compiler's checks come first
there, so that what is wrong with the scenario itself is told with its place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from magicflow.core.times import parse_date_time
from magicflow.plan import load_plan
from magicflow.plan.nodes import Plan
from magicflow.simulation.driver import START, Simulation
from magicflow.simulation.expectation import Difference, differences
from magicflow.simulation.outcomes import (
    Asked,
    Json,
    NeverAnswers,
    Outcome,
    Returns,
    type_of,
)
from magicflow.simulation.script import Script
from magicflow.simulation.times import parse_duration
from magicflow.simulation.trace import Trace
from magicflow.types import NoExample, TypeSet, example

Handler = Callable[[Asked, int], Outcome]
"""Works on a task for real; the second argument is how long that takes in virtual
time."""


class ScenarioError(ValueError):
    """The scenario cannot be played."""


@dataclass(frozen=True, slots=True)
class Result:
    """`notes` are what the scenario says and nothing came of."""

    name: str
    trace: Trace
    differences: list[Difference]
    notes: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not self.differences


class Workflow:
    """A plan with what every scenario of it needs."""

    def __init__(self, plan: Json) -> None:
        self.json = plan
        self.plan: Plan = load_plan(plan)
        self.types = TypeSet(plan["types"])
        self._examples: dict[str, Any] = {}

    def input(self) -> Any:
        """An example of the input. Raises ScenarioError."""
        try:
            return example(self.types, self.json["input"])
        except NoExample as error:
            raise ScenarioError(
                f"no example of the input is known ({error}): write `input`"
            ) from None

    def example(self, node: str, step: str) -> Any:
        """What an attempt returns of which nothing is said. Raises ScenarioError."""
        if node not in self._examples:
            self._examples[node] = self._make(node, step)
        return self._examples[node]

    def _make(self, node: str, step: str) -> Any:
        try:
            return example_of(self.json, self.types, node)
        except NoExample as error:
            raise ScenarioError(
                f"no example for step `{step}` is known ({error}): "
                f"write what it `returns`"
            ) from None


def example_of(plan: Json, types: TypeSet, node: str) -> Any:
    """What an attempt of a node returns of which nothing is said. Raises NoExample."""
    type = type_of(plan, node)
    http = plan["nodes"][node].get("http")
    if type is not None and type["type"] != "any":
        return example(types, type)
    if http is None:
        return None
    status = next(iter(http["expect"]), 200)
    return {"status": status, "headers": {}, "body": None}


class ScenarioSource:
    """Outcomes as a scenario says; what it is silent about goes well at once, but for
    events, which come only when they are said to.

    `handler` does the work of function steps where the scenario says that it goes well
    or nothing, but for those in `stubs`.
    """

    def __init__(
        self,
        workflow: Workflow,
        script: Script,
        dice: Random,
        handler: Handler | None = None,
        stubs: Collection[str] = (),
    ) -> None:
        self._workflow = workflow
        self._script = script
        self._dice = dice
        self._handler = handler
        self._stubs = stubs

    def outcome_of(self, asked: Asked) -> Outcome | None:
        draw = self._script.find(asked)
        said = None if draw is None else draw(self._dice)
        if self._is_handled(asked, said):
            assert self._handler is not None
            return self._handler(asked, 0 if said is None else said.after)  # type: ignore[union-attr]
        if said is not None:
            return said
        if asked.what == "event":
            return NeverAnswers()
        return Returns(self._workflow.example(asked.node, asked.step))

    def _is_handled(self, asked: Asked, said: Outcome | None) -> bool:
        if self._handler is None or asked.what != "task":
            return False
        if asked.command["executor"] == "@http" or asked.step in self._stubs:
            return False
        return said is None or isinstance(said, Returns)


def play(
    workflow: Workflow,
    name: str,
    spec: Mapping[str, Any],
    handler: Handler | None = None,
    stubs: Collection[str] = (),
) -> Result:
    """Play a scenario and compare. Raises ScenarioError when it cannot be played."""
    try:
        script = Script(spec.get("steps", {}))
        simulation = Simulation(
            workflow.plan,
            ScenarioSource(workflow, script, Random(name), handler, stubs),
            at=_start(spec),
        )
        _schedule(simulation, spec.get("events", ()))
        limit = spec.get("timeout")
        timeout = None if limit is None else parse_duration(limit)
        given = spec["input"] if "input" in spec else workflow.input()
        refused = simulation.start(given, spec.get("metadata"), timeout)
        if refused is not None:
            raise ScenarioError(f"the input is refused: {_reason(refused)}")
        simulation.run()
    except ScenarioError:
        raise
    except ValueError as error:
        raise ScenarioError(str(error)) from error
    trace = simulation.trace()
    found = differences(trace, spec.get("expect", {}))
    found += [_refused(simulation, *each) for each in trace.refused]
    return Result(name, trace, found, _notes(script))


def _start(spec: Mapping[str, Any]) -> int:
    text = spec.get("start")
    if text is None:
        return START
    at = parse_date_time(text)
    if at is None:
        raise ScenarioError(f"`start: {text}` is no date-time with an offset")
    return at


def _schedule(simulation: Simulation, events: Any) -> None:
    for each in events:
        at = simulation.started + parse_duration(each["at"])
        if "event" in each:
            members = {"event": each["event"], "data": each.get("data")}
            simulation.at(at, "event_received", members)
        elif "cancel" in each:
            simulation.at(at, "cancel_requested", {"reason": each["cancel"]})
        else:
            simulation.at(at, "pause" if "pause" in each else "resume")


def _refused(simulation: Simulation, event: Json, reason: Json) -> Difference:
    what = {
        "event_received": f"event `{event.get('event')}`",
        "human_completed": f"the answer to `{event.get('task_id')}`",
        "cancel_requested": "the cancellation",
    }.get(event["type"], event["type"])
    seconds = (event["at"] - simulation.started) / 1000
    text = f"{what}, {seconds:g} s after the start, was refused: {_reason(reason)}"
    return Difference("events", text)


def _reason(refused: Json) -> str:
    details = refused.get("details")
    if not isinstance(details, list) or not details:
        return str(refused["message"])
    shown = [f"`{each['path'] or '/'}` {each['message']}" for each in details[:5]]
    return f"{refused['message']} ({'; '.join(shown)})" if len(shown) > 1 else shown[0]


def _notes(script: Script) -> list[str]:
    return [
        (
            f"`{key}` was not asked for"
            if attempt is None
            else f"`{key}` had no attempt {attempt}"
        )
        for key, attempt in script.unused()
    ]
