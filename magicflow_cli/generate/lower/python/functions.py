"""The steps of a plan that call a function of an executor, as generated code has them."""

from __future__ import annotations

from dataclasses import dataclass

from magicflow_cli.generate.lower.python.annotations import BUILT_IN, NONE, name_of
from magicflow_cli.generate.lower.python.code import (
    Atom,
    Code,
    call,
    declaration,
    either,
    subscript,
)
from magicflow_cli.generate.lower.python.constants import member_of
from magicflow_cli.generate.lower.python.names import class_of, constant, function_of
from magicflow_cli.plan import models as plan


@dataclass(frozen=True, slots=True)
class StepFunction:
    """One step and its function. `input` and `output` are type expressions with the
    module `types` as `t`; `constant` and `member` are those of `constants.py`."""

    step: str
    constant: str
    member: str
    name: str
    executor: str
    function: str
    input: Code
    output: Code
    takes: plan.TypeRef
    gives: plan.TypeRef
    errors: dict[str, plan.FunctionError]
    description: str


def step_functions(document: plan.Plan) -> list[StepFunction]:
    """Every step whose function an executor runs, in the order of steps. HTTP requests
    are the server's own."""
    names = {name_of(each): id for id, each in document.types.items()}
    found: list[StepFunction] = []
    for name in document.presentation.step_order:
        step = document.steps[name]
        function = document.functions.get(step.function or "")
        if function is None or function.executor.startswith("@"):
            continue
        found.append(
            StepFunction(
                step=name,
                constant=constant("step", name),
                member=member_of(name),
                name=function_of(name),
                executor=function.executor,
                function=function.function,
                input=_step_type(document, names, name, "input", function.input),
                output=_step_type(document, names, name, "output", function.output),
                takes=function.input,
                gives=function.output,
                errors=function.errors,
                description=step.description or "",
            )
        )
    return found


def executors_of(functions: list[StepFunction]) -> dict[str, list[StepFunction]]:
    """Steps by executor, executors by name."""
    found: dict[str, list[StepFunction]] = {}
    for each in functions:
        found.setdefault(each.executor, []).append(each)
    return {name: found[name] for name in sorted(found)}


def type_from(module: str, ref: plan.TypeRef, types: dict[str, plan.TypeDef]) -> Code:
    """A reference to a type from another module, which knows `types` as `module`."""
    code = BUILT_IN.get(ref.type)
    if code is None:
        code = Atom(f"{module}.{name_of(types[ref.type])}")
    return either((code, NONE)) if ref.nullable and ref.type != "any" else code


def codec_of(type: Code, indent: str) -> str:
    """The statement that makes the codec of a type."""
    return declaration(
        "codec", subscript("mf.Codec", type), call("mf.Codec", type), indent
    )


def _step_type(
    document: plan.Plan,
    names: dict[str, str],
    step: str,
    direction: str,
    ref: plan.TypeRef,
) -> Code:
    """The type under the step's name, where `types.py` has it under that name."""
    name = class_of(step, direction)
    owner = names.get(name)
    if owner is None or (owner == ref.type and not ref.nullable):
        return Atom(f"t.{name}")
    return type_from("t", ref, document.types)
