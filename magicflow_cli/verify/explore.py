"""The search: every state that a workflow's runs can come to, breadth first.

    graph = explore(plan, bound=20_000)

States are merged by their normal form, moves of independent parts are not interleaved.
The graph says which states follow which and by what; `graph.path(state)` is a shortest
way to a state.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from magicflow.core import Decision, State, apply, decide, new_state
from magicflow.core.frames import RUN_TIMEOUT
from magicflow.plan import load_plan
from magicflow.plan.nodes import Plan

from magicflow_cli.verify.components import components
from magicflow_cli.verify.independence import Independence
from magicflow_cli.verify.moves import NOW, Move, Moves
from magicflow_cli.verify.normal import Normal
from magicflow_cli.verify.reads import Json

_VISIT = re.compile(r"~\d+(?=$|[/\[#])")

DEFAULT_BOUND = 20_000
"""States."""

Observe = Callable[["Step"], None]
Progress = Callable[[int, int], None]


@dataclass(slots=True, eq=False)
class Step:
    """A transition. `opened` are frames that are new or changed, each with the timers
    that run around it; `closed` frames that are gone; `delays` the timers that it
    started, in milliseconds."""

    source: int
    target: int
    move: Move
    opened: dict[str, tuple[str, ...]] = field(default_factory=dict)
    closed: tuple[str, ...] = ()
    delays: dict[str, int] = field(default_factory=dict)
    facts: tuple[Any, ...] = ()


@dataclass(slots=True)
class Graph:
    """State 0 is a run that has not begun. `steps` are the transitions from each state,
    `first` the one by which each was first come to. `ended` are states of ended runs,
    `frontier` those that the bound left unexplored, `sizes` the bytes of each state as
    JSON."""

    bound: int
    steps: list[list[Step]] = field(default_factory=list)
    first: list[Step | None] = field(default_factory=list)
    depth: list[int] = field(default_factory=list)
    ended: dict[int, Json] = field(default_factory=dict)
    frontier: set[int] = field(default_factory=set)
    endless: dict[int, tuple[Move, ...]] = field(default_factory=dict)
    """States in which nothing but the world outside can go on, with a move for each
    thing that is waited for."""
    sampled: tuple[str, ...] = ()
    sizes: list[int] = field(default_factory=list)
    transitions: int = 0

    @property
    def states(self) -> int:
        """How many there are, the one before the start included."""
        return len(self.steps)

    @property
    def complete(self) -> bool:
        """Whether every combination was explored."""
        return not self.frontier and not self.sampled

    def path(self, state: int) -> list[Step]:
        """A shortest way to a state."""
        found: list[Step] = []
        step = self.first[state]
        while step is not None:
            found.append(step)
            step = self.first[step.source]
        return found[::-1]


def explore(
    plan: Json,
    *,
    bound: int = DEFAULT_BOUND,
    facts: Callable[[State, State, Move, Decision], tuple[Any, ...]] | None = None,
    progress: Progress | None = None,
    reduce: bool = True,
) -> Graph:
    """Explore the runs of a plan (its JSON). `facts` is asked what each transition
    shows; without `reduce` every interleaving is looked at."""
    search = _Search(plan, bound, facts, progress, reduce)
    search.run()
    return search.graph


@lru_cache(maxsize=65_536)
def same_name(path: str) -> str:
    """A path without the numbers of visits and attempts: states that differ in these
    alone are one."""
    return _VISIT.sub("~", path)


class _Search:
    def __init__(
        self,
        plan: Json,
        bound: int,
        facts: Callable[[State, State, Move, Decision], tuple[Any, ...]] | None,
        progress: Progress | None,
        reduce: bool,
    ) -> None:
        self.plan: Plan = load_plan(plan)
        self.moves = Moves(plan)
        self.normal = Normal(self.moves.structure)
        self.independence = Independence(self.moves.structure)
        self.graph = Graph(bound)
        self.facts = facts
        self.progress = progress
        self.reduce = reduce
        self.put_off: dict[int, tuple[State, list[Move]]] = {}
        """By state: moves that are looked at in the states behind it."""
        self._known: dict[bytes, int] = {}
        self._waiting: deque[tuple[int, State]] = deque()

    def run(self) -> None:
        graph = self.graph
        empty = new_state()
        self._add(b"", None, empty)
        self._waiting.clear()
        for move in self.moves.starts():
            self._go(0, empty, move)
        graph.sampled = tuple(self.moves.sampled)
        self._work()
        while not graph.frontier and (forgotten := self._forgotten()):
            for number in forgotten:
                state, moves = self.put_off.pop(number)
                for move in moves:
                    self._go(number, state, move)
            self._work()
        graph.sampled = tuple(sorted(set(self.moves.sampled)))

    def _work(self) -> None:
        graph = self.graph
        while self._waiting:
            number, state = self._waiting.popleft()
            if graph.states > graph.bound:
                graph.frontier.add(number)
                continue
            self._expand(number, state)
            if self.progress is not None:
                self.progress(graph.states, len(self._waiting))

    def _expand(self, number: int, state: State) -> None:
        moves = self.moves.of(state)
        self._note_endless(number, state, moves)
        chosen = self.independence.group(state, moves) if self.reduce else moves
        for move in chosen:
            self._go(number, state, move)
        if len(chosen) < len(moves):
            put_off = [move for move in moves if move not in chosen]
            self.put_off[number] = state, put_off

    def _forgotten(self) -> list[int]:
        """States of which something that was put off is looked at in no state behind
        them: what went before it always ends it, or goes round for ever."""
        bits: dict[str, int] = {}

        def bit(move: Move) -> int:
            return 1 << bits.setdefault(same_name(move.item), len(bits))

        graph = self.graph
        seen = [0] * graph.states
        targets = [[step.target for step in steps] for steps in graph.steps]
        for component in reversed(components(targets)):
            found = 0
            for state in component:
                for step in graph.steps[state]:
                    found |= bit(step.move) | seen[step.target]
            for state in component:
                seen[state] = found
        return [
            number
            for number, (_, moves) in self.put_off.items()
            if any(not seen[number] & bit(move) for move in moves)
        ]

    def _go(self, number: int, state: State, move: Move) -> None:
        event = {**move.event, "id": "e", "at": NOW}
        decision = decide(self.plan, state, event)
        if decision.refused is not None:
            return  # an answer that does not fit after all: the run does not change
        after = _applied(state, decision)
        form = self.normal.form(after)
        target = self._known.get(form)
        step = Step(number, -1, move)
        if target is None and self.graph.states > self.graph.bound:
            self.graph.frontier.add(number)
            return
        if target is None:
            target = self._add(form, step, after)
        step.target = target
        self._note_frames(after, decision, step)
        if self.facts is not None:
            step.facts = self.facts(state, after, move, decision)
        self.graph.steps[number].append(step)
        self.graph.transitions += 1

    def _add(self, form: bytes, step: Step | None, state: State) -> int:
        graph = self.graph
        number = graph.states
        self._known[form] = number
        graph.steps.append([])
        graph.first.append(step)
        graph.depth.append(0 if step is None else graph.depth[step.source] + 1)
        text = json.dumps(state, ensure_ascii=False, separators=(",", ":"))
        graph.sizes.append(len(text.encode("utf-8", "surrogatepass")))
        run = state["run"]
        if run["phase"] == "ended":
            graph.ended[number] = {
                name: run.get(name)
                for name in ("status", "error", "output", "compensation")
            }
        else:
            self._waiting.append((number, state))
        return number

    @staticmethod
    def _note_frames(after: State, decision: Decision, step: Step) -> None:
        rows: Mapping[str, Any] = decision.delta.get("frames", {})
        step.opened = {
            path: _timers_around(after, row)
            for path, row in rows.items()
            if row is not None
        }
        step.closed = tuple(path for path, row in rows.items() if row is None)
        for command in decision.commands:
            if command["type"] == "start_timer":
                step.delays[command["timer_id"]] = command["due"] - NOW

    def _note_endless(self, number: int, state: State, moves: list[Move]) -> None:
        """States that stay for ever when nobody outside does anything: no timer runs,
        and no task has a limit."""
        bounded = any(
            move.kind == "timer" or (move.wait is not None and move.kind == "task")
            for move in moves
        )
        if not bounded:
            items = {move.item: move for move in reversed(moves)}
            self.graph.endless[number] = tuple(items[key] for key in sorted(items))


def _timers_around(state: State, row: Mapping[str, Any]) -> tuple[str, ...]:
    """The timers that would end what stands in a frame, its own included."""
    found: list[str] = [RUN_TIMEOUT] if state["run"].get("timer") else []
    current: Mapping[str, Any] | None = row
    while current is not None:
        if "timeout" in current.get("timers", ()):
            found.append(f"{current['path']}#timeout")
        current = state["frames"].get(current["parent"])
    return tuple(found)


def _applied(state: State, decision: Decision) -> State:
    """The state after a decision; rows are shared, and never changed."""
    after = dict(state)
    after["run"] = dict(state["run"])
    for section in decision.delta:
        if section not in ("run", "start", "history"):
            after[section] = dict(state[section])
    apply(after, decision.delta)
    return after
