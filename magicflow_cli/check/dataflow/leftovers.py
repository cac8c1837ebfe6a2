"""Schemas of a context that no workflow uses: they are checked all the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from magicflow_cli.check.model import CheckedWorkflow
from magicflow_cli.check.types import TypeTable
from magicflow_cli.diagnostics import Report
from magicflow_cli.documents import Parsed
from magicflow_cli.load.nodes import Mapping, Node

_SIDES = ("input_schema", "output_schema")


def check_leftovers(
    contexts: Sequence[Parsed], workflows: Iterable[CheckedWorkflow], report: Report
) -> None:
    """Report what is wrong with the schemas that no workflow has brought in: all of a
    context without a workflow, else its uncalled functions and unused events."""
    users: dict[int, list[CheckedWorkflow]] = {}
    for workflow in workflows:
        if workflow.context_document is not None:
            users.setdefault(id(workflow.context_document), []).append(workflow)
    for context in contexts:
        spec = context.root.get("spec")
        if isinstance(spec, Mapping):
            _check(context, spec, users.get(id(context), []), report)


def _check(
    context: Parsed, spec: Mapping, users: list[CheckedWorkflow], report: Report
) -> None:
    called = {info.function for user in users for info in user.functions.values()}
    events = {name for user in users for name in user.events}
    functions = {n: node for n, node in _members(spec, "functions") if n not in called}
    unused = {n: node for n, node in _members(spec, "events") if n not in events}
    if users and not functions and not unused:
        return
    table = TypeTable(report)
    metadata = context.root.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    prefix = f"{getattr(name, 'text', '')}#"
    table.share(spec, prefix)
    if not users:
        table.add_definitions()
        for side in _SIDES:
            schema = spec.get(side)
            if schema is not None:
                table.add_schema(schema, f"{prefix}/{side}", [side], named=True)
    for function, node in functions.items():
        for side in _SIDES:
            schema = node.get(side) if isinstance(node, Mapping) else None
            if schema is not None:
                id = f"{prefix}/functions/{function}/{side}"
                table.add_schema(schema, id, [function, side])
    for event, schema in unused.items():
        table.add_schema(schema, f"{prefix}/events/{event}", [event, "event"])
    if not users:
        table.finish()


def _members(spec: Mapping, key: str) -> Iterable[tuple[str, Node]]:
    node = spec.get(key)
    return list(node.items()) if isinstance(node, Mapping) else []
