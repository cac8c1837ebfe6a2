"""One step → its nodes: the envelope, and a `try` around what may fail."""

from __future__ import annotations

from magicflow_cli.check.graph import is_guarded
from magicflow_cli.check.model import BlockInfo, End, StepInfo
from magicflow_cli.check.roles import following
from magicflow_cli.compile.builder import (
    Builder,
    Envelope,
    following_id,
    millis,
    without_absent,
)
from magicflow_cli.compile.kinds import build_kind
from magicflow_cli.compile.policies import catch_clauses, retry_policy
from magicflow_cli.documents.models import workflow as models
from magicflow_cli.plan import models as plan

_TAKES_INPUT = frozenset({"function", "workflow", "human_task"})
"""Types that somebody receives the input of; the others have one only if it is written,
so that a run's state does not hold its input once per step."""


def compile_blocks(builder: Builder) -> None:
    """Every step once, then every block."""
    for step in builder.checked.steps.values():
        compile_step(builder, step)
    for block in builder.checked.blocks.values():
        compile_block(builder, block)


def compile_step(builder: Builder, step: StepInfo) -> None:
    """The step's outermost node has its name and everything that people see of it;
    inside a `try` the attempt keeps the output mapping and its own timeout."""
    head = _head(builder, step)
    attempt = _attempt(builder, step)
    clauses = catch_clauses(step)
    retry = retry_policy(step, builder.checked.workflow.spec.retry_policy)
    total = millis(getattr(step.model, "total_timeout", None))
    if clauses or retry is not None or total is not None:
        body = builder.add(
            f"{step.name}/do", build_kind(builder, step, attempt), step.span
        )
        node = plan.TryNode(
            **head, timeout=total, body=body, retry=retry, catch=clauses
        )
        builder.add(step.name, node, step.span)
    else:
        builder.add(
            step.name, build_kind(builder, step, {**head, **attempt}), step.span
        )
    if step.after is End.RETHROW:
        rethrow = plan.RaiseNode(rethrow=True)
        builder.add(f"{step.name}/rethrow", rethrow, step.span)


def compile_block(builder: Builder, block: BlockInfo) -> None:
    main = [step for step in block.steps if step.role in ("main", "rule")]
    if block.kind == "rule":
        main = list(block.steps)
    nodes: list[str] = []
    for step in block.steps:
        if step in main or step.role == "handler":
            nodes.append(step.name)
        if step.after is End.RETHROW and step.block is block and block.kind != "rule":
            nodes.append(f"{step.name}/rethrow")
    output = (
        builder.optional(block.model.output)
        if isinstance(block.model, models.BlockBranch)
        else None
    )
    node = plan.SeqNode(
        nodes=nodes,
        start=main[0].name if main and not block.dag else None,
        deps=_dependencies(block, main) if block.dag else None,
        output=output,
    )
    builder.add(block.id, node, block.span)


def _dependencies(block: BlockInfo, main: list[StepInfo]) -> dict[str, list[str]]:
    if block.kind == "rule":  # a chain: a rule's steps run in order, without jumps
        names = [step.name for step in main]
        return {
            name: [before] if before else []
            for before, name in zip(["", *names], names, strict=False)
        }
    return {step.name: sorted({s.name for s in step.depends_on}) for step in main}


def _head(builder: Builder, step: StepInfo) -> Envelope:
    checked = builder.checked
    takes_input = step.type in _TAKES_INPUT or (step.node and "input" in step.node)
    return without_absent(
        step=step.name,
        guard=_guard(builder, step),
        input=checked.step_input_values.get(step.name) if takes_input else None,
        output_type=checked.step_outputs.get(step.name),
        next=following_id(step, step.after),
    )


def _guard(builder: Builder, step: StepInfo) -> plan.Guard | None:
    if not is_guarded(step) or step.model is None:
        return None
    skip = None
    if step.type in ("end", "fail") and not step.block.dag:
        index = step.block.steps.index(step)
        skip = following_id(step, following(step.block, index))
    condition = step.model.condition
    assert condition is not None
    return plan.Guard(test=builder.value(condition), skip=skip)


def _attempt(builder: Builder, step: StepInfo) -> Envelope:
    model = step.model
    output = None
    if model is not None and not isinstance(model, models.TransformStep):
        output = builder.optional(getattr(model, "output", None))
    return without_absent(
        output=output, timeout=millis(getattr(model, "timeout", None))
    )
