"""One sequence: a plan and events, with what Python's core makes of each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from magicflow.canonical import canonical
from magicflow.core import apply, decide, new_state, resume_point
from magicflow.core.state import State
from magicflow.plan import Plan, load_plan

from tests.differential.plans import random_plan
from tests.differential.worlds import World

Json = dict[str, Any]
MAX_EVENTS = 60


@dataclass
class Sequence:
    """`lines` are what the other core reads, `answers` what it should say. `raised` is
    what Python's core did not survive; its event is the last of `lines`, unanswered."""

    seed: int
    lines: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    raised: Exception | None = None
    decided: int = 0
    kinds: set[str] = field(default_factory=set)


def random_sequence(seed: int) -> Sequence:
    rng = Random(seed)
    made = Sequence(seed)
    _play(made, rng, canonical(random_plan(rng)))
    return made


def answers_to(lines: list[str]) -> Sequence:
    """What Python's core answers to these lines, for shrinking and by hand."""
    made = Sequence(0)
    plan: Plan | None = None
    state: State = new_state()
    for line in lines:
        read = json.loads(line)
        if "plan" in read:
            plan, state = load_plan(read["plan"]), new_state()
            made.lines.append(line)
            made.answers.append("{}")
            continue
        assert plan is not None
        if not _answer(made, plan, state, read):
            break
        if "reload" in read:
            state = json.loads(made.answers[-1])
    return made


def _play(made: Sequence, rng: Random, text: str) -> None:
    written, resume = json.loads(text), None
    plan = load_plan(written)
    for _ in range(rng.choice([1, 1, 1, 2])):
        state, world = new_state(), World(rng, written)
        made.lines.append(f'{{"plan":{text}}}')
        made.answers.append("{}")
        event = world.start(resume)
        if not _run(made, rng, plan, state, world, event):
            return
        if not _answer(made, plan, state, {"resume": True}):
            return
        resume = json.loads(made.answers[-1])
        if resume is None:
            return


def _run(
    made: Sequence, rng: Random, plan: Plan, state: State, world: World, event: Json
) -> bool:
    after_end = 2
    for _ in range(MAX_EVENTS):
        if not _answer(made, plan, state, {"event": event}):
            return False
        world.take(json.loads(made.answers[-1])["commands"])
        if state["run"]["phase"] == "ended":
            after_end -= 1
            if after_end == 0:
                break
        if rng.random() < 0.1:
            if not _answer(made, plan, state, {"reload": True}):
                return False
            stored = json.loads(made.answers[-1])
            state.clear()
            state.update(stored)
        event = world.next(bool(state["run"].get("paused")))
    return _answer(made, plan, state, {"reload": True})


def _answer(made: Sequence, plan: Plan, state: State, line: Json) -> bool:
    """Note a line and its answer. False when Python's core raised."""
    # what the other side reads is what ours decides on; 5.0 stays 5.0
    text = json.dumps(line, ensure_ascii=False)
    made.lines.append(text)
    try:
        made.answers.append(_say(made, plan, state, json.loads(text)))
    except Exception as error:
        made.raised = error
        made.lines.pop()
        return False
    return True


def _say(made: Sequence, plan: Plan, state: State, line: Json) -> str:
    if "reload" in line:
        return canonical(state)
    if "resume" in line:
        return canonical(resume_point(plan, state))
    decision = decide(plan, state, line["event"])
    made.decided += 1
    made.kinds.update(row["type"] for row in decision.delta.get("history", ()))
    if decision.refused is not None:
        made.kinds.add(decision.refused["code"])
    answer = canonical(
        {
            "commands": decision.commands,
            "delta": decision.delta,
            "refused": decision.refused,
        }
    )
    apply(state, decision.delta)
    return answer
