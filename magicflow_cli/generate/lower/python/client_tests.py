"""The generated tests of the clients."""

from __future__ import annotations

import re
from collections.abc import Iterator

from magicflow.types import TypeSet

from magicflow_cli.generate.lower.python.annotations import json_code, string
from magicflow_cli.generate.lower.python.code import (
    Atom,
    Bracket,
    Code,
    assignment,
    call,
    declaration,
    import_from,
    subscript,
)
from magicflow_cli.generate.lower.python.examples import NOTHING, example_of, type_set
from magicflow_cli.generate.lower.python.functions import (
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
from magicflow_cli.record import Value


class ClientTestsView(Value):
    """All but `workflow` are whole statements, or ""."""

    workflow: Untrusted
    imports: tuple[str, ...]
    name: str
    path: str
    input: str
    output: str
    errors: str
    events: str


def client_tests(document: plan.Plan, options: Options) -> Iterator[View]:
    """`tests/test_<workflow>_client.py`."""
    types = type_set(document)
    name = document.workflow.name
    events = _events(document, types)
    value = _value("INPUT", types, document.input)
    errors = _errors(document)
    yield constant_tests(document, options)
    yield View(
        f"tests/test_{module_of(name)}_client.py",
        "tests/client.py.j2",
        ClientTestsView(
            workflow=Untrusted(name),
            imports=tuple(
                _imports(
                    document,
                    options,
                    "".join([value and "CONTRACT", errors, events]),
                )
            ),
            name=assignment("WORKFLOW", Atom(string_literal(name))),
            path=assignment("START_PATH", Atom(string_literal(start_path(name)))),
            input=value,
            output=_value("OUTPUT", types, document.output.type),
            errors=errors,
            events=events,
        ),
    )


def _imports(document: plan.Plan, options: Options, text: str) -> Iterator[str]:
    """The imports of what a text mentions."""
    module = tested_module(document, options)
    client = class_of(document.workflow.name, "client")
    for name, alias in (("constants", "c"), ("errors", "e"), ("types", "t")):
        if re.search(rf"\b{alias}\.", text):
            yield import_from(module, [Atom(f"{name} as {alias}")])
    names = [f"Async{client} as AsyncClient", f"{client} as Client"]
    for name in sorted(names):
        yield import_from(f"{module}.client", [Atom(name)])
    if "CONTRACT" in text:
        yield import_from(f"{module}.contract", [Atom("CONTRACT")])


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


def _events(document: plan.Plan, types: TypeSet) -> str:
    entries: list[Code] = []
    for _, event in sorted(document.events.items()):
        value = example_of(types, event.type)
        if event.listens and value is not NOTHING:
            parts = (
                string(function_of(f"send-{event.name}")),
                Atom(f"c.{constant('event', event.name)}"),
                call("mf.Codec", type_from("t", event.type, document.types)),
                json_code(value),
            )
            entries.append(Bracket("", "(", parts))
    if not entries:
        return ""
    return declaration(
        "EVENTS", subscript("list", Atom("Any")), Bracket("", "[", tuple(entries))
    )
