"""Types of functions that no context declares: inputs from the mappings, outputs from
the uses."""

from __future__ import annotations

from collections.abc import Iterable

from magicflow_cli.check.dataflow.declare import escaped, undo_function
from magicflow_cli.check.dataflow.holes import Holes
from magicflow_cli.check.dataflow.materialise import Materialiser, Names
from magicflow_cli.check.dataflow.outcomes import (
    ERROR,
    NO_OUTPUTS,
    Outcomes,
    function_key,
)
from magicflow_cli.check.dataflow.scope import item_variable, loops_around
from magicflow_cli.check.dataflow.typed import (
    ANY,
    ObjectOf,
    Typed,
    definition,
    either,
    of,
    settled,
    worse,
)
from magicflow_cli.check.model import CheckedWorkflow, FunctionInfo, StepInfo
from magicflow_cli.check.types import TypeTable
from magicflow_cli.diagnostics import Label, Report, Span
from magicflow_cli.diagnostics.codes import MF6401
from magicflow_cli.load.nodes import Mapping
from magicflow_cli.plan import models as plan

_SHOWN = 8
"""How many functions one warning names."""


def link_fallbacks(checked: CheckedWorkflow, holes: Holes) -> None:
    """A fallback's outputs stand in for the failed step's: what is read of one must
    come from the other too."""
    for step in checked.steps.values():
        other = step.fallback
        if other is None or not _plain(checked, step) or not _plain(checked, other):
            continue
        links = holes.links.setdefault(function_key(step), [])
        if function_key(other) not in (function_key(step), *links):
            links.append(function_key(other))


def _plain(checked: CheckedWorkflow, step: StepInfo) -> bool:
    """A call of an undeclared function without an output mapping."""
    info = checked.functions.get(function_key(step))
    mapped = step.node is not None and "output" in step.node
    return info is not None and not info.output_declared and not mapped


class Inference:
    def __init__(
        self,
        checked: CheckedWorkflow,
        table: TypeTable,
        holes: Holes,
        outcomes: Outcomes,
        written: dict[StepInfo, Typed],
        undo_written: dict[StepInfo, Typed],
    ) -> None:
        self.checked = checked
        self.outcomes = outcomes
        self.written = written
        self.undo_written = undo_written
        self.rescued: dict[StepInfo, list[StepInfo]] = {}
        for step in checked.steps.values():
            if step.fallback is not None:
                self.rescued.setdefault(step.fallback, []).append(step)
        self.undone: dict[tuple[str, str], list[StepInfo]] = {}
        for step in checked.steps.values():
            undo = undo_function(checked, step)
            if undo is not None:
                self.undone.setdefault(undo, []).append(step)
        self.workflow = checked.workflow.metadata.name
        self.materialiser = Materialiser(
            table,
            holes,
            self._output_names,
            Names(f"{self.workflow}#/inferred/error", [self.workflow, "error"]),
        )

    def run(self) -> None:
        """Fill the functions' types, `step_inputs` and `step_outputs`."""
        checked = self.checked
        for key, info in checked.functions.items():
            if not info.output_declared:
                info.output = self.materialiser.function_output(key)
        for step in checked.steps.values():
            self._output(step)
        for key, info in checked.functions.items():
            if not info.input_declared:
                value = _merged(self._inputs(info), checked)
                names = self._names(key, "input")
                info.input = self.materialiser.ref(value, names)
        for step in checked.steps.values():
            called = checked.functions.get(function_key(step))
            if step.type == "function" and called is not None:
                checked.step_inputs[step.name] = called.input

    def _output(self, step: StepInfo) -> None:
        info = self.checked.functions.get(function_key(step))
        mapped = step.node is not None and "output" in step.node
        if step.type == "function" and info is not None and not mapped:
            self.checked.step_outputs[step.name] = info.output
            return
        if step.type in NO_OUTPUTS:
            return
        words = [step.name, "mapped", "output"]
        if step.type != "function":
            words.remove("mapped")
        id = f"{self.workflow}#/steps/{escaped(step.name)}/output"
        names = Names(id, words, step.span)
        value = self.outcomes.output(step)
        self.checked.step_outputs[step.name] = self.materialiser.ref(value, names)

    # -- names

    def _output_names(self, key: str) -> Names:
        return self._names(key, "output")

    def _names(self, key: str, side: str) -> Names:
        info = self.checked.functions[key]
        call = f"{escaped(info.executor)}/{escaped(info.function)}"
        id = f"{self.workflow}#/inferred/{call}/{side}"
        if info.steps:
            first = info.steps[0]
            return Names(id, [first.name, side], first.span)
        # no step is named after it: a compensation, of which executors may have one each
        undone = self._undone_by(info)
        span = undone[0].span if undone else None
        return Names(id, [info.executor, info.function, side], span)

    # -- inputs

    def _inputs(self, info: FunctionInfo) -> list[Typed]:
        """What each call of the function is given."""
        found = [self._input_of(step, frozenset()) for step in info.steps]
        found.extend(self._undo_input(step) for step in self._undone_by(info))
        return found

    def _undone_by(self, info: FunctionInfo) -> list[StepInfo]:
        return self.undone.get((info.executor, info.function), [])

    def default_inputs(self, info: FunctionInfo) -> list[tuple[StepInfo, Typed]]:
        """What the calls without a mapping are given, by step."""
        found = [
            (step, self._input_of(step, frozenset()))
            for step in info.steps
            if step not in self.written
        ]
        found.extend(
            (step, self._undo_input(step))
            for step in self._undone_by(info)
            if step not in self.undo_written
        )
        return found

    def _input_of(self, step: StepInfo, seen: frozenset[StepInfo]) -> Typed:
        if step in self.written:
            return self.written[step]
        if step in seen:
            return ANY
        if step.role == "fallback":  # the failed step's mapped input
            failed = self.rescued.get(step)
            if not failed:
                return self._default(step)
            inputs = [self._input_of(s, seen | {step}) for s in failed]
            return _merged(inputs, self.checked)
        if step.role == "handler":
            members = (("input", self._default(step)), ("error", ERROR))
            return Typed(ObjectOf(members))
        return self._default(step)

    def _default(self, step: StepInfo) -> Typed:
        """The run's input, in a loop's body with the items."""
        ref = self.checked.input_type
        run_input = of(ref) if ref is not None else ANY
        items: dict[str, Typed] = {}
        for loop in reversed(loops_around(step.block)):
            variable = item_variable(loop)
            if variable is not None:
                items[variable] = self.outcomes.loop_item(loop)
        if not items:
            return run_input
        members = dict(expanded(run_input, self.checked) or ())
        members.update(items)
        return Typed(ObjectOf(tuple(members.items()), open=True))

    def _undo_input(self, step: StepInfo) -> Typed:
        if step in self.undo_written:
            return self.undo_written[step]
        output = self.outcomes.output(step).but(absent="maybe")
        given = self._input_of(step, frozenset())
        return Typed(ObjectOf((("input", given), ("output", output))))


def expanded(
    value: Typed, checked: CheckedWorkflow
) -> Iterable[tuple[str, Typed]] | None:
    """The members of an object; None for anything else."""
    value = settled(value, checked.types)
    if isinstance(value.form, ObjectOf):
        return value.form.members
    defined = definition(value.form, checked.types)
    if not isinstance(defined, plan.ObjectType):
        return None
    return [
        (name, of(field.type).but(absent="" if field.required else "optional"))
        for name, field in defined.fields.items()
    ]


_MOST_MERGED = 64
"""With how many different inputs of one function another one is compared."""


def _merged(inputs: list[Typed], checked: CheckedWorkflow) -> Typed:
    """A type that all the inputs fit."""
    if len(inputs) == 1:
        return inputs[0]
    distinct: list[Typed] = []
    for value in inputs:
        if value not in distinct[:_MOST_MERGED]:
            distinct.append(value)
    if len(distinct) == 1:
        return distinct[0]
    parts = [expanded(value, checked) for value in distinct]
    if not parts or any(part is None for part in parts):
        return ANY
    members: dict[str, list[Typed]] = {}
    for part in parts:
        for name, value in part or ():
            members.setdefault(name, []).append(value)
    merged: list[tuple[str, Typed]] = []
    for name, values in members.items():
        value = either(values)
        if len(values) < len(parts):
            value = value.but(absent=worse(value.absent, "maybe"))
        merged.append((name, value))
    return Typed(ObjectOf(tuple(merged)))


def warn_untyped(checked: CheckedWorkflow, report: Report) -> None:
    """One warning for all functions whose outputs neither a schema nor a use tells."""
    untyped = [
        info
        for info in checked.functions.values()
        if not info.output_declared and info.output.type == "any" and info.steps
    ]
    if not untyped:
        return
    first = untyped[0].steps[0]
    names = ", ".join(f"`{info.function}`" for info in untyped[:_SHOWN])
    if len(untyped) > _SHOWN:
        names += f" and {len(untyped) - _SHOWN} more"
    plural = len(untyped) > 1
    report.add(
        MF6401,
        f"the outputs of {names} are untyped: nothing declares or reads them",
        _call_span(first),
        help="declare them in the context: `functions:` → "
        f"`{untyped[0].function}: {{output_schema: …}}`"
        + (", and so on" if plural else ""),
        labels=[
            Label(info.steps[0].span, f"calls `{info.function}`")
            for info in untyped[1:_SHOWN]
        ],
    )


def _call_span(step: StepInfo) -> Span:
    node = step.node.get("function") if isinstance(step.node, Mapping) else None
    return node.span() if node is not None else step.span
