"""Names of steps, functions, executors and events, as constants."""

from __future__ import annotations

from magicflow_cli.generate.lower.python.code import (
    Atom,
    assignment,
    declaration,
)
from magicflow_cli.generate.lower.python.names import constant
from magicflow_cli.generate.lower.python.sinks import string_literal
from magicflow_cli.generate.model import Untrusted
from magicflow_cli.plan import models as plan
from magicflow_cli.plan.identifiers import member_name, split_words
from magicflow_cli.record import Value

FINAL = Atom("Final")


class ConstantsView(Value):
    """`members` are the statements of the enum `Step`; the others are whole lines."""

    workflow: Untrusted
    info: tuple[str, ...]
    members: tuple[str, ...]
    steps: tuple[str, ...]
    executors: tuple[str, ...]
    functions: tuple[str, ...]
    compensations: tuple[str, ...]
    events: tuple[str, ...]


def lower_constants(document: plan.Plan) -> ConstantsView:
    """The view of `constants.py`."""
    info = document.workflow
    steps = document.presentation.step_order
    functions = sorted({each.function for each in document.functions.values()})
    executors = sorted({each.executor for each in document.functions.values()})
    return ConstantsView(
        workflow=Untrusted(info.name),
        info=(
            _text("WORKFLOW", info.name),
            _text("VERSION", info.version),
            _text("PLAN_HASH", document.hash),
        ),
        members=tuple(
            assignment(member_of(name), Atom(string_literal(name)), "    ")
            for name in steps
        ),
        steps=tuple(
            declaration(constant("step", name), FINAL, Atom(f"Step.{member_of(name)}"))
            for name in steps
        ),
        executors=tuple(_text(constant("executor", name), name) for name in executors),
        functions=tuple(_text(constant("function", name), name) for name in functions),
        compensations=tuple(
            _text(constant("compensation", key), key) for key in compensations(document)
        ),
        events=tuple(
            _text(constant("event", name), name) for name in sorted(document.events)
        ),
    )


def compensations(document: plan.Plan) -> list[str]:
    """The keys of the functions that only compensations call, `svc/undo`, sorted."""
    return sorted(
        key
        for key, function in document.functions.items()
        if not function.steps and not function.executor.startswith("@")
    )


def member_of(step: str) -> str:
    """The member of the enum `Step`: `VALIDATE_USER`."""
    return member_name(split_words(step), "Step", "python")


def _text(name: str, value: str) -> str:
    return declaration(name, FINAL, Atom(string_literal(value)))
