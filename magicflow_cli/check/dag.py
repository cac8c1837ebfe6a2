"""Rules of blocks whose steps say what they depend on."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from magicflow_cli.check.model import BlockInfo, CheckedWorkflow, StepInfo
from magicflow_cli.diagnostics import Label, Report
from magicflow_cli.diagnostics.codes import (
    MF1001,
    MF3002,
    MF3010,
    MF3011,
    MF3012,
    MF3013,
    MF3016,
)
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.load.nodes import Mapping, Scalar, Sequence


def check_dags(checked: CheckedWorkflow, report: Report) -> None:
    """Resolve `depends_on` and hold each DAG block to its rules."""
    for block in checked.blocks.values():
        if not block.dag or block.kind == "rule":
            continue
        for step in block.steps:
            if step.node is not None:
                _resolve_dependencies(checked, step, step.node, report)
                _check_jumps(step, step.node, report)
        _check_cycle(block, report)


def _resolve_dependencies(
    checked: CheckedWorkflow, step: StepInfo, node: Mapping, report: Report
) -> None:
    key = node.get("depends_on")
    if not isinstance(key, Sequence):
        if not step.handler:
            report.add(
                MF3012,
                f"`{step.name}` does not say what it depends on",
                step.span,
                help="its list has steps with `depends_on`, so order means nothing"
                " here: write `depends_on: []` for a step that starts at once",
            )
        return
    found: list[StepInfo] = []
    for item in key.items:
        dependency = _dependency(checked, step, item, report)
        if dependency is not None:
            found.append(dependency)
    step.depends_on = tuple(found)


def _dependency(
    checked: CheckedWorkflow, step: StepInfo, item: object, report: Report
) -> StepInfo | None:
    if not isinstance(item, Scalar):
        return None
    target = checked.steps.get(item.text)
    if target is None:
        near = suggest(item.text, [s.name for s in step.block.steps])
        report.add(
            MF1001,
            f"there is no step `{item.text}`",
            item.span(),
            help=f"did you mean `{near}`?" if near else "name a step of the same list",
        )
    elif target.block is not step.block:
        report.add(
            MF3002,
            f"`{step.name}` cannot depend on `{target.name}`, which is in another"
            " block",
            item.span(),
            help="depend on the step of this list that owns it",
            labels=[Label(target.span, f"`{target.name}` stands here")],
        )
    elif target.handler:
        report.add(
            MF3016,
            f"`{step.name}` cannot depend on the handler `{target.name}`",
            item.span(),
            help="a handler runs for a failure only: depend on the step that it"
            " handles",
            labels=[Label(target.span, "the handler")],
        )
    else:
        return target
    return None


def _check_jumps(step: StepInfo, node: Mapping, report: Report) -> None:
    key = node.get("on_success")
    jumps = [key] if key is not None and not step.handler else []
    jumps += [goto for goto, _ in step.gotos]
    for jump in jumps:
        report.add(
            MF3010,
            f"`{step.name}` cannot jump: the steps of its list start by `depends_on`",
            jump.span(),
            help="say what depends on what, or write the list without `depends_on`",
        )
    if step.handler and isinstance(key, Scalar):
        report.add(
            MF3013,
            f"the handler `{step.name}` cannot rejoin a list with `depends_on`",
            key.span(),
            help="without `on_success` the list fails after the handler; to go on with"
            " other outputs use `fallback_step`",
        )
    target = step.on_failure
    if target is not None and not target.handler:
        failure = node.get("on_failure")
        report.add(
            MF3010,
            f"`{step.name}` cannot jump: the steps of its list start by `depends_on`",
            failure.span() if failure is not None else step.span,
            help=f"mark `{target.name}` with `handler: true`, or use `fallback_step`",
            labels=[Label(target.span, f"`{target.name}` stands here")],
        )


def _check_cycle(block: BlockInfo, report: Report) -> None:
    graph = {step: step.depends_on for step in block.steps if not step.handler}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle: list[StepInfo] = list(reversed(error.args[1]))
        names = " → ".join(f"`{step.name}`" for step in cycle)
        report.add(
            MF3011,
            f"steps depend on each other in a circle: {names}",
            cycle[0].span,
            help="remove one of these dependencies",
            labels=[Label(step.span, "in the circle") for step in cycle[1:-1]],
        )
