"""Style: values and loops without a bound on their size. Notes, never errors."""

from __future__ import annotations

from magicflow_cli.check.dataflow.typed import Named, definition
from magicflow_cli.check.model import CheckedWorkflow
from magicflow_cli.check.worst_case import most_items
from magicflow_cli.diagnostics import Label, Report, Span
from magicflow_cli.diagnostics.codes import MF8101, MF8102
from magicflow_cli.load.nodes import Node
from magicflow_cli.plan import models as plan

_SHOWN = 5


def check_unbounded_input(checked: CheckedWorkflow, report: Report) -> None:
    """Texts and lists of the run's input that may have any size; one note for all."""
    ref = checked.input_type
    if ref is None:
        return
    found: dict[str, Span | None] = {}
    _collect(checked, ref, "$.input", found, set())
    if not found:
        return
    names = ", ".join(f"`{name}`" for name in list(found)[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    spans = [span for span in found.values() if span is not None]
    report.add(
        MF8101,
        f"the run's input has no bound on the size of {names}{more}",
        spans[0] if spans else checked.type_spans.get(ref.type, checked.root.span),
        help="add `maxLength` to texts, `maxItems` to lists and `maxProperties` to maps:"
        " a value of a run holds 256 KiB at most",
        labels=[Label(span, "and this") for span in spans[1:3]],
    )


def _collect(
    checked: CheckedWorkflow,
    ref: plan.TypeRef,
    at: str,
    found: dict[str, Span | None],
    seen: set[str],
) -> None:
    if ref.type == "string":
        found[at] = None
        return
    defined = definition(Named(ref.type), checked.types)
    if defined is None or ref.type in seen:
        return
    seen = seen | {ref.type}
    match defined:
        case plan.StringType(format=None, max_length=None):
            found[at] = checked.type_spans.get(ref.type)
        case plan.ArrayType(items=items, max_items=most):
            if most is None:
                found[at] = checked.type_spans.get(ref.type)
            _collect(checked, items, f"{at}[…]", found, seen)
        case plan.MapType(values=values, max_properties=most):
            if most is None:
                found[at] = checked.type_spans.get(ref.type)
            _collect(checked, values, f"{at}.*", found, seen)
        case plan.ObjectType(fields=fields):
            for name, field in fields.items():
                _collect(checked, field.type, f"{at}.{name}", found, seen)


def check_unbounded_loops(checked: CheckedWorkflow, report: Report) -> None:
    """Loops that say nothing of how often they may run."""
    for step in checked.steps.values():
        node = step.node
        if step.type != "loop" or node is None or "max_iterations" in node:
            continue
        source = node.get("iterate_over")
        if source is not None and _bounded(checked, source):
            continue
        entry = node.entries.get("while") or node.entries.get("iterate_over")
        report.add(
            MF8102,
            f"the loop `{step.name}` has no `max_iterations`",
            entry.key.span() if entry is not None else step.span,
            help="after 1000 rounds it fails with LIMIT: write the bound that is meant"
            + (", or `maxItems` in the list's schema" if source is not None else ""),
        )


def _bounded(checked: CheckedWorkflow, source: Node) -> bool:
    return most_items(checked, checked.values.get(source)) is not None
