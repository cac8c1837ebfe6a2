"""The generated tests of the clients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from magicflow.types import TypeSet

from magicflow_cli.generate.lower.python.annotations import json_code
from magicflow_cli.generate.lower.python.code import (
    Atom,
    Bracket,
    Code,
    assignment,
    call,
    declaration,
    layout,
    subscript,
)
from magicflow_cli.generate.lower.python.examples import NOTHING, example_of, type_set
from magicflow_cli.generate.lower.python.functions import (
    codec_of,
    step_functions,
    type_from,
)
from magicflow_cli.generate.lower.python.names import (
    class_of,
    constant,
    function_of,
    module_of,
)
from magicflow_cli.generate.lower.python.server import start_path
from magicflow_cli.generate.lower.python.server_tests import (
    constant_tests,
    tested_module,
)
from magicflow_cli.generate.lower.python.sinks import string_literal
from magicflow_cli.generate.model import Options, Untrusted, View
from magicflow_cli.plan import models as plan


@dataclass(frozen=True, slots=True)
class EventTest:
    name: str
    constant: str
    codec: str
    data: str


@dataclass(frozen=True, slots=True)
class ClientTestsView:
    """`path`, `input`, `output` and `errors` are whole statements, or ""."""

    workflow: Untrusted
    module: str
    client: str
    blocking: str
    waiting: str
    path: str
    input: str
    output: str
    errors: str
    has_types: bool
    events: tuple[EventTest, ...]


def client_tests(document: plan.Plan, options: Options) -> Iterator[View]:
    """`tests/test_<workflow>_client.py`."""
    types = type_set(document)
    events = tuple(_events(document, types))
    client = class_of(document.workflow.name, "client")
    yield constant_tests(document, options)
    yield View(
        f"tests/test_{module_of(document.workflow.name)}_client.py",
        "tests/client.py.j2",
        ClientTestsView(
            workflow=Untrusted(document.workflow.name),
            module=tested_module(document, options),
            client=client,
            blocking=_client(client),
            waiting=_client(f"Async{client}"),
            path=assignment(
                "START_PATH", Atom(string_literal(start_path(document.workflow.name)))
            ),
            input=_value("INPUT", types, document.input),
            output=_value("OUTPUT", types, document.output.type),
            errors=_errors(document),
            has_types=any("(t." in event.codec for event in events),
            events=events,
        ),
    )


def _client(name: str) -> str:
    answer = call("httpx.MockTransport", Atom("self.answer"))
    return layout("return ", call(f"x.{name}", transport=answer), "", " " * 8)


def _value(name: str, types: TypeSet, ref: plan.TypeRef) -> str:
    value = example_of(types, ref)
    return "" if value is NOTHING else declaration(name, Atom("Any"), json_code(value))


def _errors(document: plan.Plan) -> str:
    entries: list[Code] = []
    for each in step_functions(document):
        for code in sorted(each.errors):
            parts = (
                f"c.{each.constant}",
                string_literal(code),
                f"e.{class_of(each.function, code)}",
            )
            entries.append(Bracket("", "(", tuple(Atom(part) for part in parts)))
    if not entries:
        return ""
    return declaration(
        "ERRORS", subscript("list", Atom("Any")), Bracket("", "[", tuple(entries))
    )


def _events(document: plan.Plan, types: TypeSet) -> Iterator[EventTest]:
    for _, event in sorted(document.events.items()):
        value = example_of(types, event.type)
        if event.listens and value is not NOTHING:
            type = type_from("t", event.type, document.types)
            yield EventTest(
                name=function_of(f"send-{event.name}"),
                constant=constant("event", event.name),
                codec=codec_of(type, " " * 4),
                data=declaration("data", Atom("Any"), json_code(value), " " * 4),
            )
