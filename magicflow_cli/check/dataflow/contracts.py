"""Values that no mapping of the document writes, against the types that want them:
default inputs, fallbacks' outputs, a written output's missing properties."""

from __future__ import annotations

from magicflow_cli.check.dataflow.evaluate import Evaluator
from magicflow_cli.check.dataflow.fit import Fit
from magicflow_cli.check.dataflow.functions import Inference, expanded
from magicflow_cli.check.dataflow.holes import Piece
from magicflow_cli.check.dataflow.members import Missing, member
from magicflow_cli.check.dataflow.outcomes import Outcomes
from magicflow_cli.check.dataflow.typed import (
    Hole,
    Named,
    Typed,
    definition,
    describe,
    kinds,
    of,
)
from magicflow_cli.check.model import CheckedWorkflow, StepInfo
from magicflow_cli.diagnostics import Label, Span
from magicflow_cli.diagnostics.codes import MF6309, MF6402, MF6502
from magicflow_cli.load.nodes import Mapping
from magicflow_cli.plan import models as plan


def check_default_inputs(
    checked: CheckedWorkflow, evaluator: Evaluator, inference: Inference
) -> None:
    """A declared input type, and a step that leaves its mapping out."""
    for info in checked.functions.values():
        if not info.input_declared:
            continue
        for step, given in inference.default_inputs(info):
            span = checked.type_spans.get(info.input.type)
            fit = Fit(
                evaluator,
                f"the input of `{info.function}`",
                Label(span, "declared here") if span is not None else None,
                step.span,
            )
            fit.check(None, given, of(info.input))


def check_loop_inputs(checked: CheckedWorkflow, evaluator: Evaluator) -> None:
    """By default a step of a loop receives the run's input with the item as a member:
    the input must be an object."""
    ref = checked.input_type
    if ref is None or kinds(of(ref), checked.types) & {"object"}:
        return
    for step in checked.steps.values():
        value = checked.step_input_values.get(step.name)
        if isinstance(value, plan.CallExpr) and value.function == "merge":
            evaluator.problem(
                MF6309,
                f"the run's input is {describe(of(ref), checked.types)} and cannot hold"
                f" the item that `{step.name}` receives too",
                step.span,
                help="write the step's `input:`",
            )


def check_fallbacks(
    checked: CheckedWorkflow, evaluator: Evaluator, outcomes: Outcomes
) -> None:
    """A fallback's outputs become the failed step's, so they must fit."""
    for step in checked.steps.values():
        other = step.fallback
        if other is None or other is step:
            continue
        wanted, given = outcomes.output(step), outcomes.output(other)
        if isinstance(wanted.form, Hole):
            if not isinstance(given.form, Hole):
                piece = evaluator.holes.piece(wanted.form.function)
                _check_uses(checked, evaluator, step, other, piece, given)
            continue
        if isinstance(given.form, Hole):
            for name, value in expanded(wanted, checked) or ():
                below = Hole(given.form.function, (*given.form.path, name))
                evaluator.holes.mark(below, required=not value.absent)
                evaluator.holes.hint(below, value)
            continue
        for name, value in expanded(wanted, checked) or ():
            if not value.absent:
                _check_gives(checked, evaluator, step, other, name, given)


def _check_uses(
    checked: CheckedWorkflow,
    evaluator: Evaluator,
    step: StepInfo,
    other: StepInfo,
    piece: Piece,
    given: Typed,
) -> None:
    for name, use in piece.members.items():
        if use.required:
            _check_gives(checked, evaluator, step, other, name, given)


def _check_gives(
    checked: CheckedWorkflow,
    evaluator: Evaluator,
    step: StepInfo,
    other: StepInfo,
    name: str,
    given: Typed,
) -> None:
    part = member(given.but(absent="", nullable=False), name, checked.types)
    if not isinstance(part, Missing):
        return
    evaluator.problem(
        MF6402,
        f"the fallback `{other.name}` does not give `{name}`, which `{step.name}` does",
        _fallback_span(step),
        help=f"a fallback's outputs stand in for the failed step's: add `{name}` to the"
        f" `output` of `{other.name}`",
        labels=[Label(other.span, "the fallback")],
    )


def _fallback_span(step: StepInfo) -> Span:
    node = step.node.get("fallback_step") if step.node is not None else None
    return node.span() if node is not None else step.span


def check_written_output(checked: CheckedWorkflow, evaluator: Evaluator) -> None:
    """A property of the output schema that `spec.output` leaves out (a required one is
    reported as missing by the mapping's own check)."""
    spec = checked.document.root.get("spec")
    written = spec.get("output") if isinstance(spec, Mapping) else None
    ref = checked.output_type
    if not isinstance(written, Mapping) or ref is None:
        return
    wanted = definition(Named(ref.type), checked.types)
    if not isinstance(wanted, plan.ObjectType):
        return
    for name, declared in wanted.fields.items():
        if name not in written and not declared.required:
            evaluator.problem(
                MF6502,
                f"no step produces the output property `{name}`",
                written.span(),
                help=f"add `{name}:` to the mapping, or take it out of the output"
                " schema",
            )
