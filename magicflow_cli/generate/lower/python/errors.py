"""Typed errors: one class per function, one below it per code that it reports."""

from __future__ import annotations

from magicflow_cli.generate.lower.python.annotations import name_of, type_of
from magicflow_cli.generate.lower.python.code import Atom, call, import_from, layout
from magicflow_cli.generate.lower.python.names import class_of
from magicflow_cli.generate.lower.python.sinks import string_literal
from magicflow_cli.generate.model import Untrusted
from magicflow_cli.plan import models as plan
from magicflow_cli.record import Value


class ErrorClass(Value):
    """`head` is the class statement's first line, `code` a literal. `details` is the
    parameter, "" when there is none."""

    head: str
    code: str
    retryable: bool
    details: str
    doc: Untrusted | None


class FunctionErrors(Value):
    name: str
    function: Untrusted
    errors: tuple[ErrorClass, ...]


class ErrorsView(Value):
    """`types` is the import of the types that details need, or ""."""

    workflow: Untrusted
    types: str
    has_details: bool
    functions: tuple[FunctionErrors, ...]


def lower_errors(document: plan.Plan) -> ErrorsView:
    """The view of `errors.py`; without functions that declare errors it is empty."""
    types: set[str] = set()
    functions = tuple(
        _lower_function(document, function, types)
        for _, function in sorted(document.functions.items())
        if function.errors
    )
    names = [Atom(name) for name in sorted(types)]
    return ErrorsView(
        Untrusted(document.workflow.name),
        import_from(".types", names) if names else "",
        any(error.details for each in functions for error in each.errors),
        functions,
    )


def _lower_function(
    document: plan.Plan, function: plan.Function, types: set[str]
) -> FunctionErrors:
    base = class_of(function.function, "error")
    errors: list[ErrorClass] = []
    for code, error in sorted(function.errors.items()):
        details = ""
        if error.details is not None:
            type = type_of(error.details, document.types)
            if error.details.type in document.types:
                types.add(name_of(document.types[error.details.type]))
            details = layout("details: ", type, ",", "        ")
        errors.append(
            ErrorClass(
                head=layout(
                    "",
                    call(f"class {class_of(function.function, code)}", Atom(base)),
                    ":",
                ),
                code=string_literal(code),
                retryable=error.retryable,
                details=details,
                doc=Untrusted(error.description) if error.description else None,
            )
        )
    return FunctionErrors(base, Untrusted(function.function), tuple(errors))
