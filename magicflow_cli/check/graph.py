"""Rules of the workflow graph: every step can be reached, every path ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from magicflow_cli.check.model import (
    BlockInfo,
    CheckedWorkflow,
    End,
    StepInfo,
    Target,
)
from magicflow_cli.check.roles import following
from magicflow_cli.diagnostics import Label, Report
from magicflow_cli.diagnostics.codes import MF3001, MF3005, MF3006, MF3007

_WAITING = frozenset({"wait", "wait_for_event", "human_task"})


def check_graph(checked: CheckedWorkflow, report: Report) -> None:
    check_fallback_cycles(checked, report)
    if not report.has_errors:  # a missing jump would make half of the steps unreachable
        check_unreachable(checked, report)
    for block in checked.blocks.values():
        if not block.dag and _has_back_edge(block):
            check_endless(block, report)
            check_unbounded_cycles(block, report)


def is_guarded(step: StepInfo) -> bool:
    return (
        step.node is not None and "condition" in step.node and step.type != "condition"
    )


def success_targets(step: StepInfo) -> list[Target]:
    """Where control may go when the step completes or is skipped."""
    targets: list[Target] = [target for _, target in step.gotos]
    if step.type in ("end", "fail"):
        if step.type == "end":
            targets.append(End.RUN)
        if is_guarded(step):
            targets.append(following(step.block, step.block.steps.index(step)))
    elif step.after is not None:
        targets.append(step.after)
    return targets


def failure_targets(step: StepInfo) -> list[StepInfo]:
    return [step.on_failure] if step.on_failure is not None else []


def _steps_of(targets: Iterable[Target]) -> list[StepInfo]:
    return [target for target in targets if isinstance(target, StepInfo)]


def check_unreachable(checked: CheckedWorkflow, report: Report) -> None:
    """A step that no path enters: neither the list, nor a jump, nor a failure."""
    reached: set[StepInfo] = set()
    pending: list[StepInfo] = []
    for block in checked.blocks.values():
        if block.kind == "rule" or block is checked.root:
            pending += _entries(block)
    pending += [rule.target for rule in checked.rules if rule.target is not None]
    if checked.timeout_fallback is not None:
        pending.append(checked.timeout_fallback)
    while pending:
        step = pending.pop()
        if step in reached:
            continue
        reached.add(step)
        pending += _steps_of(success_targets(step)) + failure_targets(step)
        if step.fallback is not None:
            pending.append(step.fallback)
        for block in step.blocks:
            pending += _entries(block)
    lost = [
        step
        for step in checked.steps.values()
        if step not in reached
        and (step.block.owner is None or step.block.owner in reached)
    ]
    for step in _first_of_each_path(lost):
        report.add(
            MF3001,
            f"no path leads to step `{step.name}`",
            step.span,
            help=_how_to_reach(step),
        )


def _first_of_each_path(lost: list[StepInfo]) -> list[StepInfo]:
    """The steps that no other lost step leads to: mending those mends the rest."""
    led_to: set[StepInfo] = set()
    for step in lost:
        led_to.update(_steps_of(success_targets(step)), failure_targets(step))
        if step.fallback is not None:
            led_to.add(step.fallback)
    return [step for step in lost if step not in led_to] or lost[:1]


def _entries(block: BlockInfo) -> list[StepInfo]:
    if block.dag:
        return [step for step in block.steps if not step.handler]
    return block.main_line[:1] if block.kind != "rule" else list(block.steps)


def _how_to_reach(step: StepInfo) -> str:
    if step.handler:
        return (
            f"a handler runs when a step names it: `on_failure: {step.name}` or"
            f" `fallback_step: {step.name}`; or remove it"
        )
    index = step.block.steps.index(step)
    before = next(
        (s for s in reversed(step.block.steps[:index]) if not s.handler), None
    )
    if before is not None and isinstance(before.after, StepInfo):
        return (
            f"`{before.name}` before it goes on to `{before.after.name}`: let a step"
            f" jump here with `on_success: {step.name}`, or remove the step"
        )
    return f"let a step jump here with `on_success: {step.name}`, or remove the step"


def check_fallback_cycles(checked: CheckedWorkflow, report: Report) -> None:
    """`a` falls back to `b` and `b`, sooner or later, to `a`."""
    reported: set[StepInfo] = set()
    for step in checked.steps.values():
        chain: list[StepInfo] = []
        current: StepInfo | None = step
        while current is not None and current not in chain:
            chain.append(current)
            current = current.fallback
        if current is None or current in reported:
            continue
        cycle = chain[chain.index(current) :]
        reported.update(cycle)
        key = current.node.get("fallback_step") if current.node is not None else None
        way = " → ".join(f"`{s.name}`" for s in [*cycle, current])
        report.add(
            MF3007,
            f"fallbacks form a cycle: {way}",
            key.span() if key is not None else current.span,
            help="the last fallback of a chain has no `fallback_step`: remove one",
            labels=[
                Label(s.span, f"falls back to `{_fallback_name(s)}`") for s in cycle
            ],
        )


def _fallback_name(step: StepInfo) -> str:
    return step.fallback.name if step.fallback is not None else ""


def _has_back_edge(block: BlockInfo) -> bool:
    position = {step: index for index, step in enumerate(block.steps)}
    return any(
        position.get(target, -1) <= position[step]
        for step in block.steps
        for target in _steps_of(success_targets(step)) + failure_targets(step)
    )


def check_endless(block: BlockInfo, report: Report) -> None:
    """From some step on, success leads round and round and never to an end."""
    before: dict[StepInfo, list[StepInfo]] = {}
    for step in block.steps:
        for target in _steps_of(success_targets(step)):
            before.setdefault(target, []).append(step)
    ending = _closure(
        [step for step in block.steps if _ends(step)],
        lambda step: before.get(step, []),
    )
    endless = [step for step in block.steps if step not in ending]
    if endless:
        first = endless[0]
        report.add(
            MF3005,
            f"from step `{first.name}` on, no path ever ends",
            first.span,
            help="let one of these steps go to `end`, or to a step that does",
            labels=[Label(s.span, "never ends either") for s in endless[1:4]],
        )


def _ends(step: StepInfo) -> bool:
    """A failure ends, and so does a fallback: it runs inside the step that failed."""
    if step.type == "fail" or step.role == "fallback":
        return True
    return any(isinstance(target, End) for target in success_targets(step))


def check_unbounded_cycles(block: BlockInfo, report: Report) -> None:
    """A cycle needs a way out that is decided by data, or a wait."""
    edges = {
        step: _steps_of(success_targets(step)) + failure_targets(step)
        for step in block.steps
    }
    for cycle in _cycles(edges):
        inside = set(cycle)
        if any(s.type in _WAITING for s in cycle) or _decided_exit(cycle, inside):
            continue
        if all(inside.issuperset(_steps_of(success_targets(s))) for s in cycle) and (
            not any(isinstance(t, End) for s in cycle for t in success_targets(s))
        ):
            continue  # an endless path, said by MF3005
        first = cycle[0]
        report.add(
            MF3006,
            f"the cycle through `{first.name}` has neither a bound nor a wait",
            first.span,
            help="leave the cycle by a `switch` with a `goto`, put a `wait` into it,"
            " use a `loop` with `max_iterations`, or a `retry` policy for failures",
            labels=[Label(s.span, "in the cycle") for s in cycle[1:4]],
        )


def _decided_exit(cycle: list[StepInfo], inside: set[StepInfo]) -> bool:
    return any(
        step.type == "switch"
        and any(
            not isinstance(target, StepInfo) or target not in inside
            for target in success_targets(step)
        )
        for step in cycle
    )


def _cycles(edges: dict[StepInfo, list[StepInfo]]) -> list[list[StepInfo]]:
    """The strongly connected parts that hold a cycle, each in document order (Kosaraju:
    two passes, linear in steps and edges)."""
    finished: list[StepInfo] = []
    seen: set[StepInfo] = set()
    for root in edges:
        pending = [(root, False)]
        while pending:
            step, done = pending.pop()
            if done:
                finished.append(step)
            elif step not in seen:
                seen.add(step)
                pending.append((step, True))
                pending += [(t, False) for t in edges.get(step, []) if t not in seen]
    back: dict[StepInfo, list[StepInfo]] = {}
    for step, targets in edges.items():
        for target in targets:
            back.setdefault(target, []).append(step)
    part_of: dict[StepInfo, StepInfo] = {}
    for root in reversed(finished):
        stack = [root] if root not in part_of else []
        while stack:
            step = stack.pop()
            if step not in part_of:
                part_of[step] = root
                stack += [s for s in back.get(step, []) if s not in part_of]
    parts: dict[StepInfo, list[StepInfo]] = {}
    for step in edges:
        parts.setdefault(part_of[step], []).append(step)
    return [
        part for part in parts.values() if len(part) > 1 or part[0] in edges[part[0]]
    ]


def _closure(
    start: Iterable[StepInfo], successors: Callable[[StepInfo], Iterable[StepInfo]]
) -> set[StepInfo]:
    reached: set[StepInfo] = set()
    pending = list(start)
    while pending:
        step = pending.pop()
        if step not in reached:
            reached.add(step)
            pending += successors(step)
    return reached
