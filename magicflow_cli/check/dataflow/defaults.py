"""The mappings that a document leaves out, written out (semantics: "Data")."""

from __future__ import annotations

from magicflow_cli.check.dataflow.scope import item_variable, loops_around
from magicflow_cli.check.model import CheckedWorkflow, StepInfo
from magicflow_cli.plan import models as plan

_WITHOUT_INPUT = ("transform", "wait", "emit", "fail", "end", "wait_for_event")


def path(root: str, *members: str, name: str | None = None) -> plan.PathExpr:
    """A path of member names below one of the plan's roots."""
    return plan.PathExpr(
        root=root,  # type: ignore[arg-type]
        name=name,
        field="output" if root == "step" else None,
        segments=[
            plan.Segment(selectors=[plan.Selector(member=member)]) for member in members
        ],
        singular=True,
    )


def fill_default_inputs(checked: CheckedWorkflow) -> None:
    """Fill `step_input_values` and `compensation_input_values`."""
    for step in checked.steps.values():
        written = step.node.get("input") if step.node is not None else None
        value = (
            checked.values.get(written) if written is not None else default_input(step)
        )
        if value is not None:
            checked.step_input_values[step.name] = value
        undo = step.node.get("compensation") if step.node is not None else None
        if undo is not None:
            mapping = getattr(undo, "get", lambda _: None)("input")
            found = checked.values.get(mapping) if mapping is not None else None
            checked.compensation_input_values[step.name] = found or plan.ObjectExpr(
                members={
                    "input": path("undo", name="input"),
                    "output": path("undo", name="output"),
                }
            )


def default_input(step: StepInfo) -> plan.Expr | None:
    """What a step without a mapping receives; None where it inherits (a fallback) or
    has no use for input."""
    if step.role == "fallback" or step.type in _WITHOUT_INPUT:
        return None
    if step.role == "handler":
        return plan.ObjectExpr(
            members={"input": _with_items(step), "error": path("error")}
        )
    return _with_items(step)


def _with_items(step: StepInfo) -> plan.Expr:
    """The run's input; in a loop's body also the items under their variables, those of
    inner loops last."""
    items: dict[str, plan.Expr] = {}
    for loop in reversed(loops_around(step.block)):
        variable = item_variable(loop)
        if variable is not None:
            items[variable] = path("local", name=variable)
    if not items:
        return path("input")
    return plan.CallExpr(
        function="merge", args=[path("input"), plan.ObjectExpr(members=items)]
    )
