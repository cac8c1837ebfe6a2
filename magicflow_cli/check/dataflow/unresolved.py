"""What is said of a path that names nothing, or nothing that can be read here."""

from __future__ import annotations

from magicflow_cli.check.dataflow.scope import (
    ROOTS,
    Scope,
    item_variable,
    loops_around,
)
from magicflow_cli.check.fixes import for_segment
from magicflow_cli.check.model import CheckedWorkflow
from magicflow_cli.diagnostics import Code, Fix, Label, Report, Span
from magicflow_cli.diagnostics.codes import MF6101, MF6102
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.expr import ast
from magicflow_cli.load.nodes import Mapping
from magicflow_cli.plan import models as plan


class Unresolved:
    """Reports each problem once, however many places read the condition it is in."""

    def __init__(self, checked: CheckedWorkflow, report: Report) -> None:
        self._checked = checked
        self._report = report
        self._said: set[tuple[str, Span | None]] = set()

    def say(
        self,
        code: Code,
        message: str,
        span: Span | None,
        *,
        help: str,
        labels: list[Label] | None = None,
        fix: Fix | None = None,
    ) -> None:
        key = (message, span)
        if key not in self._said:
            self._said.add(key)
            self._report.add(
                code, message, span, help=help, labels=labels or [], fix=fix
            )

    def name(self, path: ast.Path, name: str, scope: Scope) -> None:
        """A first name that is neither a root nor a step."""
        variables = filter(None, map(item_variable, loops_around(scope.block)))
        root = suggest(name, [*ROOTS, *variables])
        if root is None or suggest(name, self._checked.steps) is not None:
            self.step(path, name, 0)
            return
        self.say(
            MF6101,
            f"there is no root and no step `{name}`",
            path.segments[0].span(),
            help=f"did you mean `$.{root}`?",
            fix=for_segment(path.segments[0], root),
        )

    def step(self, path: ast.Path, name: str, at: int) -> None:
        """The path's segment `at` should be a step, and there is none of that name."""
        near = suggest(name, self._checked.steps)
        labels = []
        if near is not None:
            labels.append(
                Label(self._checked.steps[near].span, f"`{near}` stands here")
            )
        self.say(
            MF6101,
            f"there is no step `{name}`",
            path.segments[at].span(),
            fix=for_segment(path.segments[at], near),
            help=(
                f"did you mean `{near}`?"
                if near
                else self._elsewhere(name)
                or "a path starts with a step's name or a root: "
                + ", ".join(f"`$.{root}`" for root in ("input", "steps", "execution"))
            ),
            labels=labels,
        )

    def _elsewhere(self, name: str) -> str | None:
        """How a condition or a field of the input is read that has the name."""
        spec = self._checked.document.root.get("spec")
        conditions = spec.get("conditions") if isinstance(spec, Mapping) else None
        if isinstance(conditions, Mapping) and name in conditions:
            return f"conditions are read as `$.conditions.{name}`"
        input_type = self._checked.input_type
        if input_type is None:
            return None
        shape = self._checked.types.get(input_type.type)
        if isinstance(shape, plan.ObjectType) and name in shape.fields:
            return f"the run's input is read as `$.input.{name}`"
        return None

    def not_here(self, path: ast.Path, root: str, scope: Scope) -> None:
        """A root that other places have."""
        self.say(
            MF6102,
            f"`$.{root}` cannot be read in {scope.where}",
            path.segments[0].span(),
            help=_WHERE.get(root, "only `$.input` and `$.metadata` are there"),
        )


_WHERE = {
    "item": "`$.item` is the item of a loop with `iterate_over`, in its steps, `while`"
    " and `collect`",
    "index": "`$.index` is the number of the iteration, inside a loop",
    "branches": "`$.branches` is there in the `output` of a parallel step; outside, read"
    " `$.<step>.<branch>`",
    "iterations": "`$.iterations` is there in the `output` of a loop; outside, read"
    " `$.<loop>.items`",
    "response": "`$.response` is what a step's work gave, in its own `output` mapping",
    "result": "`$.result` is what a step's work gave, in its own `output` mapping",
    "form": "`$.form` is what a person answered, in the `output` of a human task",
    "error": "`$.error` is there in handlers, fallbacks and rules; to look at another"
    " step's failure read `$.<step>.error`",
}
