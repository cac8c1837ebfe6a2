"""The target `executor`: routes from steps to functions, an interface per executor, and
a stub for every step."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from magicflow.canonical import canonical
from magicflow.types import NoExample, TypeSet, example

from magicflow_cli.generate.files import FileClass, text_digest
from magicflow_cli.generate.lower.go.functions import (
    StepFunction,
    all_functions,
    executors_of,
    type_owners,
)
from magicflow_cli.generate.lower.go.names import (
    Scope,
    file_of,
    go_name,
    module_of,
    package_of,
)
from magicflow_cli.generate.lower.go.references import References
from magicflow_cli.generate.lower.go.scenario_tests import scenario_tests
from magicflow_cli.generate.lower.go.sinks import doc, string_literal
from magicflow_cli.generate.model import Options, Untrusted, View
from magicflow_cli.plan import models as plan
from magicflow_cli.plan.serial import to_json
from magicflow_cli.record import Value


class Method(Value):
    """`input` and `output` are types, behind a pointer where they are structs."""

    name: str
    constant: str
    input: str
    output: str
    doc: str


class Handlers(Value):
    """One executor: the interface of its handlers."""

    name: str
    use: str
    executor: Untrusted
    methods: tuple[Method, ...]


class ExecutorView(Value):
    """`routes` are expressions; `workflow_import` is the path of the types' package,
    whose name is `package`."""

    workflow: Untrusted
    package: str
    workflow_import: str
    own: str
    needs_context: bool
    needs_codecs: bool
    handlers: tuple[Handlers, ...]
    routes: tuple[str, ...]


class StepView(Value):
    """A stub. `result` is the expression that it returns."""

    doc: str
    name: str
    step: str
    package: str
    workflow_import: str
    needs_types: bool
    needs_runtime: bool
    input: str
    output: str
    result: str


class StepsView(Value):
    package: str
    executor_import: str
    uses: tuple[str, ...]
    workflow: Untrusted


class Route(Value):
    """A line of the generated tests: JSON texts of examples, "" where there are none."""

    step: str
    executor: str
    takes: str
    gives: str


class TestsView(Value):
    workflow: Untrusted
    package: str
    workflow_import: str
    fakes: tuple[tuple[str, str], ...]
    routes: tuple[Route, ...]
    methods: tuple[Method, ...]
    results: tuple[str, ...]
    needs_types: bool
    needs_runtime: bool


def lower(document: plan.Plan, options: Options) -> Iterator[View]:
    """The files of the target for one workflow."""
    made = _Executor(document, options)
    folder = made.package
    yield View(
        f"{folder}/executor/executor_gen.go", "executor/executor.go.j2", made.view()
    )
    if made.functions:
        tests = View(
            f"{folder}/executor/executor_gen_test.go",
            "executor/tests.go.j2",
            made.tests(),
        )
        yield tests
        yield from scenario_tests(document, options)
    steps = StepsView(
        folder,
        f"{made.module}/{folder}/executor",
        tuple(each.use for each in made.handlers()),
        Untrusted(document.workflow.name),
    )
    yield View(
        f"{folder}/steps/steps.go", "executor/steps.go.j2", steps, kind=FileClass.ONCE
    )
    yield View(f"{folder}/steps/executor_gen.go", "executor/build.go.j2", steps)
    for each, stub in zip(made.functions, made.stubs, strict=True):
        yield View(
            f"{folder}/steps/{_file(each)}",
            "executor/step.go.j2",
            stub,
            kind=FileClass.STUB,
            signature=text_digest(f"{stub.name} {stub.input} {stub.output}"),
        )


class _Executor:
    def __init__(self, document: plan.Plan, options: Options) -> None:
        self.document = document
        self.module = module_of(options)
        self.package = package_of(document.workflow.name)
        self.functions = all_functions(document)
        self.references = References(document.types, self.package)
        self._scope = Scope(document.types)
        self._owners = type_owners(document)
        self._types = TypeSet({id: to_json(t) for id, t in document.types.items()})

    @cached_property
    def stubs(self) -> list[StepView]:
        return [self._stub(each) for each in self.functions]

    def _constant(self, prefix: str, name: str) -> str:
        return f"{self.package}.{self._scope.constant(prefix, name)}"

    def _step(self, of: StepFunction) -> str:
        """What a function is registered for."""
        return (
            self._constant("Step", of.step) if of.is_step else string_literal(of.step)
        )

    def _type(self, of: StepFunction, direction: str) -> str:
        """A handler's parameter or result: structs go by pointer."""
        ref = of.takes if direction == "input" else of.gives
        found = self.references.of(ref)
        name = of.type_name(direction, self._owners)
        go = f"{self.package}.{name}" if name else found.go
        return f"*{go}" if found.shape == "struct" else go

    def _method(self, of: StepFunction) -> Method:
        return Method(
            of.method,
            self._step(of),
            self._type(of, "input"),
            self._type(of, "output"),
            doc(Untrusted(_about(of)), 1),
        )

    def handlers(self) -> tuple[Handlers, ...]:
        return tuple(
            Handlers(
                f"{go_name(name)}Handlers",
                f"Use{go_name(name)}",
                Untrusted(name),
                tuple(self._method(each) for each in steps),
            )
            for name, steps in executors_of(self.functions).items()
        )

    def view(self) -> ExecutorView:
        routes = tuple(self._route(each) for each in self.functions)
        return ExecutorView(
            workflow=Untrusted(self.document.workflow.name),
            package=self.package,
            workflow_import=f"{self.module}/{self.package}",
            own=self._scope.own("Workflow"),
            needs_context=bool(self.functions),
            needs_codecs=bool(self.functions),
            handlers=self.handlers(),
            routes=routes,
        )

    def _route(self, of: StepFunction) -> str:
        arguments = [
            self._constant("Executor", of.executor),
            self._step(of),
            self._constant("Function", of.function),
            self.references.of(of.takes).codec,
            self.references.of(of.gives).codec,
        ]
        return f"worker.NewRoute({', '.join(arguments)})"

    def _stub(self, of: StepFunction) -> StepView:
        method = self._method(of)
        gives = self.references.of(of.gives)
        text = self._example(of.gives)
        if text is None:
            missing = string_literal(f"{_what(of)} is not written")
            empty = (
                "nil" if method.output.startswith(("*", "[", "map[", "mf.Raw")) else ""
            )
            value = empty or f"*new({method.output})"
            result = f'{value}, worker.Fail("INTERNAL", {missing})'
        elif gives.shape == "struct":
            result = f"mf.Example({gives.codec}, {string_literal(text)})"
        else:
            result = f"{gives.codec}.Decode([]byte({string_literal(text)}))"
        words = (method.input, method.output, result)
        return StepView(
            doc=doc(Untrusted(_about(of))),
            name=of.method,
            step=string_literal(of.step),
            package=self.package,
            workflow_import=f"{self.module}/{self.package}",
            needs_types=any(f"{self.package}." in each for each in words),
            needs_runtime=any("mf." in each for each in words),
            input=method.input,
            output=method.output,
            result=result,
        )

    def _example(self, ref: plan.TypeRef) -> str | None:
        try:
            return canonical(example(self._types, to_json(ref)))
        except NoExample:
            return None

    def tests(self) -> TestsView:
        stubs = self.stubs
        routes = tuple(
            Route(
                string_literal(each.step),
                string_literal(each.executor),
                string_literal(self._example(each.takes) or ""),
                string_literal(self._example(each.gives) or ""),
            )
            for each in self.functions
        )
        words = [w for s in stubs for w in (s.input, s.output, s.result)]
        return TestsView(
            workflow=Untrusted(self.document.workflow.name),
            package=self.package,
            workflow_import=f"{self.module}/{self.package}",
            fakes=tuple((each.name, each.use) for each in self.handlers()),
            routes=routes,
            methods=tuple(self._method(each) for each in self.functions),
            results=tuple(each.result for each in stubs),
            needs_types=any(f"{self.package}." in word for word in words),
            needs_runtime=any("mf." in word for word in words),
        )


def _about(of: StepFunction) -> str:
    return f"{of.method} runs {_what(of)}. {of.description}".strip()


def _what(of: StepFunction) -> str:
    return f"the step {of.step}" if of.is_step else f"the function {of.function}"


def _file(of: StepFunction) -> str:
    """Functions of two executors may have one name, as steps may not."""
    if of.is_step:
        return file_of(of.step, "_step.go")
    return file_of(of.step.replace("/", "-"), "_compensation.go")
