"""`contract.py`: what a workflow takes and gives, for its clients and its server."""

from __future__ import annotations

from magicflow_cli.generate.lower.python.code import (
    Atom,
    Bracket,
    Code,
    call,
    declaration,
    subscript,
)
from magicflow_cli.generate.lower.python.functions import (
    StepFunction,
    step_functions,
    type_from,
)
from magicflow_cli.generate.lower.python.names import class_of, folder_of
from magicflow_cli.generate.lower.python.sinks import string_literal
from magicflow_cli.generate.model import Options, Untrusted, View
from magicflow_cli.plan import models as plan
from magicflow_cli.record import Value


class ContractView(Value):
    """`input` and `output` are aliases' whole statements."""

    workflow: Untrusted
    has_errors: bool
    has_models: bool
    input: str
    output: str
    errors: str
    contract: str


def contract_view(document: plan.Plan, options: Options) -> View:
    """The view of `contract.py`."""
    folder = folder_of(document.workflow.name, options)
    errors = tuple(
        entry
        for function in step_functions(document)
        for entry in _errors_of(document, function)
    )
    takes = type_from("t", document.input, document.types)
    gives = type_from("t", document.output.type, document.types)
    arguments: list[Code] = [
        Atom("c.WORKFLOW"),
        call("Codec", Atom("Input")),
        call("Codec", Atom("Output")),
    ]
    if errors:
        arguments.append(Atom("ERRORS"))
    text = "".join(str(each) for each in (takes, gives, errors))
    return View(
        f"{folder}contract.py",
        "contract.py.j2",
        ContractView(
            workflow=Untrusted(document.workflow.name),
            has_errors=bool(errors),
            has_models="mf." in text,
            input=declaration("Input", Atom("TypeAlias"), takes),
            output=declaration("Output", Atom("TypeAlias"), gives),
            errors=declaration(
                "ERRORS",
                subscript(
                    "dict",
                    subscript("tuple", Atom("str"), Atom("str")),
                    Atom("DeclaredError"),
                ),
                Bracket("", "{", (), errors),
            ),
            contract=declaration(
                "CONTRACT",
                subscript("Contract", Atom("Input"), Atom("Output")),
                Bracket("Contract", "(", tuple(arguments)),
            ),
        ),
    )


def _errors_of(document: plan.Plan, function: StepFunction) -> list[tuple[str, Code]]:
    entries: list[tuple[str, Code]] = []
    for code, error in sorted(function.errors.items()):
        details: Code = Atom("None")
        if error.details is not None:
            details = call("Codec", type_from("t", error.details, document.types))
        key = f"(c.{function.constant}, {string_literal(code)})"
        name = Atom(f"e.{class_of(function.function, code)}")
        entries.append((key, Bracket("", "(", (name, details))))
    return entries
