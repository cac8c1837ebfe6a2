"""The flow analysis against simulated runs of random workflows: what it says is there
on every path must be there in every run, and what is there must be possible."""

from __future__ import annotations

import random

import pytest

from magicflow_cli.check import check_structure
from magicflow_cli.check.flow import Flow, Known, ancestors, has_guard
from magicflow_cli.check.flow_analysis import analyse
from magicflow_cli.check.model import BlockInfo, CheckedWorkflow, End, StepInfo
from magicflow_cli.diagnostics import Report
from magicflow_cli.documents import parse
from magicflow_cli.load import load_text
from tests.unit.check.flows import HEAD

RUNS = 60
MOST_STEPS = 200


class _Writer:
    """Writes a random workflow; names are unique, handlers stand at a list's end."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.count = 0

    def workflow(self) -> str:
        return HEAD + "  steps:\n" + self.block(4, 0)

    def name(self) -> str:
        self.count += 1
        return f"s{self.count}"

    def block(self, indent: int, depth: int) -> str:
        names = [self.name() for _ in range(self.random.randint(1, 4))]
        handlers = [self.name() for _ in range(self.random.randint(0, 2))]
        rescuers = [self.name() for _ in range(self.random.randint(0, 2))]
        pad = " " * indent
        lines = []
        for index, name in enumerate(names):
            lines.append(f"{pad}- name: {name}")
            lines += [
                f"{pad}  {line}" for line in self.keys(index, names, handlers, rescuers)
            ]
            lines += self.body(indent + 2, depth)
        for name in rescuers:
            own = f", on_failure: {self.random.choice(handlers)}" if handlers else ""
            own += (
                ", condition: $.input.flag == true"
                if self.random.random() < 0.3
                else ""
            )
            lines.append(f"{pad}- {{name: {name}, handler: true{own}}}")
        for name in handlers:
            rejoin = self.random.choice([*names, "end", ""])
            lines.append(
                f"{pad}- {{name: {name}, handler: true"
                + (f", on_success: {rejoin}}}" if rejoin else "}")
            )
        return "\n".join(lines) + "\n"

    def keys(
        self, index: int, names: list[str], handlers: list[str], rescuers: list[str]
    ) -> list[str]:
        keys = []
        if self.random.random() < 0.2:
            keys.append(f"on_success: {self.random.choice([*names, 'end'])}")
        if handlers and self.random.random() < 0.5:
            keys.append(f"on_failure: {self.random.choice(handlers)}")
        if self.random.random() < 0.2:
            keys.append(
                f"fallback_step: {self.random.choice([*rescuers, 'f' + self.name()])}"
            )
        if self.random.random() < 0.2:
            keys += ["timeout: 5s", "timeout_action: ignore"]
        return keys

    def body(self, indent: int, depth: int) -> list[str]:
        pad = " " * indent
        kind = self.random.choice(["function"] * 4 + ["condition", "parallel", "loop"])
        if kind == "function" or depth > 1:
            if self.random.random() < 0.3:
                return [f"{pad}condition: $.input.flag == true"]
            return []
        if kind == "condition":
            lines = [f"{pad}type: condition", f"{pad}condition: $.input.flag == true"]
            lines += [f"{pad}then:", self.block(indent + 2, depth + 1).rstrip("\n")]
            if self.random.random() < 0.5:
                lines += [f"{pad}else:", self.block(indent + 2, depth + 1).rstrip("\n")]
            return lines
        if kind == "loop":
            lines = [f"{pad}type: loop", f"{pad}iterate_over: $.input.list"]
            lines += [f"{pad}steps:", self.block(indent + 2, depth + 1).rstrip("\n")]
            return lines
        mode = self.random.choice(["all", "any", "race"])
        lines = [f"{pad}type: parallel", f"{pad}mode: {mode}", f"{pad}branches:"]
        for _ in range(2):
            lines.append(f"{pad}- name: b{self.name()}")
            lines += [f"{pad}  steps:", self.block(indent + 4, depth + 1).rstrip("\n")]
        return lines


class _Failed(Exception):
    pass


class _Stop(Exception):
    """The run was cut: too many steps."""


class _Run:
    """One run with random outcomes; `there` are the steps whose outputs are there."""

    def __init__(self, flow: Flow, seed: int) -> None:
        self.flow = flow
        self.random = random.Random(seed)
        self.there: set[StepInfo] = set()
        self.reached: set[StepInfo] = set()
        self.left = MOST_STEPS

    def look(
        self, known: Known | None, where: str, beside: frozenset[StepInfo]
    ) -> None:
        assert known is not None, f"{where} is reached, the analysis says it is not"
        has = set(self.flow.steps_of(known.has))
        may = set(self.flow.steps_of(known.may))
        ran = set(self.flow.steps_of(known.ran))
        assert has <= self.there, f"{where}: {names(has - self.there)} must be there"
        # Steps of other branches are told apart by place, not by the flow.
        assert self.there - beside <= may, f"{where}: {names(self.there - may)} cannot"
        assert self.reached - beside <= ran, f"{where}: {names(self.reached - ran)}"

    def block(self, block: BlockInfo, beside: frozenset[StepInfo]) -> None:
        step: StepInfo | End | None = block.main_line[0]
        while isinstance(step, StepInfo):
            step = self.step(step, beside)
        if step is End.RETHROW:
            raise _Failed
        self.look(self.flow.block_end.get(block), f"end of {block.id}", beside)

    def step(
        self, step: StepInfo, beside: frozenset[StepInfo]
    ) -> StepInfo | End | None:
        self.left -= 1
        if self.left < 0:
            raise _Stop
        self.look(self.flow.before.get(step), step.name, beside)
        self.there.discard(step)
        self.reached.add(step)
        if has_guard(step) and self.random.random() < 0.5:
            return step.after
        try:
            self.work(step, beside)
        except _Failed:
            return self.failure(step, beside)
        self.there.add(step)
        return step.after

    def failure(
        self, step: StepInfo, beside: frozenset[StepInfo]
    ) -> StepInfo | End | None:
        ignores = step.node is not None and "timeout_action" in step.node
        if ignores and self.random.random() < 0.5:
            return step.after
        if step.fallback is not None:
            rescuer = step.fallback
            try:
                after = self.step(rescuer, beside)
                if rescuer in self.there:
                    self.there.add(step)
                    return step.after
                if after is not None and after is rescuer.on_failure:
                    return after
            except _Failed:
                pass
        if step.on_failure is not None:
            return step.on_failure
        raise _Failed

    def work(self, step: StepInfo, beside: frozenset[StepInfo]) -> None:
        if step.type == "condition":
            part = self.random.choice(["then", "else"])
            for block in step.blocks:
                if block.kind == part:
                    self.block(block, beside)
        elif step.type == "parallel":
            self.branches(step, beside)
        elif step.type == "loop":
            inner = frozenset(below(step))
            for _ in range(self.random.randint(0, 2)):
                before = self.there - inner, self.reached - inner
                self.there, self.reached = set(before[0]), set(before[1])
                self.block(step.blocks[0], beside)
            self.there -= inner
            self.reached -= inner
        elif self.random.random() < 0.3:
            raise _Failed

    def branches(self, step: StepInfo, beside: frozenset[StepInfo]) -> None:
        assert step.node is not None
        mode = step.node.get("mode")
        assert mode is not None
        failures = 0
        blocks = list(step.blocks)
        self.random.shuffle(blocks)
        for block in blocks:
            others = frozenset(
                s for b in step.blocks if b is not block for s in inside(b)
            )
            try:
                self.block(block, beside | others)
            except _Failed:
                failures += 1
            else:
                if getattr(mode, "text", "") in ("any", "race"):
                    return
        if failures:
            raise _Failed


def inside(block: BlockInfo) -> list[StepInfo]:
    return [s for step in block.steps for s in (step, *below(step))]


def below(step: StepInfo) -> list[StepInfo]:
    return [s for block in step.blocks for s in inside(block)]


def names(steps: set[StepInfo]) -> list[str]:
    return sorted(step.name for step in steps)


def structure(text: str) -> CheckedWorkflow:
    report = Report()
    (document,) = load_text(text.encode(), "workflow.yaml").documents
    parsed = parse(document, report)
    assert parsed is not None, report.diagnostics
    return check_structure(parsed, [], report)


@pytest.mark.parametrize("seed", range(250))
def test_what_is_known_holds_in_every_run(seed: int) -> None:
    text = _Writer(seed).workflow()
    checked = structure(text)
    flow = analyse(checked, lambda node, truth: 0)
    for number in range(RUNS):
        run = _Run(flow, seed * 1000 + number)
        try:
            run.block(checked.root, frozenset())
            run.look(flow.end, "the run's end", frozenset())
        except (_Failed, _Stop):
            pass


def _dag(seed: int) -> str:
    """A list of steps with `depends_on`, in any order."""
    chance = random.Random(seed)
    count = chance.randint(2, 7)
    lines = []
    for index in range(count):
        earlier = [f"s{i}" for i in range(index) if chance.random() < 0.4]
        keys = f"depends_on: [{', '.join(earlier)}]"
        if chance.random() < 0.3:
            keys += ", condition: $.input.flag == true"
        if chance.random() < 0.3:
            keys += ", timeout: 5s, timeout_action: ignore"
        lines.append(f"    - {{name: s{index}, {keys}}}")
    chance.shuffle(lines)
    return HEAD + "  steps:\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize("seed", range(60))
def test_what_is_known_in_a_dag_holds_in_every_run(seed: int) -> None:
    checked = structure(_dag(seed))
    flow = analyse(checked, lambda node, truth: 0)
    chance = random.Random(seed)
    for _ in range(RUNS):
        run = _Run(flow, 0)
        waiting = list(checked.root.steps)
        ended: set[StepInfo] = set()
        while waiting:
            ready = [s for s in waiting if ended.issuperset(s.depends_on)]
            step = chance.choice(ready)
            unordered = frozenset(
                s
                for s in checked.root.steps
                if s is not step and s not in ancestors(step)
            )
            run.look(flow.before.get(step), step.name, unordered)
            run.reached.add(step)
            leaves = step.node is not None and (
                has_guard(step) or "timeout_action" in step.node
            )
            if not (leaves and chance.random() < 0.5):
                run.there.add(step)
            ended.add(step)
            waiting.remove(step)
        run.look(flow.end, "the run's end", frozenset())
