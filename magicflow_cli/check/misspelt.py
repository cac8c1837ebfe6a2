"""Names that stand for something outside of the workflow: nothing says that they must
be declared, so only one that is nearly a declared one is worth a word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from magicflow_cli.check.dataflow.declare import undo_function
from magicflow_cli.check.model import CheckedWorkflow, StepInfo
from magicflow_cli.check.policies import spec_of
from magicflow_cli.diagnostics import Label, Report, Span
from magicflow_cli.diagnostics.codes import MF0411, MF1012
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.documents import key_span
from magicflow_cli.load.nodes import Mapping, Node, Scalar
from magicflow_cli.load.nodes import Sequence as ListNode

_DIGITS = re.compile(r"\d+")


def check_functions_and_events(checked: CheckedWorkflow, report: Report) -> None:
    """Functions and events beside those that the context declares."""
    document = checked.context_document
    context = document.root.get("spec") if document is not None else None
    if not isinstance(context, Mapping):
        return
    _compare(_functions(checked), context.get("functions"), "function", report)
    _compare(_events(checked), context.get("events"), "event", report)


def _compare(
    used: Iterable[tuple[str, Span]], declared: Node | None, what: str, report: Report
) -> None:
    known = declared.entries if isinstance(declared, Mapping) else {}
    seen: set[str] = set()
    for name, span in used:
        near = None if name in known or name in seen else _near(name, known)
        if near is None:
            continue
        seen.add(name)
        report.add(
            MF1012,
            f"the context declares no {what} `{name}`",
            span,
            help=f"did you mean `{near}`? If not, declare `{name}` beside it",
            labels=[Label(known[near].key.span(), f"`{near}` stands here")],
        )


def check_workflow_names(workflows: Sequence[CheckedWorkflow], report: Report) -> None:
    """Workflows that are called beside those that are checked together with them."""
    known = {w.workflow.metadata.name: w for w in workflows}
    for checked in workflows:
        for step in checked.steps.values():
            called = _scalar(step, "workflow")
            if step.type != "workflow" or called is None or called.text in known:
                continue
            near = _near(called.text, known)
            if near is not None:
                place = key_span(known[near].workflow.metadata, "name")
                report.add(
                    MF1012,
                    f"there is no workflow `{called.text}` here",
                    called.span(),
                    help=f"did you mean `{near}`?",
                    labels=[Label(place, f"`{near}` stands here")],
                )


def check_version_ranges(checked: CheckedWorkflow, report: Report) -> None:
    """Versions of called workflows, as the runtime reads them."""
    for step in checked.steps.values():
        wanted = _scalar(step, "version") if step.type == "workflow" else None
        if wanted is None:
            continue
        from magicflow.versions import satisfies  # few workflows have one

        try:
            satisfies("1.0.0", wanted.text)
        except ValueError as error:
            report.add(
                MF0411,
                str(error),
                wanted.span(),
                help="write a version or a range of them: `1.2.0`, `^1.2.0`,"
                " `>=1.0.0 <2.0.0`",
            )


def _near(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant; `step1` is not a misspelt `step2`."""
    near = suggest(name, known)
    if near is None or _DIGITS.sub("0", near) == _DIGITS.sub("0", name):
        return None
    return near


def _functions(checked: CheckedWorkflow) -> Iterator[tuple[str, Span]]:
    for step in checked.steps.values():
        if step.type == "function" and step.function:
            written = _scalar(step, "function") or _scalar(step, "name")
            yield step.function, step.span if written is None else written.span()
        undo = undo_function(checked, step)
        if undo is not None and step.node is not None:
            node = step.node.get("compensation")
            called = node.get("function") if isinstance(node, Mapping) else None
            yield undo[1], called.span() if called is not None else step.span


def _events(checked: CheckedWorkflow) -> Iterator[tuple[str, Span]]:
    triggers = spec_of(checked).get("triggers")
    for trigger in triggers.items if isinstance(triggers, ListNode) else ():
        event = trigger.get("event") if isinstance(trigger, Mapping) else None
        if isinstance(event, Scalar):
            yield event.text, event.span()
    for step in checked.steps.values():
        event = _scalar(step, "event")
        if step.type in ("emit", "wait_for_event") and event is not None:
            yield event.text, event.span()


def _scalar(step: StepInfo, key: str) -> Scalar | None:
    node = step.node.get(key) if step.node is not None else None
    return node if isinstance(node, Scalar) else None
