"""The target `executor`: routes from steps to functions, and a stub for every step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from magicflow.types import TypeSet

from magicflow_cli.generate.document import indented, plan_json
from magicflow_cli.generate.files import FileClass, text_digest
from magicflow_cli.generate.lower.python.annotations import json_code
from magicflow_cli.generate.lower.python.code import (
    Atom,
    Bracket,
    Code,
    call,
    declaration,
    flat,
    import_from,
    layout,
    subscript,
)
from magicflow_cli.generate.lower.python.examples import NOTHING, example_of, type_set
from magicflow_cli.generate.lower.python.executor_tests import executor_tests
from magicflow_cli.generate.lower.python.functions import (
    StepFunction,
    all_functions,
    codec_of,
    executors_of,
)
from magicflow_cli.generate.lower.python.names import (
    class_of,
    constant,
    folder_of,
    function_of,
)
from magicflow_cli.generate.lower.python.scenario_tests import scenario_tests
from magicflow_cli.generate.lower.python.sinks import string_literal
from magicflow_cli.generate.model import Options, Untrusted, View
from magicflow_cli.plan import models as plan
from magicflow_cli.record import Value

STEP = " " * 4


class Registration(Value):
    """Two parameters with their types."""

    step: str
    function: str


class Method(Value):
    """`input` is the parameter, `output` the end of the signature."""

    name: str
    input: str
    output: str
    doc: Untrusted


class Handlers(Value):
    """One executor: the protocol of its handlers, and the method that takes them."""

    head: str
    executor: Untrusted
    use: str
    registrations: tuple[str, ...]
    methods: tuple[Method, ...]


class ExecutorView(Value):
    """`signatures` and what is in `built` are whole statements; `head` and `build` are
    the first lines of the class and of `build_executor`."""

    workflow: Untrusted
    name: str
    head: str
    build: str
    typing: tuple[str, ...]
    worker: tuple[str, ...]
    base_import: str
    has_models: bool
    signatures: str
    registrations: tuple[Registration, ...]
    handlers: tuple[Handlers, ...]
    built: tuple[str, ...]


class StepsView(Value):
    modules: str
    all: str


class StepView(Value):
    """A stub. `body` are its last statements."""

    doc: Untrusted
    description: Untrusted | None
    name: str
    has_models: bool
    has_types: bool
    types: str
    input: str
    output: str
    warning: str
    body: str


def lower(document: plan.Plan, options: Options) -> Iterator[View]:
    """The files of the target for one workflow."""
    folder = folder_of(document.workflow.name, options)
    functions = all_functions(document)
    yield View(
        f"{folder}executor.py",
        "executor/executor.py.j2",
        _executor(document, functions),
    )
    modules = [Atom(name) for name in sorted(each.name for each in functions)]
    names = tuple(string_literal(each.text) for each in modules)
    yield View(
        f"{folder}steps/__init__.py",
        "executor/steps.py.j2",
        StepsView(
            import_from(".", modules) if modules else "",
            (
                layout("__all__ = ", Bracket("", "[", tuple(map(Atom, names))))
                if names
                else ""
            ),
        ),
    )
    types = type_set(document)
    for each in functions:
        stub = _stub(document, each, types)
        yield View(
            f"{folder}steps/{each.name}.py",
            "executor/step.py.j2",
            stub,
            kind=FileClass.STUB,
            signature=text_digest(_signature(each)),
        )
    yield from executor_tests(document, functions, types, options)
    if functions:
        yield View(f"{folder}plan.json", content=indented(plan_json(document)))
        yield scenario_tests(document, options)


def _executor(document: plan.Plan, functions: list[StepFunction]) -> ExecutorView:
    executors = executors_of(functions)
    handlers = tuple(_handlers(name, steps) for name, steps in executors.items())
    typing = ["Literal", "Protocol"] if functions else []
    if len(functions) > 1:
        typing.append("overload")
    base = ["Answer", "StepFunction"] if functions else []
    base += ["WorkflowExecutor", *(["describe"] if functions else [])]
    code = [each for f in functions for each in (flat(f.input), flat(f.output))]
    name = class_of(document.workflow.name, "executor")
    return ExecutorView(
        workflow=Untrusted(document.workflow.name),
        name=name,
        head=_head(name, "WorkflowExecutor"),
        build=_build(name),
        typing=tuple(typing),
        worker=("Signature", "TaskContext") if functions else ("Signature",),
        base_import=import_from("magicflow.worker.executor", map(Atom, base)),
        has_models=any("mf." in each for each in code),
        signatures=_signatures(executors),
        registrations=tuple(_registration(each) for each in functions),
        handlers=handlers,
        built=tuple(
            _register(each, "executor", f"steps.{each.name}.{each.name}", STEP)
            for each in functions
        ),
    )


def _head(name: str, base: str) -> str:
    """The first line of a class."""
    return layout("", call(f"class {name}", Atom(base)), ":")


def _build(name: str) -> str:
    """The first line of `build_executor`."""
    line = f"def build_executor() -> {name}:"
    return line if len(line) <= 88 else f"def build_executor() -> (\n    {name}\n):"


def _signatures(executors: dict[str, list[StepFunction]]) -> str:
    type = subscript(
        "dict", Atom("str"), subscript("dict", Atom("str"), Atom("Signature"))
    )
    table: list[tuple[str, Code]] = []
    for executor, functions in executors.items():
        steps: list[tuple[str, Code]] = [
            (
                f"c.{each.constant}",
                call(
                    "describe",
                    Atom(f"c.{constant('function', each.function)}"),
                    each.input,
                    each.output,
                ),
            )
            for each in functions
        ]
        table.append(
            (f"c.{constant('executor', executor)}", Bracket("", "{", (), tuple(steps)))
        )
    return declaration("SIGNATURES", type, Bracket("", "{", (), tuple(table)))


def _registration(each: StepFunction) -> Registration:
    type = subscript("StepFunction", each.input, each.output)
    step = subscript("Literal", each.literal)
    return Registration(
        layout("step: ", step, ",", STEP * 2),
        layout("function: ", type, ",", STEP * 2),
    )


def _register(each: StepFunction, target: str, function: str, indent: str) -> str:
    head = f"{target}.register_function"
    return layout(
        "", call(head, Atom(f"c.{each.constant}"), Atom(function)), "", indent
    )


def _handlers(executor: str, functions: list[StepFunction]) -> Handlers:
    name = class_of(executor, "handlers")
    use = f"    def use_{function_of(executor)}(self, handlers: {name}) -> None:"
    if len(use) > 88:
        head, _, rest = use.partition("(")
        inner = rest.removesuffix(") -> None:")
        if len(inner) > 80:
            inner = inner.replace(", ", ",\n        ") + ","
        use = f"{head}(\n        {inner}\n    ) -> None:"
    return Handlers(
        head=_head(name, "Protocol"),
        executor=Untrusted(executor),
        use=use,
        registrations=tuple(
            _register(each, "self", f"handlers.{each.name}", STEP * 2)
            for each in functions
        ),
        methods=tuple(
            Method(
                each.name,
                layout("input: ", each.input, ",", STEP * 2),
                layout(") -> ", subscript("Answer", each.output), ":", STEP),
                Untrusted(_told(each)),
            )
            for each in functions
        ),
    )


def _told(each: StepFunction) -> str:
    told = f"{_titled(each)}: `{each.function}`."
    return f"{told}\n\n{each.description}" if each.description.strip() else told


def _titled(each: StepFunction) -> str:
    return each.title[0].upper() + each.title[1:]


def _stub(document: plan.Plan, each: StepFunction, types: TypeSet) -> StepView:
    names = {
        "input": class_of(each.owner, "input"),
        "output": class_of(each.owner, "output"),
    }
    imported: list[str] = []
    code: dict[str, Code] = {"input": each.input, "output": each.output}
    for direction, name in names.items():
        if code[direction] == Atom(f"t.{name}"):
            code[direction] = Atom(name)
            imported.append(name)
    text = flat(code["input"]) + flat(code["output"])
    value = example_of(types, each.gives)
    if value is not NOTHING:
        body = _returned(document, each, code["output"], value)
    else:
        problem = string_literal(f"write {each.title}: it has no example")
        body = layout("raise ", call("NotImplementedError", Atom(problem)), "", STEP)
    warning = string_literal(f"{each.title} is a stub: it returns an example")
    return StepView(
        doc=Untrusted(
            f"{_titled(each)}: the function `{each.function}` of the executor"
            f" `{each.executor}`.\n\n"
            "This file is yours: magic-flow wrote it once and leaves it alone."
        ),
        description=Untrusted(each.description) if each.description.strip() else None,
        name=each.name,
        has_models="mf." in text or "mf." in body,
        has_types="t." in text.replace("mf.", ""),
        types=import_from("..types", map(Atom, sorted(imported))) if imported else "",
        input=layout("input: ", code["input"], ",", STEP),
        output=layout(") -> ", code["output"], ":"),
        warning=layout("", call("context.logger.warning", Atom(warning)), "", STEP),
        body=body,
    )


def _returned(document: plan.Plan, each: StepFunction, type: Code, value: Any) -> str:
    """The statement that returns a value of a step's output."""
    literal = json_code(value)
    definition = document.types.get(each.gives.type)
    if isinstance(definition, plan.ObjectType) and not each.gives.nullable:
        return layout("return ", call(f"{flat(type)}.from_json", literal), "", STEP)
    if each.gives.type in ("any", "null"):
        return layout("return ", literal, "", STEP)
    codec = codec_of(type, STEP)
    return f"{codec}\n{layout('return ', call('codec.from_json', literal), '', STEP)}"


def _signature(each: StepFunction) -> str:
    """What a stub has to agree with: the function, and the names of its types."""
    return f"{each.executor}/{each.function}({flat(each.input)}) -> {flat(each.output)}"
