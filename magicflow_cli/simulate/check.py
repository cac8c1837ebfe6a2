"""What is wrong with a scenario, held against the plan of its workflow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from magicflow.core.times import parse_date_time
from magicflow.simulation.outcomes import OWN_CODES, type_of
from magicflow.simulation.script import LIMIT_OF
from magicflow.simulation.times import Latency, parse_latency
from magicflow.types import TypeSet

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Report, Span
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.documents import Parsed, key_span, node_of
from magicflow_cli.documents.models import scenario as models
from magicflow_cli.load.nodes import Mapping, Node, Scalar, Sequence, plain

Json: TypeAlias = dict[str, Any]
_PATH = re.compile(r"(?:[^/~\[\]]+\[[0-9]+\]/)*([^/~\[\]]+)(?:~[0-9]+)?(/.+)?")
_ASKED = frozenset({"call", "sub", "listen"})
"""Kinds of nodes that ask the world; what becomes of the others the core knows."""
_NO_CODES = {
    "TIMEOUT": "a limit of the step that is over is `times_out: timeout`",
    "CANCELLED": "an event of the scenario cancels a run: `{at: 5m, cancel: reason}`",
}
_ONLY_FAILS = ("message", "details", "retryable", "retry_after", "unknown")
_FREE_CODES = frozenset({*OWN_CODES, "VALIDATION"})
MOST = 5


def check_scenario(parsed: Parsed, plan: Json, report: Report) -> None:
    """Add a diagnostic for everything that cannot be as the scenario says."""
    scenario: models.Scenario = parsed.model
    _Check(scenario, plan, report).run()


def is_test(parsed: Parsed) -> bool:
    """Whether the scenario is one to test: it expects something, or nothing in it is
    left to chance."""
    spec: models.ScenarioSpec = parsed.model.spec
    return spec.expect is not None or not any(
        chance for _, outcome in _outcomes(spec) for chance in _chances(outcome)
    )


def _outcomes(spec: models.ScenarioSpec) -> Iterator[tuple[str, models.Outcome]]:
    for key, given in (spec.steps or {}).items():
        for outcome in given if isinstance(given, list) else [given]:
            yield key, outcome


def _chances(outcome: models.Outcome) -> Iterator[str]:
    """The keys of an outcome that are left to chance."""
    if outcome.one_of is not None:
        yield "one_of"
    latency = _latency(outcome.after) if outcome.after is not None else None
    if latency is not None and not latency.is_fixed:
        yield "after"


def _weight(outcome: models.Outcome) -> float:
    return 1.0 if outcome.weight is None else outcome.weight


def _latency(text: str) -> Latency | None:
    try:
        return parse_latency(text)
    except ValueError:
        return None


class _Check:
    def __init__(self, scenario: models.Scenario, plan: Json, report: Report) -> None:
        self.spec = scenario.spec
        self.plan = plan
        self.types = TypeSet(plan["types"])
        self.report = report

    def run(self) -> None:
        spec = self.spec
        if spec.input is not None:
            self._value(spec.input, self.plan["input"], "the input")
        if spec.start is not None and parse_date_time(spec.start) is None:
            self.report.add(
                codes.MF0416,
                f"`{spec.start}` is no date-time with an offset",
                key_span(spec, "start"),
                help="write it as `2026-01-31T12:00:00Z`",
            )
        steps = node_of(spec).get("steps")
        for key, given in (spec.steps or {}).items():
            assert isinstance(steps, Mapping)
            node = self._step(key, steps.entries[key].key.span(), "`steps`")
            for outcome in given if isinstance(given, list) else [given]:
                self._outcome(key, node, outcome)
        stubs = node_of(spec).get("stubs")
        for index, key in enumerate(spec.stubs or ()):
            assert isinstance(stubs, Sequence)
            self._step(key, stubs.items[index].span(), "`stubs`")
        for happening in spec.events or ():
            self._happening(happening)
        if spec.expect is not None:
            self._expect(spec.expect)

    # steps

    def _step(self, key: str, span: Span, where: str) -> str | None:
        """The node that asks for outcomes of a step; None, told, when there is no such
        step."""
        found = _PATH.fullmatch(key)
        name = found[1] if found else key
        part = found[2] if found else None
        steps = self.plan["steps"]
        if name in steps and part is None:
            node: str = steps[name]["node"]
            return node
        if part is not None and f"{name}{part}" in self.plan["nodes"]:
            return f"{name}{part}"
        near = suggest(name, steps)
        self.report.add(
            codes.MF5502,
            f"{where} names `{key}`, and the workflow has no step `{name}`",
            span,
            help=(
                f"did you mean `{near}`?"
                if near
                else f"its steps are {_listed(self.plan['presentation']['step_order'])}"
            ),
        )
        return None

    def _core(self, id: str) -> tuple[str, Json]:
        """The node inside a `try`."""
        node: Json = self.plan["nodes"][id]
        while node["kind"] == "try":
            id = node["body"]
            node = self.plan["nodes"][id]
        return id, node

    def _outcome(self, key: str, node: str | None, outcome: models.Outcome) -> None:
        self._times(outcome)
        self._without_effect(outcome)
        if self.spec.expect is not None:
            for chance in _chances(outcome):
                self.report.add(
                    codes.MF5509,
                    f"`{chance}` leaves `{key}` to chance, and the scenario expects something",
                    key_span(outcome, chance),
                    help="say what happens, or leave `expect` out: then the scenario is for `magic-flow simulate --outcomes`",
                )
        for each in outcome.one_of or ():
            self._outcome(key, node, each)
        if outcome.one_of and not any(_weight(each) for each in outcome.one_of):
            self.report.add(
                codes.MF0412,
                "all of `one_of` have the weight 0",
                key_span(outcome, "one_of"),
                help="give at least one a weight above 0",
            )
        if node is None or outcome.one_of is not None:
            return
        id, core = self._core(node)
        if core["kind"] not in _ASKED:
            type = self.plan["steps"].get(core.get("step") or key, {}).get("type")
            self.report.add(
                codes.MF5504,
                f"`{key}` asks nobody: what becomes of a step of type {type or core['kind']} follows from its values",
                node_of(outcome).span(),
                help="leave it out; what the step reads decides",
            )
        elif outcome.times_out is not None:
            self._limit(key, core, outcome)
        elif outcome.fails is not None:
            self._failure(key, core, outcome)
        elif outcome.never is None:
            type_ref = type_of(self.plan, id)
            given = node_of(outcome).get("returns")
            if type_ref is not None and given is not None:
                self._value(given, type_ref, f"what `{key}` returns")

    def _limit(self, key: str, core: Json, outcome: models.Outcome) -> None:
        limit = outcome.times_out
        assert limit is not None and limit in LIMIT_OF
        if core["kind"] == "listen":
            self.report.add(
                codes.MF5504,
                f"`{key}` waits, and its timeout comes when nothing else does",
                key_span(outcome, "times_out"),
                help="write `never: true`: then the step's timeout ends the wait",
            )
        elif core["kind"] == "call" and core.get(limit) is None:
            there = [each for each in LIMIT_OF if core.get(each) is not None]
            self.report.add(
                codes.MF5504,
                f"`{key}` has no `{limit}` that could be over",
                key_span(outcome, "times_out"),
                help=(
                    f"it has {_listed(there)}"
                    if there
                    else f"give the step a `{limit}`, or write `never: true`"
                ),
            )

    def _failure(self, key: str, core: Json, outcome: models.Outcome) -> None:
        code = outcome.fails
        assert code is not None
        if core["kind"] == "listen":
            self.report.add(
                codes.MF5504,
                f"`{key}` waits for an event or a person, and these do not fail",
                key_span(outcome, "fails"),
                help="write what it `returns`, or `never: true`",
            )
            return
        declared: Json = {}
        if core["kind"] == "call":
            name = f"{core['executor']}/{core['function']}"
            declared = self.plan["functions"].get(name, {}).get("errors", {})
        near = suggest(code, [*declared, *sorted(_FREE_CODES)])
        if code in _NO_CODES:
            help = _NO_CODES[code]
        elif declared and code not in declared and code not in _FREE_CODES:
            help = (
                f"did you mean `{near}`?"
                if near
                else f"declare it in the context; it knows {_listed(declared)}"
            )
        else:
            return
        self.report.add(
            codes.MF5508,
            f"`{code}` is no error code that `{key}` is known to report",
            key_span(outcome, "fails"),
            help=help,
        )

    def _times(self, outcome: models.Outcome) -> None:
        if outcome.after is None:
            return
        try:
            parse_latency(outcome.after)
        except ValueError as error:
            self.report.add(
                codes.MF0409,
                str(error),
                key_span(outcome, "after"),
                help="write `500ms`, `100ms..2s` or `p50=200ms p95=2s`",
            )

    def _without_effect(self, outcome: models.Outcome) -> None:
        node = node_of(outcome)
        idle: dict[str, str] = {}
        if outcome.fails is None:
            idle = dict.fromkeys(_ONLY_FAILS, "fails")
        if outcome.never is not None or outcome.one_of is not None:
            idle["after"] = "returns"
        for key, needs in idle.items():
            if key in node:
                self.report.add(
                    codes.MF7010,
                    f"`{key}` has no effect here",
                    node.entries[key].key.span(),
                    help=f"it goes with `{needs}`",
                )

    # events

    def _happening(self, happening: models.Happening) -> None:
        if happening.event is None:
            return
        events = self.plan["events"]
        waited = [name for name, event in events.items() if event.get("listens")]
        if happening.event not in waited:
            near = suggest(happening.event, waited)
            self.report.add(
                codes.MF5505,
                f"nobody waits for the event `{happening.event}`",
                key_span(happening, "event"),
                help=(
                    f"did you mean `{near}`?"
                    if near
                    else (
                        f"the workflow waits for {_listed(waited)}"
                        if waited
                        else "the workflow waits for no event"
                    )
                ),
            )
            return
        data = node_of(happening).get("data")
        what = f"the data of `{happening.event}`"
        type_ref = events[happening.event]["type"]
        if data is not None:
            self._value(data, type_ref, what)
        else:
            self._problems(None, type_ref, what, node_of(happening))

    # expectations

    def _expect(self, expect: models.Expectation) -> None:
        node = node_of(expect)
        path = node.get("path")
        for index, key in enumerate(expect.path or ()):
            assert isinstance(path, Sequence)
            self._step(key, path.items[index].span(), "`path`")
        steps = node.get("steps")
        for key in expect.steps or ():
            assert isinstance(steps, Mapping)
            self._step(key, steps.entries[key].key.span(), "`expect`")
        emitted = {name for name, e in self.plan["events"].items() if e.get("emits")}
        if self.plan.get("notifications"):
            emitted.add("io.magicflow.notification")
        events = node.get("events")
        for index, name in enumerate(expect.events or ()):
            assert isinstance(events, Sequence)
            if name not in emitted:
                near = suggest(name, sorted(emitted))
                self.report.add(
                    codes.MF5506,
                    f"the workflow never emits the event `{name}`",
                    events.items[index].span(),
                    help=(
                        f"did you mean `{near}`?"
                        if near
                        else (
                            f"it emits {_listed(sorted(emitted))}"
                            if emitted
                            else "the workflow emits no event"
                        )
                    ),
                )

    # values

    def _value(self, node: Node, type: Json, what: str) -> None:
        self._problems(plain(node), type, what, node)

    def _problems(self, value: Any, type: Json, what: str, node: Node) -> None:
        problems = self.types.compile(type).check(value)
        for problem in problems[:MOST]:
            place = node_at(node, problem.path) if value is not None else node
            shown = f"`{problem.path}` " if problem.path else ""
            more = len(problems) - MOST
            self.report.add(
                codes.MF5503,
                f"{what} does not fit: {shown}{problem.message}",
                _span(place),
                help=(
                    f"{more} more places do not fit"
                    if more > 0 and problem is problems[MOST - 1]
                    else "write a value that fits the schema"
                ),
            )


def _span(node: Node) -> Span:
    """A value's place; of a mapping or list its first line."""
    if isinstance(node, Mapping):
        for entry in node.entries.values():
            return entry.key.span()
    if isinstance(node, Sequence) and node.items:
        return _span(node.items[0])
    return node.span()


def node_at(node: Node, pointer: str) -> Node:
    """The node that a JSON pointer names, or the nearest around it that is there."""
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        child: Node | None = None
        if isinstance(node, Mapping):
            child = node.get(part)
        elif (
            isinstance(node, Sequence)
            and part.isdigit()
            and int(part) < len(node.items)
        ):
            child = node.items[int(part)]
        if child is None or isinstance(node, Scalar):
            return node
        node = child
    return node


def _listed(names: Iterable[str]) -> str:
    found = [f"`{name}`" for name in names]
    return ", ".join(found[:6]) + (" …" if len(found) > 6 else "")
