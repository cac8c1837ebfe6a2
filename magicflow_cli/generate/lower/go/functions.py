"""The functions of executors that a plan calls, as generated code has them: one for each
step that calls one, and one for each that only undoes what steps did."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from magicflow_cli.generate.lower.go.names import go_name, method_of
from magicflow_cli.plan import models as plan
from magicflow_cli.plan.naming import name_of_type
from magicflow_cli.record import Value


class StepFunction(Value):
    """One step and its function, or a function that only compensations call: then `step`
    is the function's key in the plan, `svc/undo`, which is no name of a step. `taken` are
    the names of types that are not the step's to give: elsewhere its types have its name.
    """

    step: str
    is_step: bool
    method: str
    executor: str
    function: str
    takes: plan.TypeRef
    gives: plan.TypeRef
    errors: Mapping[str, plan.FunctionError]
    description: str
    taken: Collection[str]

    def type_name(self, direction: str, own: Mapping[str, str]) -> str:
        """The step's own name for what it takes or gives, "" where another type has
        that name."""
        if not self.is_step:
            return ""
        name = go_name(self.step, direction)
        ref = self.takes if direction == "input" else self.gives
        owner = own.get(name)
        return name if owner is None or (owner == ref.type and not ref.nullable) else ""


def step_functions(document: plan.Plan) -> list[StepFunction]:
    """Every step whose function an executor runs, in the order of steps. HTTP requests
    are the server's own."""
    taken = frozenset(type_owners(document))
    found: list[StepFunction] = []
    for name in document.presentation.step_order:
        step = document.steps[name]
        function = document.functions.get(step.function or "")
        if function is not None and not function.executor.startswith("@"):
            about = step.description or ""
            found.append(_made(name, True, method_of(name), function, about, taken))
    return found


def all_functions(document: plan.Plan) -> list[StepFunction]:
    """The functions of steps, and those that only compensations call, by key."""
    found = step_functions(document)
    taken = frozenset(type_owners(document))
    methods = {each.method for each in found}
    for key, function in sorted(document.functions.items()):
        if function.steps or function.executor.startswith("@"):
            continue
        method = method_of(function.function)
        while method in methods:
            method += "_"
        methods.add(method)
        about = "It undoes what a step did."
        found.append(_made(key, False, method, function, about, taken))
    return found


def _made(
    step: str,
    is_step: bool,
    method: str,
    function: plan.Function,
    description: str,
    taken: Collection[str],
) -> StepFunction:
    return StepFunction(
        step=step,
        is_step=is_step,
        method=method,
        executor=function.executor,
        function=function.function,
        takes=function.input,
        gives=function.output,
        errors=function.errors,
        description=description,
        taken=taken,
    )


def type_owners(document: plan.Plan) -> dict[str, str]:
    """Type ids by their names in Go."""
    return {name_of_type(each.name, "go"): id for id, each in document.types.items()}


def executors_of(functions: Iterable[StepFunction]) -> dict[str, list[StepFunction]]:
    """Steps by executor, executors by name."""
    found: dict[str, list[StepFunction]] = {}
    for each in functions:
        found.setdefault(each.executor, []).append(each)
    return {name: found[name] for name in sorted(found)}
