"""The longest time that a block of steps may take, as far as limits tell.

Every attempt runs into its timeout and every delay passes. A step without a limit
counts as nothing, so the result is a lower bound of the worst case. Back edges are
taken once.
"""

from __future__ import annotations

from magicflow_cli.check.dataflow.typed import Named, definition
from magicflow_cli.check.model import BlockInfo, CheckedWorkflow, StepInfo
from magicflow_cli.check.policies import (
    SATURATED,
    Retry,
    millis,
    retry_of,
    spoken,
    written_retries,
)
from magicflow_cli.load.nodes import Mapping, Scalar
from magicflow_cli.plan import models as plan
from magicflow_cli.record import Value


class Cost(Value):
    """What one step may take; `arithmetic` shows how it comes about."""

    step: StepInfo
    total: int
    arithmetic: str


def longest(checked: CheckedWorkflow, block: BlockInfo) -> tuple[int, list[Cost]]:
    """The longest way through a block, and the steps on it that take time."""
    return _Longest(checked).block(block)


class _Longest:
    def __init__(self, checked: CheckedWorkflow) -> None:
        self.checked = checked
        self.costs: dict[StepInfo, Cost] = {}
        self.open: set[StepInfo] = set()

    def block(self, block: BlockInfo) -> tuple[int, list[Cost]]:
        edges = _edges(block)
        best: dict[StepInfo, tuple[int, StepInfo | None]] = {}
        for step in _postorder(block, edges):
            tail, following = 0, None
            for target in edges[step]:
                if target in best and best[target][0] > tail:
                    tail, following = best[target][0], target
            total = min(self.step(step).total + tail, SATURATED)
            best[step] = (total, following)
        starts = block.steps if block.dag else block.main_line[:1]
        first = max(starts, key=lambda s: best.get(s, (0, None))[0], default=None)
        path: list[Cost] = []
        step_now = first
        while step_now is not None and step_now in best:
            if self.costs[step_now].total:
                path.append(self.costs[step_now])
            step_now = best[step_now][1]
        return (best[first][0] if first in best and first is not None else 0), path

    def step(self, step: StepInfo) -> Cost:
        """One step with all its attempts and, when it fails at last, its fallback."""
        known = self.costs.get(step)
        if known is not None:
            return known
        if step in self.open:  # fallbacks in a circle, reported elsewhere
            return Cost(step, 0, "0s")
        self.open.add(step)
        cost = self._attempts(step)
        if step.fallback is not None:
            other = self.step(step.fallback)
            if other.total:
                text = f"{cost.arithmetic} + fallback `{other.step.name}`"
                text += f" {spoken(other.total)}"
                cost = Cost(step, min(cost.total + other.total, SATURATED), text)
        self.open.discard(step)
        self.costs[step] = cost
        return cost

    def _attempts(self, step: StepInfo) -> Cost:
        one = self._attempt(step)
        retry: Retry | None = retry_of(written_retries(self.checked, step))
        attempts = max(retry.max_attempts, 1) if retry is not None else 1
        delays = retry.delays() if retry is not None and attempts > 1 else 0
        if one == 0 and step.type in ("transform", "condition", "switch"):
            delays = 0  # nothing that is retried
        total = min(one * attempts + delays, SATURATED)
        text = spoken(one) if attempts == 1 else f"{attempts} × {spoken(one)}"
        if delays:
            text = f"{text} + " if one else ""
            text += f"{spoken(delays)} of delays"
        limit = millis(step.node, "total_timeout")
        if limit is not None and total > limit:
            return Cost(step, limit, f"`total_timeout` {spoken(limit)}")
        if one and attempts > 1:
            text += f" = {spoken(total)}"
        return Cost(step, total, text)

    def _attempt(self, step: StepInfo) -> int:
        node = step.node
        limit = millis(node, "timeout")
        queue = millis(node, "queue_timeout") or 0
        if step.type == "wait":
            return millis(node, "duration") or 0
        inner = self._inner(step)
        if inner is None:
            return (limit or 0) + queue
        return inner if limit is None else min(inner, limit)

    def _inner(self, step: StepInfo) -> int | None:
        """What the steps below may take; None for a step that owns none."""
        if not step.blocks:
            return None
        inner = max(self.block(block)[0] for block in step.blocks)
        if step.type == "loop":
            inner *= self._rounds(step)
        return min(inner, SATURATED)

    def _rounds(self, step: StepInfo) -> int:
        """How often a loop's body runs one after the other, as far as that is bounded
        by what is written."""
        node = step.node
        assert node is not None
        source = node.get("iterate_over")
        value = self.checked.values.get(source) if source is not None else None
        count = _integer(node, "max_iterations") or most_items(self.checked, value)
        parallel = node.get("parallel")
        if not isinstance(parallel, Scalar) or parallel.value is not True:
            return count or 1
        batch = _integer(node, "batch_size")
        if count is None or batch is None:
            return 1
        return -(-count // batch)


def most_items(checked: CheckedWorkflow, source: plan.Expr | None) -> int | None:
    """How many items a list has at most: a written one, or one of the run's input
    whose schema says so."""
    if isinstance(source, plan.ArrayExpr):
        return len(source.items)
    if not isinstance(source, plan.PathExpr) or source.root != "input":
        return None
    ref = checked.input_type
    for segment in source.segments:
        defined = definition(Named(ref.type), checked.types) if ref else None
        name = segment.selectors[0].member
        if not isinstance(defined, plan.ObjectType) or name not in defined.fields:
            return None
        ref = defined.fields[name].type
    found = definition(Named(ref.type), checked.types) if ref else None
    return found.max_items if isinstance(found, plan.ArrayType) else None


def _integer(node: Mapping, key: str) -> int | None:
    value = node.get(key)
    found = value.value if isinstance(value, Scalar) else None
    return found if isinstance(found, int) else None


_Edges = dict[StepInfo, list[StepInfo]]


def _edges(block: BlockInfo) -> _Edges:
    """What may follow each step of a block within it."""
    edges: _Edges = {step: [] for step in block.steps}
    for step in block.steps:
        jumps = (target for _, target in step.gotos)
        for target in (step.after, step.on_failure, *jumps):
            if isinstance(target, StepInfo) and target in edges:
                edges[step].append(target)
        for dependency in step.depends_on:
            if dependency in edges:
                edges[dependency].append(step)
    return edges


def _postorder(block: BlockInfo, edges: _Edges) -> list[StepInfo]:
    """Every step after those that follow it; without recursion, because a list may
    have thousands of steps."""
    done: list[StepInfo] = []
    seen: set[StepInfo] = set()
    for start in block.steps:
        if start in seen:
            continue
        seen.add(start)
        stack = [(start, iter(edges[start]))]
        while stack:
            step, rest = stack[-1]
            target = next((t for t in rest if t not in seen), None)
            if target is None:
                done.append(step)
                stack.pop()
            else:
                seen.add(target)
                stack.append((target, iter(edges[target])))
    return done
