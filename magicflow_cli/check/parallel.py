"""What the branches of a parallel step may write at the same time."""

from __future__ import annotations

from collections.abc import Iterator

from magicflow_cli.check.flow import ancestors, enclosing_blocks, runs_beside
from magicflow_cli.check.model import CheckedWorkflow, StepInfo
from magicflow_cli.diagnostics import Label, Report, Span
from magicflow_cli.diagnostics.codes import MF6601
from magicflow_cli.plan import models as plan


def check_shared_fallbacks(checked: CheckedWorkflow, report: Report) -> None:
    """A fallback's outputs stand under its own name too: one fallback of two branches
    is one name that both write."""
    users: dict[StepInfo, list[StepInfo]] = {}
    for step in checked.steps.values():
        if step.fallback is not None and _has_company(step):
            users.setdefault(step.fallback, []).append(step)
    for fallback, steps in users.items():
        for index, step in enumerate(steps):
            other = next((s for s in steps[:index][:_MOST] if _beside(s, step)), None)
            if other is None:
                continue
            report.add(
                MF6601,
                f"`{step.name}` and `{other.name}` run at the same time and share the"
                f" fallback `{fallback.name}`",
                _fallback_span(step),
                help=f"`$.{fallback.name}` and its history would mix the two: give each"
                " a fallback of its own, on the same function",
                labels=[Label(_fallback_span(other), "the other branch")],
            )


_MOST = 64
"""With how many other users of a fallback each is compared."""


def _has_company(step: StepInfo) -> bool:
    """Whether anything can run at the same time as the step."""
    return any(b.dag or b.kind == "branch" for b in enclosing_blocks(step.block))


def _beside(one: StepInfo, other: StepInfo) -> bool:
    if runs_beside(one.block, other) is not None:
        return True
    if one.block is other.block and one.block.dag:
        return other not in ancestors(one) and one not in ancestors(other)
    return False


def _fallback_span(step: StepInfo) -> Span:
    node = step.node.get("fallback_step") if step.node is not None else None
    return node.span() if node is not None else step.span


def check_hidden_outputs(checked: CheckedWorkflow, report: Report) -> None:
    """The default output takes a property from the latest step that has it: of two
    branches that both give it, one is lost."""
    output = checked.output_value
    if not isinstance(output, plan.ObjectExpr) or _written(checked):
        return
    for name, value in output.members.items():
        given = [
            step for step in _sources(checked, value) if _declares(checked, step, name)
        ]
        for index, step in enumerate(given):
            other = next((s for s in given[:index] if runs_beside(s.block, step)), None)
            if other is None:
                continue
            report.add(
                MF6601,
                f"two branches give the output property `{name}`: the one of"
                f" `{other.name}` hides that of `{step.name}`",
                other.span,
                help=f"map the one that is meant: `output: {{{name}: $.{step.name}"
                f".{name}}}` in the workflow's `spec`",
                labels=[Label(step.span, f"`{step.name}` gives it too")],
            )
            break


def _written(checked: CheckedWorkflow) -> bool:
    spec = checked.document.root.get("spec")
    return "output" in getattr(spec, "entries", {})


def _sources(checked: CheckedWorkflow, value: plan.Expr) -> Iterator[StepInfo]:
    args = value.args if isinstance(value, plan.CallExpr) else [value]
    for arg in args:
        if isinstance(arg, plan.PathExpr) and arg.name in checked.steps:
            yield checked.steps[arg.name]


def _declares(checked: CheckedWorkflow, step: StepInfo, name: str) -> bool:
    """Whether a schema or a mapping says that the step gives the property; what only
    the output schema suggests does not count."""
    if not list(enclosing_blocks(step.block))[1:]:
        return False  # no branch
    if step.node is not None and "output" in step.node:
        return True
    info = checked.functions.get(f"{step.executor}/{step.function}")
    return step.type != "function" or (info is not None and info.output_declared)
