"""The generated tests of a server, and those of the constants that every target has."""

from __future__ import annotations

from collections.abc import Iterator

from magicflow_cli.generate.lower.python.annotations import json_code
from magicflow_cli.generate.lower.python.code import (
    Atom,
    Bracket,
    Code,
    declaration,
    import_from,
    subscript,
)
from magicflow_cli.generate.lower.python.constants import member_of
from magicflow_cli.generate.lower.python.examples import (
    NOTHING,
    example_of,
    refused_by,
    type_set,
)
from magicflow_cli.generate.lower.python.names import constant, module_of, package_of
from magicflow_cli.generate.lower.python.sinks import string_literal
from magicflow_cli.generate.model import Options, Untrusted, View
from magicflow_cli.plan import models as plan
from magicflow_cli.record import Value


class ConstantTestsView(Value):
    workflow: Untrusted
    imports: str
    constants: str
    members: str


class ServerTestsView(Value):
    """`input` and `refused` are whole statements, or ""."""

    workflow: Untrusted
    imports: tuple[str, ...]
    input: str
    refused: str


def server_tests(document: plan.Plan, options: Options) -> Iterator[View]:
    """`tests/test_<workflow>_server.py`."""
    types = type_set(document)
    value = example_of(types, document.input)
    refused = refused_by(types, document.input)
    yield constant_tests(document, options)
    yield View(
        f"tests/test_{module_of(document.workflow.name)}_server.py",
        "tests/server.py.j2",
        ServerTestsView(
            workflow=Untrusted(document.workflow.name),
            imports=tuple(_server_imports(document, options, value is not NOTHING)),
            input=(
                ""
                if value is NOTHING
                else declaration("INPUT", Atom("Any"), json_code(value))
            ),
            refused=(
                declaration(
                    "REFUSED", subscript("list", Atom("Any")), json_code(refused)
                )
                if refused
                else ""
            ),
        ),
    )


def _server_imports(
    document: plan.Plan, options: Options, has_input: bool
) -> Iterator[str]:
    module = tested_module(document, options)
    yield import_from(module, [Atom("constants as c")])
    yield import_from(module, [Atom("server as s")])
    if has_input:
        yield import_from(f"{module}.contract", [Atom("CONTRACT")])


def constant_tests(document: plan.Plan, options: Options) -> View:
    """`tests/test_<workflow>_constants.py`."""
    info = document.workflow
    functions = document.functions.values()
    expected = {
        "WORKFLOW": info.name,
        "VERSION": info.version,
        "PLAN_HASH": document.hash,
        **{constant("step", name): name for name in document.presentation.step_order},
        **_constants("executor", {each.executor for each in functions}),
        **_constants("function", {each.function for each in functions}),
        **_constants("event", set(document.events)),
    }
    return View(
        f"tests/test_{module_of(info.name)}_constants.py",
        "tests/constants.py.j2",
        ConstantTestsView(
            workflow=Untrusted(info.name),
            imports=import_from(tested_module(document, options), [Atom("constants")]),
            constants=declaration(
                "CONSTANTS",
                subscript("dict", Atom("str"), Atom("str")),
                _table(expected),
            ),
            members=declaration(
                "STEPS",
                subscript("dict", Atom("str"), Atom("str")),
                _table(
                    {member_of(name): name for name in document.presentation.step_order}
                ),
            ),
        ),
    )


def tested_module(document: plan.Plan, options: Options) -> str:
    """The package of the workflow, from outside."""
    return f"{package_of(options)}.{module_of(document.workflow.name)}"


def _constants(kind: str, names: set[str]) -> dict[str, str]:
    return {constant(kind, name): name for name in sorted(names)}


def _table(texts: dict[str, str]) -> Code:
    items = tuple(
        (string_literal(name), Atom(string_literal(text)))
        for name, text in texts.items()
    )
    return Bracket("", "{", (), items)
