"""What each place wants of its value: true or false, a list, a function's input."""

from __future__ import annotations

from magicflow_cli.check.dataflow.declare import undo_function
from magicflow_cli.check.dataflow.evaluate import Evaluator
from magicflow_cli.check.dataflow.fit import Fit
from magicflow_cli.check.dataflow.members import item
from magicflow_cli.check.dataflow.outcomes import function_key
from magicflow_cli.check.dataflow.sites import Site
from magicflow_cli.check.dataflow.typed import (
    STRING,
    Hole,
    Typed,
    describe,
    kinds,
    of,
)
from magicflow_cli.check.model import CheckedWorkflow, FunctionInfo, StepInfo
from magicflow_cli.diagnostics import Label
from magicflow_cli.diagnostics.codes import MF6305, MF6306
from magicflow_cli.load.nodes import Scalar
from magicflow_cli.plan import models as plan


class Purposes:
    def __init__(self, checked: CheckedWorkflow, evaluator: Evaluator) -> None:
        self.checked = checked
        self.evaluator = evaluator

    def check(self, site: Site, value: Typed) -> None:
        """Compare a site's type with what its purpose wants."""
        expr = self.checked.values[site.node]
        match site.purpose:
            case "test":
                self.evaluator.test(expr, value)
            case "list":
                self._check_list(expr, value)
            case "date-time":
                self._check_text(expr, value, "a date-time")
            case "input":
                self._check_input(site, expr, value)
            case "compensation":
                self._check_input(site, expr, value)
            case "run-output" if self.checked.output_type is not None:
                fit = Fit(self.evaluator, "the run's output")
                fit.check(expr, value, of(self.checked.output_type))
            case "trigger-input" if self.checked.input_type is not None:
                fit = Fit(self.evaluator, "the run's input")
                fit.check(expr, value, of(self.checked.input_type))
            case "data" if site.key == "data":
                self._check_event(site, expr, value)

    def _check_list(self, expr: plan.Expr, value: Typed) -> None:
        if item(value, self.checked.types) is None:
            self.evaluator.problem(
                MF6305,
                f"a loop needs a list, and this is {describe(value, self.checked.types)}",
                self.evaluator.origins.span(expr),
                help="name a list; the values of an object are `values(…)`",
            )

    def _check_text(self, expr: plan.Expr, value: Typed, what: str) -> None:
        if isinstance(value.form, Hole):
            self.evaluator.holes.hint(value.form, STRING)
        elif not kinds(value, self.checked.types) & {"string"}:
            self.evaluator.problem(
                MF6306,
                f"`until` needs {what}, and this is"
                f" {describe(value, self.checked.types)}",
                self.evaluator.origins.span(expr),
                help="write `2030-01-31T09:00:00Z`, or read a string of that form",
            )

    def _check_input(self, site: Site, expr: plan.Expr, value: Typed) -> None:
        step = site.scope.step
        if step is None:
            return
        info = self._function_of(site, step)
        if info is None or not info.input_declared:
            return
        span = self.checked.type_spans.get(info.input.type)
        fit = Fit(
            self.evaluator,
            f"the input of `{info.function}`",
            Label(span, "declared here") if span is not None else None,
            site.node.span(),
        )
        fit.check(expr, value, of(info.input))

    def _function_of(self, site: Site, step: StepInfo) -> FunctionInfo | None:
        if site.purpose == "input":
            return self.checked.functions.get(function_key(step))
        undo = undo_function(self.checked, step)
        return self.checked.functions.get("/".join(undo)) if undo is not None else None

    def _check_event(self, site: Site, expr: plan.Expr, value: Typed) -> None:
        step = site.scope.step
        name = step.node.get("event") if step is not None and step.node else None
        event = self.checked.events.get(name.text) if isinstance(name, Scalar) else None
        if event is not None:
            fit = Fit(self.evaluator, f"the data of event `{event.name}`")
            fit.check(expr, value, of(event.type))
