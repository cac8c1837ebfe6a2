"""What an expression may read at the place where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from magicflow_cli.check.flow import enclosing_blocks
from magicflow_cli.check.model import BlockInfo, RuleInfo, StepInfo
from magicflow_cli.load.nodes import Mapping, Scalar
from magicflow_cli.record import Value

Moment: TypeAlias = Literal[
    "start",  # before the run has any step: concurrency keys
    "event",  # a trigger: `$` is the event
    "before",  # a step is entered: guard, input and what is evaluated with it
    "after",  # the step's work is done: output mappings
    "round",  # a loop's `while` and `collect`
    "block_end",  # a branch's output
    "rule",
    "undo",  # compensation
    "end",  # the run's output
    "anywhere",  # conditions and pii paths: no place of their own
]

ROOTS = (
    "input",
    "steps",
    "item",
    "index",
    "branches",
    "iterations",
    "response",
    "result",
    "form",
    "error",
    "execution",
    "metadata",
    "conditions",
)
"""Every root of the language; a step of such a name is read through `$.steps`."""

META = ("output", "status", "error", "attempts")


class Scope(Value):
    """`where` completes "… cannot be read in"; `block` is the innermost block around
    the place; `special` are the roots that only some places have."""

    where: str
    moment: Moment
    block: BlockInfo
    step: StepInfo | None = None
    rule: RuleInfo | None = None
    special: frozenset[str] = frozenset()
    parameters: tuple[str, ...] = ()
    event: str = ""  # of a trigger

    @property
    def always(self) -> bool:
        """True where run data of steps exists."""
        return self.moment not in ("start", "event")


def loops_around(block: BlockInfo) -> list[StepInfo]:
    """The loops whose iteration the block belongs to, innermost first."""
    return [
        around.owner
        for around in enclosing_blocks(block)
        if around.kind == "loop" and around.owner is not None
    ]


def item_variable(loop: StepInfo) -> str | None:
    """The name of a loop's item; None for a loop without a list."""
    if loop.node is None or "iterate_over" not in loop.node:
        return None
    name = loop.node.get("item_variable")
    return name.text if isinstance(name, Scalar) else "item"


def sees_error(step: StepInfo, targets: frozenset[StepInfo]) -> bool:
    """True for a step that a failure leads to - one of `targets` if it is on the main
    line - or that stands inside such a step."""
    if step.role in ("handler", "fallback", "rule") or step in targets:
        return True
    if step.block.kind == "rule":
        return True
    owner = step.block.owner
    return owner is not None and sees_error(owner, targets)


def failure_targets(
    steps: Iterable[StepInfo], rules: Iterable[RuleInfo]
) -> frozenset[StepInfo]:
    """The steps that failures lead to."""
    found = {step.on_failure for step in steps} | {rule.target for rule in rules}
    return frozenset(step for step in found if step is not None)


def branch_node(block: BlockInfo) -> Mapping | None:
    """The mapping that declares a parallel branch."""
    owner = block.owner
    branches = owner.node.get("branches") if owner is not None and owner.node else None
    for item in getattr(branches, "items", []):
        if isinstance(item, Mapping):
            name = item.get("name")
            if isinstance(name, Scalar) and name.text == block.branch:
                return item
    return None
