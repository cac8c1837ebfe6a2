"""Names that must differ: step and executor names become identifiers in every target
language, and `$.<name>` must mean one thing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from magicflow_cli.check.dataflow.scope import ROOTS, item_variable, loops_around
from magicflow_cli.check.model import CheckedWorkflow, StepInfo
from magicflow_cli.diagnostics import Label, Report, Span
from magicflow_cli.diagnostics.codes import MF1101, MF1102, MF1103, MF1104
from magicflow_cli.load.nodes import Scalar
from magicflow_cli.plan.identifiers import (
    LANGUAGES,
    function_name,
    split_words,
    type_name,
)

_NAME = re.compile(r"(?=[_-]*[A-Za-z0-9])[A-Za-z0-9_-]+\Z")


def check_letters(checked: CheckedWorkflow, report: Report) -> None:
    """Names of steps and branches stand in paths, plans, files and identifiers."""
    for step in checked.steps.values():
        _check_letters(step.name, "step", step.span, report)
    for block in checked.blocks.values():
        if block.branch and block.branch not in checked.steps:
            _check_letters(block.branch, "branch", block.span, report)


def _check_letters(name: str, what: str, span: Span, report: Report) -> None:
    if _NAME.match(name):
        return
    plain = "-".join(re.findall("[A-Za-z0-9_]+", name))[:63]
    report.add(
        MF1104,
        f"the {what} name `{name}` has characters that names may not have",
        span,
        help="a name is made of `a` to `z`, `A` to `Z`, `0` to `9`, `-` and `_`"
        + (f": `{plain}`" if plain else ""),
    )


def check_collisions(checked: CheckedWorkflow, report: Report) -> None:
    """Two steps, or two executors, that generated code could not tell apart."""
    steps = [(step.name, step.span) for step in checked.steps.values()]
    _check_unique(steps, "steps", report)
    executors: dict[str, Span] = {}
    for step in checked.steps.values():
        if step.type == "function" and step.executor is not None:
            node = step.node.get("executor") if step.node is not None else None
            span = node.span() if node is not None else step.span
            executors.setdefault(step.executor, span)
    _check_unique(executors.items(), "executors", report)


def identifiers(name: str) -> list[str]:
    """What a name becomes in each language, as a function and as a type."""
    words = split_words(name)
    return [
        f"{language} {identifier}"
        for language in LANGUAGES
        for identifier in (function_name(words, language), type_name(words, language))
    ]


def _check_unique(names: Iterable[tuple[str, Span]], what: str, report: Report) -> None:
    first: dict[str, tuple[str, Span]] = {}
    for name, span in names:
        clashes = None
        for identifier in identifiers(name):
            known = first.setdefault(identifier, (name, span))
            if known[0] != name and clashes is None:
                clashes = (identifier.split(" ", 1)[1], known)
        if clashes is None:
            continue
        identifier, known = clashes
        report.add(
            MF1101,
            f"the {what} `{known[0]}` and `{name}` are both `{identifier}` in generated"
            " code",
            span,
            help="names differ by their words, not by case, `-` or `_`: rename one",
            labels=[Label(known[1], "the other")],
        )


def check_shadowed_roots(checked: CheckedWorkflow, report: Report) -> None:
    """A step named like a root: `$.error` is the root."""
    for step in checked.steps.values():
        if step.name in ROOTS:
            report.add(
                MF1102,
                f"`$.{step.name}` is a root of the language and never this step",
                step.span,
                help=f"read it as `$.steps.{step.name}.output`, or rename the step",
            )


def check_item_variables(checked: CheckedWorkflow, report: Report) -> None:
    """A loop's variable that hides a root, a step or an outer loop's variable."""
    for loop in checked.steps.values():
        node = loop.node.get("item_variable") if loop.node is not None else None
        if not isinstance(node, Scalar):
            continue
        name = node.text
        if name in ROOTS and name != "item":
            _report_hidden(report, node, name, "the root", None)
        elif name in checked.steps:
            step = checked.steps[name]
            _report_hidden(report, node, name, "the step", step)
        elif (outer := _outer_loop(loop, name)) is not None:
            _report_hidden(report, node, name, "the outer loop's variable", outer)


def _outer_loop(loop: StepInfo, name: str) -> StepInfo | None:
    for outer in loops_around(loop.block):
        if item_variable(outer) == name:
            return outer
    return None


def _report_hidden(
    report: Report, node: Scalar, name: str, what: str, other: StepInfo | None
) -> None:
    report.add(
        MF1103,
        f"the loop's variable `{name}` hides {what} `$.{name}`",
        node.span(),
        help="give the variable another name",
        labels=[Label(other.span, "hidden in the loop")] if other is not None else [],
    )
