"""Collects a workflow's steps and blocks as they are written.

Targets and implicit steps are the business of `references`.
"""

from __future__ import annotations

from collections.abc import Sequence

from magicflow_cli.check.model import (
    BlockInfo,
    BlockKind,
    CheckedWorkflow,
    StepInfo,
    StepModel,
)
from magicflow_cli.diagnostics import Label, Report, Span
from magicflow_cli.diagnostics.codes import MF1002, MF1006
from magicflow_cli.documents import key_span, node_of
from magicflow_cli.documents.models import workflow as models


def collect_steps(checked: CheckedWorkflow, report: Report) -> None:
    """Fill `steps` and `blocks` with everything below `spec.steps`."""
    checked.blocks[checked.root.id] = checked.root
    _collect_list(checked, checked.root, checked.workflow.spec.steps, report)


def new_block(
    checked: CheckedWorkflow,
    id: str,
    kind: BlockKind,
    owner: StepInfo | None,
    span: Span,
    branch: str = "",
) -> BlockInfo:
    block = BlockInfo(id, kind, owner, span, branch=branch)
    checked.blocks[id] = block
    if owner is not None:
        owner.blocks.append(block)
    return block


def add_step(
    checked: CheckedWorkflow, block: BlockInfo, model: StepModel, report: Report
) -> StepInfo | None:
    """Add a written step; None when its name is taken."""
    span = key_span(model, "name")
    first = checked.steps.get(model.name)
    if first is not None:
        report.add(
            MF1002,
            f"two steps are named `{model.name}`",
            span,
            help="step names are unique in a workflow, blocks included: rename one",
            labels=[Label(first.span, "first written here")],
        )
        return None
    short_branch = isinstance(model, models.CallBranch)
    step = StepInfo(
        name=model.name,
        type="function" if short_branch else model.type,  # type: ignore[union-attr]
        block=block,
        span=span,
        node=node_of(model),
        model=model,
    )
    if isinstance(model, models.FunctionStep | models.CallBranch):
        step.function = model.function or model.name
    block.steps.append(step)
    checked.steps[model.name] = step
    _collect_owned_blocks(checked, step, model, report)
    return step


def _collect_list(
    checked: CheckedWorkflow,
    block: BlockInfo,
    steps: Sequence[models.Step],
    report: Report,
) -> None:
    for model in steps:
        add_step(checked, block, model, report)
        block.dag = block.dag or model.depends_on is not None


def _collect_owned_blocks(
    checked: CheckedWorkflow, step: StepInfo, model: StepModel, report: Report
) -> None:
    if isinstance(model, models.ConditionStep):
        _own(checked, step, "then", "then", model.then, report)
        _own(checked, step, "else", "else", model.else_, report)
    elif isinstance(model, models.LoopStep):
        _own(checked, step, "body", "loop", model.steps, report)
    elif isinstance(model, models.SwitchStep):
        for index, case in enumerate(model.cases, 1):
            _own(checked, step, f"case-{index}", "case", case.steps, report)
        _own(checked, step, "default", "case", model.default, report)
    elif isinstance(model, models.ParallelStep):
        _collect_branches(checked, step, model.branches, report)


def _own(
    checked: CheckedWorkflow,
    step: StepInfo,
    part: str,
    kind: BlockKind,
    steps: Sequence[models.Step] | None,
    report: Report,
) -> None:
    if steps is not None:
        block = new_block(checked, f"{step.name}/{part}", kind, step, step.span)
        _collect_list(checked, block, steps, report)


def _collect_branches(
    checked: CheckedWorkflow,
    step: StepInfo,
    branches: Sequence[models.Branch],
    report: Report,
) -> None:
    seen: dict[str, Span] = {}
    for branch in branches:
        span = key_span(branch, "name")
        if branch.name in seen:
            report.add(
                MF1006,
                f"two branches of `{step.name}` are named `{branch.name}`",
                span,
                help="a branch's name is its key in `$.branches`: rename one",
                labels=[Label(seen[branch.name], "first written here")],
            )
            continue
        seen[branch.name] = span
        block = new_block(
            checked,
            f"{step.name}/branch/{branch.name}",
            "branch",
            step,
            node_of(branch).span(),
            branch.name,
        )
        block.model = branch
        if isinstance(branch, models.CallBranch):  # a block of one step of that name
            add_step(checked, block, branch, report)
        else:
            _collect_list(checked, block, branch.steps, report)
