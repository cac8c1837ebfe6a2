"""The generated tests of an executor, with fakes of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from magicflow.types import TypeSet

from magicflow_cli.generate.lower.python.annotations import json_code
from magicflow_cli.generate.lower.python.code import (
    Atom,
    Bracket,
    Code,
    call,
    declaration,
    import_from,
    layout,
    subscript,
)
from magicflow_cli.generate.lower.python.examples import NOTHING, example_of
from magicflow_cli.generate.lower.python.functions import (
    StepFunction,
    codec_of,
    executors_of,
)
from magicflow_cli.generate.lower.python.names import (
    class_of,
    function_of,
    module_of,
)
from magicflow_cli.generate.lower.python.server_tests import (
    constant_tests,
    tested_module,
)
from magicflow_cli.generate.lower.python.sinks import string_literal
from magicflow_cli.generate.model import Options, Untrusted, View
from magicflow_cli.plan import models as plan
from magicflow_cli.record import Value

STEP = " " * 4


class FakeMethod(Value):
    name: str
    input: str
    output: str
    body: str


class Fake(Value):
    name: str
    use: str
    methods: tuple[FakeMethod, ...]


class ExecutorTestsView(Value):
    """`routes` and `strict` are whole statements."""

    workflow: Untrusted
    imports: tuple[str, ...]
    has_models: bool
    routes: str
    strict: str
    fakes: tuple[Fake, ...]


def executor_tests(
    document: plan.Plan, functions: list[StepFunction], types: TypeSet, options: Options
) -> Iterator[View]:
    """`tests/test_<workflow>_executor.py`."""
    yield constant_tests(document, options)
    if not functions:
        return
    module = tested_module(document, options)
    executor = class_of(document.workflow.name, "executor")
    strict = [each.step for each in functions if _is_class(document, each.takes)]
    fakes = tuple(
        Fake(
            class_of("fake", name),
            _use(name),
            tuple(_method(types, each) for each in steps),
        )
        for name, steps in executors_of(functions).items()
    )
    text = "".join(m.input + m.output + m.body for f in fakes for m in f.methods)
    yield View(
        f"tests/test_{module_of(document.workflow.name)}_executor.py",
        "tests/executor.py.j2",
        ExecutorTestsView(
            workflow=Untrusted(document.workflow.name),
            imports=(
                import_from(module, [Atom("types as t")]),
                import_from(f"{module}.executor", [Atom(f"{executor} as Executor")]),
                import_from(f"{module}.executor", [Atom("build_executor")]),
            ),
            has_models="mf." in text,
            routes=declaration(
                "ROUTES", subscript("list", Atom("Route")), _routes(functions, types)
            ),
            strict=declaration(
                "STRICT", subscript("list", Atom("str")), json_code(strict)
            ),
            fakes=fakes,
        ),
    )


def _use(executor: str) -> str:
    """The statement that takes the fake."""
    fake = Bracket(class_of("fake", executor), "(", ())
    return layout("", call(f"executor.use_{function_of(executor)}", fake), "", STEP)


def _is_class(document: plan.Plan, ref: plan.TypeRef) -> bool:
    """Whether a function with another type is refused for certain."""
    return isinstance(document.types.get(ref.type), plan.ObjectType)


def _routes(functions: list[StepFunction], types: TypeSet) -> Code:
    routes: list[Code] = []
    for each in functions:
        takes, gives = example_of(types, each.takes), example_of(types, each.gives)
        if takes is NOTHING or gives is NOTHING:
            continue
        values: dict[str, Any] = {
            "step": each.step,
            "executor": each.executor,
            "function": each.function,
            "takes": takes,
            "gives": gives,
        }
        routes.append(call("Route", **{k: json_code(v) for k, v in values.items()}))
    return Bracket("", "[", tuple(routes))


def _method(types: TypeSet, each: StepFunction) -> FakeMethod:
    indent = STEP * 2
    value = example_of(types, each.gives)
    if value is NOTHING:
        text = string_literal(f"{each.title} has no example")
        body = layout("raise ", call("NotImplementedError", Atom(text)), "", indent)
    else:
        given = call("codec.from_json", json_code(value))
        body = "\n".join(
            [codec_of(each.output, indent), layout("return ", given, "", indent)]
        )
    return FakeMethod(
        name=each.name,
        input=layout("input: ", each.input, ",", indent),
        output=layout(") -> ", each.output, ":", STEP),
        body=body,
    )
