"""The target `client`: a typed client of one workflow."""

from __future__ import annotations

from collections.abc import Iterator

from magicflow.canonical import canonical
from magicflow.types import NoExample, TypeSet, example

from magicflow_cli.generate.lower.go.functions import step_functions
from magicflow_cli.generate.lower.go.names import (
    Scope,
    go_name,
    module_of,
    package_of,
)
from magicflow_cli.generate.lower.go.references import References
from magicflow_cli.generate.lower.go.sinks import string_literal
from magicflow_cli.generate.model import Options, Untrusted, View
from magicflow_cli.plan import models as plan
from magicflow_cli.plan.naming import name_of_type
from magicflow_cli.plan.serial import to_json
from magicflow_cli.record import Value


class Event(Value):
    name: str
    event: Untrusted
    constant: str
    data: str
    codec: str


class KnownError(Value):
    """An error that a step's function declares. `details` is its codec or ""."""

    step: str
    code: str
    name: str
    details: str


class ClientView(Value):
    workflow: Untrusted
    package: str
    workflow_import: str
    own: str
    input: str
    output: str
    input_codec: str
    output_codec: str
    events: tuple[Event, ...]
    errors: tuple[KnownError, ...]
    example: str
    result: str
    needs_runtime: bool


def lower(document: plan.Plan, options: Options) -> Iterator[View]:
    """The files of the target for one workflow."""
    package = package_of(document.workflow.name)
    references = References(document.types, package)
    scope = Scope(document.types)
    takes, gives = references.of(document.input), references.of(document.output.type)
    types = TypeSet({id: to_json(each) for id, each in document.types.items()})
    view = ClientView(
        workflow=Untrusted(document.workflow.name),
        package=package,
        workflow_import=f"{module_of(options)}/{package}",
        own=f"{package}.{scope.own('Workflow')}",
        input=takes.go,
        output=gives.go,
        input_codec=takes.codec,
        output_codec=gives.codec,
        events=tuple(
            _event(package, references, scope, event)
            for _, event in sorted(document.events.items())
            if event.listens
        ),
        errors=tuple(_errors(document, package, references, scope)),
        example=_example(types, document.input),
        result=_example(types, document.output.type),
        needs_runtime=True,
    )
    yield View(f"{package}/client/client_gen.go", "client/client.go.j2", view)
    yield View(f"{package}/client/client_gen_test.go", "client/tests.go.j2", view)


def _event(
    package: str, references: References, scope: Scope, event: plan.Event
) -> Event:
    of = references.of(event.type)
    return Event(
        name=f"Send{go_name(event.name)}",
        event=Untrusted(event.name),
        constant=f"{package}.{scope.constant('Event', event.name)}",
        data=of.go,
        codec=of.codec,
    )


def _errors(
    document: plan.Plan, package: str, references: References, scope: Scope
) -> Iterator[KnownError]:
    taken = {name_of_type(each.name, "go") for each in document.types.values()}
    for each in step_functions(document):
        for code, error in sorted(each.errors.items()):
            name = go_name(each.function, code)
            while name in taken:
                name += "_"
            details = (
                "" if error.details is None else references.of(error.details).codec
            )
            yield KnownError(
                step=f"{package}.{scope.constant('Step', each.step)}",
                code=string_literal(code),
                name=f"{package}.{name}",
                details=details,
            )


def _example(types: TypeSet, ref: plan.TypeRef) -> str:
    """A literal of a JSON text, `""` where no example is known."""
    try:
        return string_literal(canonical(example(types, to_json(ref))))
    except NoExample:
        return string_literal("")
