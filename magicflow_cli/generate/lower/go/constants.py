"""Names of steps, functions, executors and events, as constants."""

from __future__ import annotations

from collections.abc import Iterable

from magicflow_cli.generate.lower.go.layout import pad_rows
from magicflow_cli.generate.lower.go.names import Scope
from magicflow_cli.generate.lower.go.sinks import string_literal
from magicflow_cli.generate.model import Untrusted
from magicflow_cli.plan import models as plan
from magicflow_cli.record import Value


class ConstantsView(Value):
    """Lines of const blocks."""

    package: str
    workflow: Untrusted
    info: tuple[str, ...]
    steps: tuple[str, ...]
    executors: tuple[str, ...]
    functions: tuple[str, ...]
    events: tuple[str, ...]


def lower_constants(document: plan.Plan, package: str, scope: Scope) -> ConstantsView:
    """The view of `constants_gen.go`."""
    info = document.workflow
    steps = document.presentation.step_order
    functions = sorted({each.function for each in document.functions.values()})
    executors = sorted({each.executor for each in document.functions.values()})
    return ConstantsView(
        package=package,
        workflow=Untrusted(info.name),
        info=_block(
            [
                (scope.own("Workflow"), info.name),
                (scope.own("Version"), info.version),
                (scope.own("PlanHash"), document.hash),
            ]
        ),
        steps=_named("Step", steps, scope),
        executors=_named("Executor", executors, scope),
        functions=_named("Function", functions, scope),
        events=_named("Event", sorted(document.events), scope),
    )


def _named(prefix: str, names: Iterable[str], scope: Scope) -> tuple[str, ...]:
    return _block((scope.constant(prefix, name), name) for name in names)


def _block(rows: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(pad_rows((name, f"= {string_literal(text)}") for name, text in rows))
