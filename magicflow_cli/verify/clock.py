"""What the search left out: time. Which moves there is time for, and how long a run may
take.

The search lets a timer that encloses others fire whenever it runs. Here every state
gets the longest time that may have passed on each clock when something in it began; a
clock starts with the run and with each such timer. A timer can only fire where what
runs inside it may last that long. Times of side by side parts are their own: where they
meet, the longest counts. Cycles without a bound grow, and are then without a limit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from magicflow_cli.verify.components import components
from magicflow_cli.verify.explore import Graph, Step, same_name
from magicflow_cli.verify.moves import Move

NEVER = 1 << 62
"""Milliseconds beyond every limit: without end."""
START = "@start"


_PATIENCE = 6
"""How often the times of a state may grow before they are taken to be endless."""

Clocks = dict[str, int]


@dataclass(slots=True)
class Times:
    """`first` are the steps by which states are first come to, of those that there is
    time for (`steps`); a state without one cannot be come to. `longest` is the longest
    time of a run in milliseconds, None when nothing limits it."""

    steps: list[list[Step]]
    first: list[Step | None]
    depth: list[int]
    longest: int | None
    slowest: list[Step]
    """A way that takes the longest time, as far as is known; empty when nothing limits
    it."""
    latest: dict[int, Step]
    """The step by which the times of each state grew last."""

    def slow_path(self, step: Step) -> list[Step]:
        """A way through a step that takes long, as far as is known; empty for one in a
        circle."""
        return _back(self.latest, step)

    def reaches(self, state: int) -> bool:
        return state == 0 or self.first[state] is not None

    def path(self, state: int) -> list[Step]:
        """A shortest way to a state."""
        found: list[Step] = []
        step = self.first[state]
        while step is not None:
            found.append(step)
            step = self.first[step.source]
        return found[::-1]


@dataclass(slots=True)
class _Moment:
    """What is known of the times of a state: for each frame and timer, the longest time
    on every clock when it began; `delays` of the timers that run."""

    begun: dict[str, Clocks] = field(default_factory=dict)
    delays: dict[str, int] = field(default_factory=dict)
    grown: int = 0


def take_time(graph: Graph) -> Times:
    """Follow the times through the graph, every state after those that lead to it."""
    search = _Search(graph)
    for component in components([[s.target for s in found] for found in graph.steps]):
        search.visit(component)
    times = _breadth_first(graph, search)
    if times.longest is not None and search.last is not None:
        times.slowest = _back(search.latest, search.last)
    return times


class _Search:
    """`possible` are the steps that there is time for, by identity; `latest` the step by
    which the times of each state grew last; `last` the end of the longest run."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.moments: list[_Moment | None] = [None] * graph.states
        self.moments[0] = _Moment({"": {START: 0}})
        self.possible: set[int] = set()
        self.latest: dict[int, Step] = {}
        self.longest = 0
        self.last: Step | None = None

    def visit(self, component: list[int]) -> None:
        """States that lead to each other, until their times grow no more."""
        members = set(component)
        waiting = deque(state for state in component if self.moments[state])
        queued = set(waiting)
        while waiting:
            state = waiting.popleft()
            queued.discard(state)
            for step in self.graph.steps[state]:
                target = step.target
                if self._follow(step) and target in members and target not in queued:
                    queued.add(target)
                    waiting.append(target)

    def _follow(self, step: Step) -> bool:
        """Take one step; True when it says something new of its target."""
        moment = self.moments[step.source]
        assert moment is not None
        clocks = _at_move(moment, step, self.graph.steps[step.source])
        if clocks is None:
            return False
        self.possible.add(id(step))
        if step.target in self.graph.ended and clocks.get(START, 0) >= self.longest:
            self.longest, self.last = clocks.get(START, 0), step
        after = _after(moment, step, clocks)
        known = self.moments[step.target]
        if known is None:
            self.moments[step.target] = after
        elif not _join(known, after):
            return False
        self.latest[step.target] = step
        return True


def _back(latest: Mapping[int, Step], last: Step) -> list[Step]:
    """The steps by which the times of states grew last, back to the start."""
    way = [last]
    seen = {last.target}
    while way[-1].source != 0:
        if way[-1].source in seen:
            return []
        seen.add(way[-1].source)
        way.append(latest[way[-1].source])
    return way[::-1]


def _at_move(moment: _Moment, step: Step, all_steps: list[Step]) -> Clocks | None:
    """The clocks when a step happens; None when there is no time for it."""
    move = step.move
    if move.kind != "timer":
        begun = moment.begun.get(same_name(move.item), {})
        if not _has_time(moment, begun, move.least):
            return None
        return _later(moment, begun, _longest(move))
    timer = same_name(move.event["timer_id"])
    delay = moment.delays.get(timer, 0)
    begun = moment.begun.get(timer, {})
    if move.encloses:
        lasts = _lasts(moment, timer, delay, all_steps)
    else:
        lasts = _has_time(moment, begun, delay)
    return _later(moment, begun, delay) if lasts else None


def _longest(move: Move) -> int:
    """How long after its beginning a move may come; a result comes before the limit."""
    if move.wait is None:
        return NEVER
    in_time = move.kind == "task" and "timeout" not in (move.outcome or {})
    return max(move.wait - 1, 0) if in_time else move.wait


def _has_time(moment: _Moment, begun: Clocks, least: int) -> bool:
    """Whether no timer around something fires before it can come."""
    return all(moment.delays.get(timer, NEVER) >= least for timer in begun)


def _lasts(moment: _Moment, timer: str, delay: int, steps: list[Step]) -> bool:
    """Whether something in a timer's scope may last until it fires."""
    for step in steps:
        move = step.move
        if move.encloses:
            continue
        if move.kind == "timer":
            own = same_name(move.event["timer_id"])
            begun, wait = moment.begun.get(own, {}), moment.delays.get(own, 0)
        else:
            begun = moment.begun.get(same_name(move.item), {})
            wait = NEVER if move.wait is None else move.wait
        if timer in begun and begun[timer] + wait >= delay:
            return True
    return False


def _later(moment: _Moment, begun: Clocks, wait: int) -> Clocks:
    """Clocks after a wait; no clock of a timer goes beyond the timer."""
    clocks = {name: min(time + wait, NEVER) for name, time in begun.items()}
    for timer in begun:
        delay = moment.delays.get(timer)
        if delay is None:
            continue
        clocks[timer] = min(clocks[timer], delay)
        for name, time in moment.begun.get(timer, {}).items():
            if name in clocks:
                clocks[name] = min(clocks[name], time + delay)
    return clocks


def _after(moment: _Moment, step: Step, clocks: Clocks) -> _Moment:
    """The times of the state behind a step."""
    clocks = dict(clocks)
    gone = set(map(same_name, step.closed))
    opened = {
        same_name(path): tuple(map(same_name, timers))
        for path, timers in step.opened.items()
    }
    started = {same_name(timer): delay for timer, delay in step.delays.items()}
    for path in gone:
        for name, time in moment.begun.get(path, {}).items():
            clocks[name] = max(clocks.get(name, 0), time)
    begun = {
        key: times
        for key, times in moment.begun.items()
        if key.partition("#")[0] not in gone and key not in opened
    }
    delays = {
        key: delay
        for key, delay in moment.delays.items()
        if key.partition("#")[0] not in gone
    }
    delays.update(started)
    start = clocks.get(START, 0)
    for timer in started:
        begun[timer] = clocks
    for path, timers in opened.items():
        times: Clocks = {START: start}
        for timer in timers:
            times[timer] = 0 if timer in started else clocks.get(timer, 0)
        for name, time in moment.begun.get(path, {}).items():
            times[name] = max(times.get(name, 0), time)
        begun[path] = times
    return _Moment(begun, delays)


def _join(known: _Moment, other: _Moment) -> bool:
    """Widen what is known of a state by another way to it; False when it says nothing
    new."""
    grew = False
    for key, times in other.begun.items():
        mine = known.begun.get(key)
        if mine is None:
            known.begun[key] = dict(times)
            grew = True
            continue
        if _covers(mine, times):
            continue
        endless = known.grown > _PATIENCE
        known.begun[key] = {
            name: _widest(mine.get(name), times.get(name), endless)
            for name in {*mine, *times}
        }
        grew = True
    for timer, delay in other.delays.items():
        if known.delays.get(timer, -1) < delay:
            known.delays[timer] = delay
            grew = True
    known.grown += grew
    return grew


def _covers(mine: Mapping[str, int], other: Mapping[str, int]) -> bool:
    return all(name in mine and time <= mine[name] for name, time in other.items())


def _widest(mine: int | None, other: int | None, endless: bool) -> int:
    if mine is None or other is None:
        found = mine if other is None else other
        assert found is not None
        return found
    if other > mine:
        return NEVER if endless else other
    return mine


def _breadth_first(graph: Graph, search: _Search) -> Times:
    possible = search.possible
    steps = [[s for s in found if id(s) in possible] for found in graph.steps]
    first: list[Step | None] = [None] * graph.states
    depth = [0] * graph.states
    seen = {0}
    waiting = deque([0])
    while waiting:
        for step in steps[waiting.popleft()]:
            if step.target not in seen:
                seen.add(step.target)
                first[step.target] = step
                depth[step.target] = depth[step.source] + 1
                waiting.append(step.target)
    for state in range(graph.states):
        if state not in seen:
            steps[state] = []
    longest = None if search.longest >= NEVER else search.longest
    return Times(steps, first, depth, longest, [], search.latest)
