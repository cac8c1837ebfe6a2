"""The functions of executors that a plan calls, as generated code has them: one for each
step that calls one, and one for each that only undoes what steps did."""

from __future__ import annotations

from magicflow_cli.generate.lower.python.annotations import BUILT_IN, NONE, name_of
from magicflow_cli.generate.lower.python.code import (
    Atom,
    Code,
    call,
    declaration,
    either,
    subscript,
)
from magicflow_cli.generate.lower.python.constants import compensations, member_of
from magicflow_cli.generate.lower.python.names import class_of, constant, function_of
from magicflow_cli.generate.lower.python.sinks import string_literal
from magicflow_cli.plan import models as plan
from magicflow_cli.record import Value


class StepFunction(Value):
    """One step and its function, or a function that only compensations call: then `step`
    is the function's key in the plan, `svc/undo`, which is no name of a step.

    `input` and `output` are type expressions with the module `types` as `t`; `constant`
    is that of `constants.py`, `literal` the value that a `Literal` takes; `owner` has
    given the types their names, `title` tells people which function it is."""

    step: str
    constant: str
    literal: Code
    name: str
    owner: str
    title: str
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
            _made(
                function,
                owner=name,
                step=name,
                constant=constant("step", name),
                literal=Atom(f"c.Step.{member_of(name)}"),
                title=f"step `{name}`",
                description=step.description or "",
                input=_step_type(document, names, name, "input", function.input),
                output=_step_type(document, names, name, "output", function.output),
            )
        )
    return found


def all_functions(document: plan.Plan) -> list[StepFunction]:
    """The functions of steps, and those that only compensations call, by key."""
    found = step_functions(document)
    taken = {each.name for each in found}
    for key in compensations(document):
        function = document.functions[key]
        made = _made(
            function,
            owner=function.function,
            step=key,
            constant=constant("compensation", key),
            literal=Atom(string_literal(key)),
            title=f"compensation `{function.function}`",
            description="It undoes what a step did.",
            input=type_from("t", function.input, document.types),
            output=type_from("t", function.output, document.types),
        )
        while made.name in taken:
            made = made.but(name=f"{made.name}_")
        taken.add(made.name)
        found.append(made)
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


def _made(
    function: plan.Function,
    *,
    owner: str,
    step: str,
    constant: str,
    literal: Code,
    title: str,
    description: str,
    input: Code,
    output: Code,
) -> StepFunction:
    return StepFunction(
        step=step,
        constant=constant,
        literal=literal,
        name=function_of(owner),
        owner=owner,
        title=title,
        executor=function.executor,
        function=function.function,
        input=input,
        output=output,
        takes=function.input,
        gives=function.output,
        errors=function.errors,
        description=description,
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
