"""Which steps are handlers, and where control goes after each step."""

from __future__ import annotations

from dataclasses import dataclass, field

from magicflow_cli.check.model import BlockInfo, CheckedWorkflow, End, StepInfo
from magicflow_cli.diagnostics import Label, Report
from magicflow_cli.diagnostics.codes import MF3003, MF3004, MF3014, MF3018
from magicflow_cli.load.nodes import Scalar


@dataclass(slots=True)
class Names:
    """Who names a step: the scalars that stand for it, by the kind of key."""

    failure: dict[StepInfo, list[Scalar]] = field(default_factory=dict)
    fallback: dict[StepInfo, list[Scalar]] = field(default_factory=dict)
    success: dict[StepInfo, list[Scalar]] = field(default_factory=dict)


def assign_roles(checked: CheckedWorkflow, names: Names, report: Report) -> None:
    """Fill `handler`, `role` and `after` of every step."""
    for block in checked.blocks.values():
        if block.kind == "rule":
            for step in block.steps:
                step.role = "rule" if step.block is block else step.role
        else:
            _assign_handlers(block, names, report)
    check_handlers_entered_on_success(names, report)
    check_ambiguous_handlers(names, report)
    check_fallback_types(names, report)
    for block in checked.blocks.values():
        _assign_targets(block)


def following(block: BlockInfo, index: int) -> StepInfo | End:
    """The next step of the list that is not a handler, else the block's end."""
    for step in block.steps[index + 1 :]:
        if not step.handler:
            return step
    return End.BLOCK


def _assign_handlers(block: BlockInfo, names: Names, report: Report) -> None:
    for index, step in enumerate(block.steps):
        mark = step.node.get("handler") if step.node is not None else None
        marked = isinstance(mark, Scalar) and mark.value is True
        keys = [*names.failure.get(step, []), *names.fallback.get(step, [])]
        if step.handler or step.implicit or marked:
            step.handler = True
        elif mark is None and keys and step not in names.success:
            step.handler = True
            if not block.dag and _falls_into(block, index):
                _report_fallen_into(block, index, keys[0], report)
        if step.handler:
            only_fallback = step in names.fallback and step not in names.failure
            step.role = "fallback" if only_fallback else "handler"


def _falls_into(block: BlockInfo, index: int) -> bool:
    """Whether control reaches the step from the list: from the last step before it
    that is not a handler, or because it is the first."""
    for before in reversed(block.steps[:index]):
        if not before.handler:
            return before.after is None and before.type not in ("end", "fail")
    return True


def _report_fallen_into(
    block: BlockInfo, index: int, key: Scalar, report: Report
) -> None:
    step = block.steps[index]
    before = next((s for s in reversed(block.steps[:index]) if not s.handler), None)
    where = f"after `{before.name}`" if before else "at the start"
    labels = [Label(key.span(), "named here, for a failure")]
    mend = "`handler: false`"
    if before is not None:
        labels.append(Label(before.span, f"`{before.name}` goes on into it"))
        mend += f", or `on_success: {step.name}` on `{before.name}`"
    report.add(
        MF3004,
        f"`{step.name}` is named for failures only, but would also run {where}",
        step.span,
        help=f"if it is a handler: `handler: true` on `{step.name}`; if it belongs to"
        f" the main line: {mend}",
        labels=labels,
    )


def check_handlers_entered_on_success(names: Names, report: Report) -> None:
    for step, keys in names.success.items():
        if step.handler:
            report.add(
                MF3003,
                f"`{step.name}` is a handler and cannot be entered on success",
                keys[0].span(),
                help="a handler runs for a failure: let the step be part of the main"
                " line (no `handler: true`), or jump to another step",
                labels=[Label(step.span, "the handler")],
            )


def check_ambiguous_handlers(names: Names, report: Report) -> None:
    """A fallback inherits the failed step's input, a handler gets `{input, error}`."""
    for step, keys in names.fallback.items():
        if step in names.failure and (step.node is None or "input" not in step.node):
            report.add(
                MF3014,
                f"`{step.name}` is a fallback and a failure handler, and its input"
                " would differ",
                keys[0].span(),
                help="a fallback receives the failed step's input, a handler"
                " `{input, error}`: give the step an `input:` mapping",
                labels=[Label(names.failure[step][0].span(), "named as handler here")],
            )


def check_fallback_types(names: Names, report: Report) -> None:
    for step, keys in names.fallback.items():
        if step.type in ("end", "fail"):
            report.add(
                MF3018,
                f"`{step.name}` of type `{step.type}` cannot be a fallback",
                keys[0].span(),
                help="a fallback gives the failed step's outputs: use `on_failure`",
                labels=[Label(step.span, "the step")],
            )


def _assign_targets(block: BlockInfo) -> None:
    if block.dag:
        for step in block.steps:
            if step.role == "handler":
                step.after = End.RETHROW
        return
    for index, step in enumerate(block.steps):
        if step.block is not block:
            continue
        if step.type == "end":
            step.after = End.RUN
        elif step.type == "fail":
            step.after = None
        elif step.role == "fallback":
            step.after = None  # runs inside the step that failed, and goes nowhere
        elif step.after is None:
            step.after = End.RETHROW if step.handler else following(block, index)
