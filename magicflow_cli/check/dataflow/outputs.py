"""The run's output: `spec.output`, or the default mapping written out."""

from __future__ import annotations

from dataclasses import dataclass

from magicflow_cli.check.dataflow.defaults import path
from magicflow_cli.check.dataflow.evaluate import Evaluator
from magicflow_cli.check.dataflow.members import Missing, member
from magicflow_cli.check.dataflow.outcomes import NO_OUTPUTS, Outcomes
from magicflow_cli.check.dataflow.typed import (
    Hole,
    Named,
    Typed,
    definition,
    describe,
    kinds,
    of,
)
from magicflow_cli.check.flow import Flow, enclosing_blocks
from magicflow_cli.check.model import CheckedWorkflow, StepInfo
from magicflow_cli.diagnostics import Span
from magicflow_cli.diagnostics.codes import MF6501, MF6502
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.load.nodes import Mapping
from magicflow_cli.plan import models as plan


@dataclass(slots=True, eq=False, repr=False)
class DefaultOutput:
    """Each property of the output schema from the completed step latest in document
    order among main-line and branch steps that has it; without an output schema the
    output of the latest completed main-line step."""

    checked: CheckedWorkflow
    flow: Flow
    outcomes: Outcomes
    evaluator: Evaluator

    def build(self) -> plan.Expr:
        """The expression; uses of undeclared functions leave their hints."""
        ref = self.checked.output_type
        types = self.checked.types
        wanted = definition(Named(ref.type), types) if ref is not None else None
        if ref is None or not isinstance(wanted, plan.ObjectType):
            return self._whole(ref if wanted is not None else None)
        members: dict[str, plan.Expr] = {}
        fields = wanted.fields
        for name, declared in fields.items():
            sources = [s for s in self._candidates() if self._has(s, name, declared)]
            if sources:
                paths = [path("step", name, name=step.name) for step in sources]
                members[name] = _either(paths)
            self._check_produced(name, declared, sources)
        return plan.ObjectExpr(members=members)

    def _whole(self, ref: plan.TypeRef | None) -> plan.Expr:
        line = [s for s in reversed(self.checked.root.main_line) if self._gives(s)]
        for step in line if ref is not None else ():
            form = self.outcomes.output(step).form
            if isinstance(form, Hole) and ref is not None:
                self.evaluator.holes.hint(form, of(ref))
        if not line:
            return plan.LitExpr(value=None)
        return _either([path("step", name=step.name) for step in line])

    def _candidates(self) -> list[StepInfo]:
        """Steps that can complete, latest in document order first."""
        return [
            step
            for step in reversed(list(self.checked.steps.values()))
            if self._gives(step) and on_main_line(step)
        ]

    def _gives(self, step: StepInfo) -> bool:
        return step.type not in NO_OUTPUTS and step in self.flow.before

    def _has(self, step: StepInfo, name: str, declared: plan.Field) -> bool:
        """Whether the step's outputs can have the property. An undeclared function can
        have any: that makes it an optional field of the function's type."""
        found = self.outcomes.output(step)
        if found.form in (Named("any"), Named("object")):
            return True
        part = member(found, name, self.checked.types)
        if isinstance(part, Missing):
            return False
        if isinstance(part.form, Hole):
            self.evaluator.holes.hint(part.form, of(declared.type))
        return True

    def _check_produced(
        self, name: str, declared: plan.Field, sources: list[StepInfo]
    ) -> None:
        where = self._place(name)
        if not sources:
            known = self._known_names()
            near = suggest(name, known)
            self.evaluator.problem(
                MF6501 if declared.required else MF6502,
                f"no step produces the output property `{name}`",
                where,
                help=(f"a step gives `{near}`: did you mean that? " if near else "")
                + "map it under `output:` of the workflow's `spec`, or let a step give"
                " an output field of that name",
            )
            return
        types = self.checked.types
        if declared.required and not any(self._surely(s, name) for s in sources):
            self.evaluator.problem(
                MF6502,
                f"nothing says which step produces the required output `{name}`",
                where,
                help="only functions without a declared output could give it: map it"
                " under `output:` of the workflow's `spec`, or declare the function's"
                " `output_schema`",
            )
            return
        fitting = [s for s in sources if self._fits(s, name, declared)]
        if not fitting:
            step = sources[0]
            part = member(self.outcomes.output(step), name, types)
            assert isinstance(part, Typed)
            self.evaluator.problem(
                MF6501 if declared.required else MF6502,
                f"the output property `{name}` must be"
                f" {describe(of(declared.type), types)}, and `{step.name}`"
                f" gives {describe(part, types)}",
                where,
                help=f"map it under `output:` of the workflow's `spec`:"
                f" `{name}: $.<step>.<field>`",
            )

    def _fits(self, step: StepInfo, name: str, declared: plan.Field) -> bool:
        types = self.checked.types
        part = member(self.outcomes.output(step), name, types)
        if isinstance(part, Missing):
            return False
        found = kinds(part.sure, types) - {"null"}
        return not found or bool(found & kinds(of(declared.type), types))

    def _known_names(self) -> list[str]:
        found: list[str] = []
        for step in self._candidates():
            form = self.outcomes.output(step).form
            members = getattr(form, "members", ())
            found.extend(name for name, _ in members)
            defined = definition(form, self.checked.types)
            if isinstance(defined, plan.ObjectType):
                found.extend(defined.fields)
        return found

    def _surely(self, step: StepInfo, name: str) -> bool:
        """Whether a schema or a mapping says that the step gives the property."""
        found = self.outcomes.output(step)
        return not isinstance(found.form, Hole) and found.form != Named("any")

    def _place(self, name: str) -> Span | None:
        """Where the output schema declares the property."""
        context = self.checked.context_document
        for document in (self.checked.document, context):
            spec = document.root.get("spec") if document is not None else None
            schema = spec.get("output_schema") if isinstance(spec, Mapping) else None
            if not isinstance(schema, Mapping):
                continue
            properties = schema.get("properties")
            if isinstance(properties, Mapping) and name in properties:
                return properties.entries[name].key.span()
            return schema.span()
        return self.checked.root.span


def on_main_line(step: StepInfo) -> bool:
    """A main-line or branch step: no handler, rule step or step of a loop, and not
    inside one."""
    for block in enclosing_blocks(step.block):
        if block.kind in ("loop", "rule"):
            return False
        if block.owner is not None and block.owner.role != "main":
            return False
    return step.role == "main"


def _either(paths: list[plan.PathExpr]) -> plan.Expr:
    """The first of the paths that selects something, else nothing: `either` is a
    function of the plan that the language does not have."""
    if len(paths) == 1:
        return paths[0]
    return plan.CallExpr(function="either", args=list(paths))
