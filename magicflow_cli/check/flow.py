"""Which steps have run, for every place where a value is read: the result.

A `Known` says for a place: `has` the steps whose outputs are there on every path, `may`
those whose outputs are there on some path, `entered` and `ran` the same for being
reached at all. All four are bit sets over the steps, so that a workflow of a thousand
steps stays fast. flow_analysis.py finds them out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from magicflow_cli.check.model import (
    BlockInfo,
    RuleInfo,
    StepInfo,
)
from magicflow_cli.load.nodes import Mapping, Node, Scalar


class Known(NamedTuple):
    """What is known at one place, as bit sets of `Flow.bit`."""

    has: int
    may: int
    entered: int
    ran: int

    def meet(self, other: Known | None) -> Known:
        """What holds when control comes from either side."""
        if other is None:
            return self
        return Known(
            self.has & other.has,
            self.may | other.may,
            self.entered & other.entered,
            self.ran | other.ran,
        )

    def join(self, other: Known) -> Known:
        """What holds when both sides have ended."""
        return Known(
            self.has | other.has,
            self.may | other.may,
            self.entered | other.entered,
            self.ran | other.ran,
        )


NOTHING = Known(0, 0, 0, 0)

Facts = Callable[[Node, bool], int]
"""`facts(expression, truth)`: the steps whose outputs must be there when the
expression evaluated to that truth."""


@dataclass(slots=True, eq=False, repr=False)
class Flow:
    """The result. A step without an entry in `before` cannot be reached."""

    bits: dict[StepInfo, int]
    before: dict[StepInfo, Known] = field(default_factory=dict)
    running: dict[StepInfo, Known] = field(default_factory=dict)
    """Once the guard let the step run."""
    after_blocks: dict[StepInfo, Known] = field(default_factory=dict)
    """Inside a step that owns blocks, when they have ended well."""
    failed: dict[StepInfo, Known] = field(default_factory=dict)
    block_end: dict[BlockInfo, Known] = field(default_factory=dict)
    at_rule: dict[RuleInfo, Known] = field(default_factory=dict)
    """Once the rule has matched."""
    steady: set[StepInfo] = field(default_factory=set)
    """Steps whose failure never lets the flow go on past them without outputs."""
    end: Known | None = None
    """Where the run's output is evaluated."""

    def steps_of(self, bits: int) -> Iterator[StepInfo]:
        for step, bit in self.bits.items():
            if bits & bit:
                yield step


def enclosing_blocks(block: BlockInfo) -> Iterator[BlockInfo]:
    """The block and every block around it, from the inside out."""
    current: BlockInfo | None = block
    while current is not None:
        yield current
        current = current.owner.block if current.owner is not None else None


def runs_beside(reader: BlockInfo, step: StepInfo) -> StepInfo | None:
    """The parallel step in whose other branch `step` runs, seen from `reader`."""
    mine = {block.owner: block for block in enclosing_blocks(reader) if block.owner}
    for block in enclosing_blocks(step.block):
        owner = block.owner
        if (
            owner is not None
            and owner.type == "parallel"
            and mine.get(owner, block) is not block
        ):
            return owner
    return None


def ancestors(step: StepInfo) -> set[StepInfo]:
    """All that a step depends on, directly or not."""
    found: set[StepInfo] = set()
    work = list(step.depends_on)
    while work:
        current = work.pop()
        if current not in found:
            found.add(current)
            work.extend(current.depends_on)
    return found


def hiding_loop(reader: BlockInfo, step: StepInfo) -> StepInfo | None:
    """The loop that hides `step` from `reader`: the outermost one that contains the
    step and not the reader."""
    around = set(enclosing_blocks(reader))
    found = None
    for block in enclosing_blocks(step.block):
        if block.kind == "loop" and block not in around:
            found = block.owner
    return found


def has_guard(step: StepInfo) -> bool:
    return (
        step.node is not None and step.type != "condition" and "condition" in step.node
    )


def scalar_of(node: Mapping | None, key: str) -> str | None:
    """The text of a scalar member; None when it is absent or no scalar."""
    value = node.get(key) if node is not None else None
    return value.text if isinstance(value, Scalar) else None


def can_go_on_without_outputs(step: StepInfo) -> bool:
    """True for a written `timeout_action: ignore`."""
    return scalar_of(step.node, "timeout_action") == "ignore"


def case_tests(step: StepInfo) -> Iterator[tuple[Node | None, str]]:
    """The tests of a condition or switch with the part that each runs, in order; None
    for the part that runs when no test held."""
    node = step.node
    if node is None:
        return
    if step.type == "condition":
        test = node.get("condition")
        if test is not None:
            yield test, "then"
        yield None, "else"
        return
    cases = node.get("cases")
    for number, case in enumerate(getattr(cases, "items", []), 1):
        test = case.get("when") if isinstance(case, Mapping) else None
        if test is not None and "goto" not in case:
            yield test, f"case-{number}"
    if "default" in node:
        yield None, "default"
