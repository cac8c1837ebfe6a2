"""From a way through the graph to a scenario: when everything happens.

The search knows the order of what happens and not the times. Here every event gets
one, so that timers fire when they are due and nothing that is to happen later comes in
between. These are differences between times with bounds; the earliest times that keep
all of them are found by relaxing until nothing moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from magicflow.core import apply, decide, new_state
from magicflow.simulation import START, Trace
from magicflow.simulation.scenario import ScenarioError, Workflow, play
from magicflow.simulation.times import print_duration

from magicflow_cli.verify.explore import Step
from magicflow_cli.verify.moves import Move

Spec = dict[str, Any]

_OPENS = {
    "schedule_task": "task_id",
    "open_human_task": "task_id",
    "start_child": "child_id",
    "listen": "listen_id",
    "start_timer": "timer_id",
}
_CLOSES = {
    "cancel_task": "task_id",
    "close_human_task": "task_id",
    "cancel_child": "child_id",
    "unlisten": "listen_id",
    "cancel_timer": "timer_id",
}
_LIMITS = {
    "lease": "timeout",
    "queue": "queue_timeout",
    "heartbeat": "heartbeat_timeout",
}


@dataclass(slots=True)
class _Open:
    """Something that a run waits for: when it was opened (an event's number), how long
    it lasts at most, and the key under which a scenario names it."""

    opened: int
    limits: dict[str, int]
    key: str
    attempt: int
    what: str


@dataclass(slots=True)
class _Bounds:
    """Differences between the times of events: `(a, b, d)`: b comes at least d
    milliseconds after a."""

    least: list[tuple[int, int, int]] = field(default_factory=list)

    def at_least(self, first: int, then: int, gap: int) -> None:
        self.least.append((first, then, gap))

    def at_most(self, first: int, then: int, gap: int) -> None:
        self.least.append((then, first, -gap))

    def solve(self, count: int) -> list[int] | None:
        """The earliest times, or None when there are none."""
        times = [0] * count
        for _ in range(count + 1):
            moved = False
            for first, then, gap in self.least:
                if times[first] + gap > times[then]:
                    times[then] = times[first] + gap
                    moved = True
            if not moved:
                return times if times[0] == 0 else None
        return None


def realise(
    workflow: Workflow,
    path: list[Step],
    confirm: Callable[[Trace], bool],
    name: str,
    slow: bool = False,
) -> tuple[Spec, Trace] | None:
    """A scenario that goes the way, with what came of it; None when there are no times
    for it. `confirm` says whether a run shows what the way is to show. `slow`: every
    attempt takes as long as it may, where there are times for that."""
    for spec in _candidates(workflow, path, slow):
        try:
            result = play(workflow, name, spec)
        except ScenarioError:
            continue
        if confirm(result.trace):
            return spec, result.trace
    return None


def _candidates(workflow: Workflow, path: list[Step], slow: bool) -> Iterator[Spec]:
    """Scenarios to try, the most exact first. What is open to the end never answers, or
    in a later try is left to go well."""
    followed = _follow(workflow, path)
    if followed is None:
        return
    path, lives = followed
    for late in (True, False) if slow else (False,):
        for strict, whole in ((True, True), (False, True), (False, False)):
            times = _times(path, lives, strict, whole, late)
            if times is not None:
                yield _spec(path, lives, times, whole)
    yield from _loosened(path, lives)


def _loosened(path: list[Step], lives: list[_Life]) -> Iterator[Spec]:
    """Scenarios for ways that no times keep to the letter. What is ended by something
    else goes well instead, because it cannot last that long: in a part beside, where
    nobody sees how far it came; the shortest-lived first. And what happens beside each
    other may come in another order than in the way."""
    others = [life for life in lives if not life.own and life.open.what == "task"]
    others = [life for life in others if _longest(life.open.limits) is not None]
    others.sort(key=lambda life: max(life.open.limits.values()))
    for count in range(len(others) + 1):
        free = [life for life in lives if life not in others[:count]]
        for ordered, whole in ((True, True), (True, False), (False, True)):
            times = _times(path, free, False, whole, False, ordered)
            if times is not None:
                yield _spec(path, free, times, whole)


@dataclass(slots=True, eq=False)
class _Life:
    """An open thing and the event that ended it (None: none did); `own` when that was
    its own answer and not somebody else's."""

    open: _Open
    ended: int | None = None
    own: bool = False


def _follow(
    workflow: Workflow, path: list[Step]
) -> tuple[list[Step], list[_Life]] | None:
    """Go the way in the core and note what was open from when to when. The search tells
    no order of compensation: what is not open yet comes when it is."""
    state = new_state()
    open: dict[tuple[str, str], _Life] = {}
    lives: list[_Life] = []
    left = list(path)
    gone: list[Step] = []
    for number in range(len(path)):
        step = next((s for s in left if _is_open(s.move, open)), None)
        if step is None:
            return None
        left.remove(step)
        gone.append(step)
        mine = open.pop(_key_of(step.move), None)
        if mine is not None:
            mine.ended, mine.own = number, True
        event = {**step.move.event, "id": "e", "at": START}
        decision = decide(workflow.plan, state, event)
        if decision.refused is not None:
            return None
        apply(state, decision.delta)
        for command in decision.commands:
            kind = command["type"]
            if kind in _OPENS:
                life = _Life(_opened(command, number, state))
                key = life.open.what, command[_OPENS[kind]]
                open[key] = life
                lives.append(life)
            elif kind in _CLOSES and not command.get("wait"):
                found = open.pop((_WHATS[kind], command[_CLOSES[kind]]), None)
                if found is not None:
                    found.ended = number
            elif kind == "run_ended":
                for life in open.values():
                    life.ended = number
                open.clear()
    return gone, lives


def _is_open(move: Move, open: Mapping[tuple[str, str], _Life]) -> bool:
    """Whether something waits for a move. (An answer to an older attempt, or to what
    has been asked to stop, comes as it is.)"""
    return move.kind == "start" or _key_of(move) in open


_WHATS = {
    "schedule_task": "task",
    "cancel_task": "task",
    "open_human_task": "human",
    "close_human_task": "human",
    "start_child": "child",
    "cancel_child": "child",
    "listen": "event",
    "unlisten": "event",
    "start_timer": "timer",
    "cancel_timer": "timer",
}


def _key_of(move: Move) -> tuple[str, str]:
    event = move.event
    match move.kind:
        case "timer":
            return "timer", event["timer_id"]
        case "event":
            return "event", move.item
        case "child":
            return "child", event["child_id"]
        case "start":
            return "start", ""
    return move.kind, event["task_id"]


def _opened(command: dict[str, Any], number: int, state: Any) -> _Open:
    what = _WHATS[command["type"]]
    id = command[_OPENS[command["type"]]]
    if what == "timer":
        return _Open(number, {"due": command["due"] - START}, id, 0, what)
    frame = state["frames"].get(id, {})
    if what == "task":
        limits = {
            kind: command[name] for kind, name in _LIMITS.items() if name in command
        }
        return _Open(number, limits, id, command["attempt"], what)
    return _Open(number, {}, frame.get("owner") or id, frame.get("try", 1), what)


def _times(
    path: list[Step],
    lives: list[_Life],
    strict: bool,
    whole: bool,
    late: bool,
    ordered: bool = True,
) -> list[int] | None:
    """A time for each event of the way. `strict`: no two at once, unless one brings the
    other about. `whole`: what is open to the end of the way stays open that long.
    `late`: every attempt takes as long as it may. `ordered`: everything comes in the
    order of the way, and not only what needs something else before it."""
    bounds = _Bounds()
    last = len(path) - 1
    causes = {life.ended: life.open.opened for life in lives if life.own}
    for number in range(1, len(path)):
        follows = causes.get(number) == number - 1
        gap = 1 if strict and not follows else 0
        before = number - 1 if ordered else causes.get(number, 0)
        bounds.at_least(before, number, gap)
    for life in lives:
        opened, ended = life.open.opened, life.ended
        limits = life.open.limits
        if ended is not None and life.own:
            exact = _exact(path[ended].move, limits)
            if exact is not None:
                bounds.at_least(opened, ended, exact)
                bounds.at_most(opened, ended, exact)
            elif "lease" in limits:
                longest = max(limits["lease"] - 1, 0)
                bounds.at_most(opened, ended, longest)
                if late:
                    bounds.at_least(opened, ended, longest)
        elif limits and (whole or ended is not None):
            slack = 1 if strict else 0
            until = last if ended is None else ended
            most = _longest(limits)
            if most is not None:
                bounds.at_most(opened, until, max(most[1] - slack, 0))
    return bounds.solve(len(path))


def _longest(limits: dict[str, int]) -> tuple[str, int] | None:
    """The limit up to which something may stay open, and its kind; None when that is
    for ever: a task that was taken in time may go on without a limit of its own."""
    if not limits.keys() & {"due", "lease", "heartbeat"}:
        return None
    return max(limits.items(), key=lambda each: each[1])


def _exact(move: Move, limits: dict[str, int]) -> int | None:
    """How long after its beginning a move comes, where that is not free."""
    if move.kind == "timer":
        return limits["due"]
    outcome = move.outcome or {}
    if "timeout" in outcome:
        return limits.get(outcome["timeout"])
    return None


def _spec(path: list[Step], lives: list[_Life], times: list[int], whole: bool) -> Spec:
    """The scenario: what every attempt comes to, and when."""
    said: dict[str, dict[int, Spec]] = {}
    for life in lives:
        if life.open.what == "timer":
            continue
        outcome: Spec | None
        if life.ended is not None and life.own:
            move = path[life.ended].move
            after = times[life.ended] - times[life.open.opened]
            outcome = _outcome(move, after)
        elif whole or life.ended is not None:
            most = _longest(life.open.limits)
            outcome = {"never": True}
            if most is not None and most[0] == "queue":
                outcome = {"times_out": "queue_timeout"}
        else:
            outcome = None
        if outcome is not None:
            said.setdefault(life.open.key, {})[life.open.attempt] = outcome
    start = path[0].move
    assert start.outcome is not None
    spec: Spec = {"input": start.outcome["input"]}
    steps = {key: _listed(attempts) for key, attempts in said.items()}
    if steps:
        spec["steps"] = steps
    return spec


def _outcome(move: Move, after: int) -> Spec | None:
    """What a scenario says of a move; None for what needs no saying."""
    told = move.outcome or {}
    made: Spec
    if "output" in told:
        made = {"returns": told["output"]}
    elif "data" in told:
        made = {"returns": told["data"]}
    elif "error" in told:
        made = {"fails": told["error"]["code"]}
        if "retryable" in told["error"]:
            made["retryable"] = told["error"]["retryable"]
        if "unknown" in told:
            made["unknown"] = True
    elif "timeout" in told:
        return {"times_out": _LIMITS[told["timeout"]]}
    elif "status" in told:
        made = (
            {"times_out": "timeout"}
            if told["status"] == "timed_out"
            else {"fails": "CANCELLED"}
        )
    else:
        return {"never": True}
    if after:
        made["after"] = print_duration(after)
    return made


def _listed(attempts: dict[int, Spec]) -> Spec | list[Spec]:
    """Outcomes by attempt as a scenario writes them: one for all, or a list."""
    last = max(attempts)
    if last == 1:
        return attempts[1]
    same = list(attempts.values())
    if len(attempts) == last and all(each == same[0] for each in same):
        return same[0]
    return [attempts.get(number, {"never": True}) for number in range(1, last + 1)]
