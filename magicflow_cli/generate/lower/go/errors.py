"""Typed errors: one struct per code that a function reports, for errors.As."""

from __future__ import annotations

from magicflow_cli.generate.lower.go.names import go_name
from magicflow_cli.generate.lower.go.references import References
from magicflow_cli.generate.lower.go.sinks import doc, string_literal
from magicflow_cli.generate.model import Untrusted
from magicflow_cli.plan import models as plan
from magicflow_cli.plan.naming import name_of_type
from magicflow_cli.record import Value


class ErrorType(Value):
    """`details` is the type of the details, "" when there are none; `codec` its codec."""

    name: str
    doc: str
    code: str
    retryable: str
    details: str
    codec: str


class ErrorsView(Value):
    package: str
    workflow: Untrusted
    errors: tuple[ErrorType, ...]
    has_details: bool


def lower_errors(document: plan.Plan, package: str) -> ErrorsView:
    """The view of `errors_gen.go`; without declared errors it has none."""
    references = References(document.types)
    taken = {name_of_type(each.name, "go") for each in document.types.values()}
    made: dict[str, ErrorType] = {}
    for _, function in sorted(document.functions.items()):
        for code, error in sorted(function.errors.items()):
            name = go_name(function.function, code)
            while name in taken:
                name += "_"
            taken.add(name)
            about = f"{name} is the error {code} of the function {function.function}."
            if error.description:
                about += f" {error.description}"
            details = None if error.details is None else references.of(error.details)
            made[name] = ErrorType(
                name=name,
                doc=doc(Untrusted(about)),
                code=string_literal(code),
                retryable="true" if error.retryable else "false",
                details="" if details is None else details.go,
                codec="" if details is None else details.codec,
            )
    errors = tuple(made[name] for name in sorted(made))
    return ErrorsView(
        package,
        Untrusted(document.workflow.name),
        errors,
        any(each.details for each in errors),
    )
