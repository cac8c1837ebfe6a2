"""Compiles every schema of a corpus into one set of plan types."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from magicflow_cli.check.types import TypeTable
from magicflow_cli.diagnostics.model import Report, Severity
from magicflow_cli.load import load_text
from magicflow_cli.plan import models as plan
from magicflow_cli.plan import to_json
from tests.exactness.corpus import Group


@dataclass(slots=True)
class CompiledCorpus:
    """`roots` has the type of each group that compiled, `refusals` the codes of each
    other; `types` and `field_order` are those of one plan, in which the ids of a group's
    types start with its `prefixes`."""

    roots: dict[str, plan.TypeRef] = field(default_factory=dict)
    prefixes: dict[str, str] = field(default_factory=dict)
    refusals: dict[str, list[str]] = field(default_factory=dict)
    types: dict[str, plan.TypeDef] = field(default_factory=dict)
    field_order: dict[str, list[str]] = field(default_factory=dict)

    def types_json(self) -> dict[str, Any]:
        return {id: to_json(type) for id, type in self.types.items()}


def compile_corpus(groups: Iterable[Group]) -> CompiledCorpus:
    """One project for all schemas: group n has the type id `gn#` and the name `Gn`."""
    compiled = CompiledCorpus()
    for index, group in enumerate(groups):
        compile_group(group, index, compiled)
    return compiled


def compile_group(group: Group, index: int, compiled: CompiledCorpus) -> None:
    report = Report()
    loaded = load_text(group.schema.encode(), f"group-{index}.json")
    codes = [
        diagnostic.code
        for diagnostic in loaded.diagnostics
        if diagnostic.severity is Severity.ERROR
    ]
    if not codes and loaded.documents:
        table = TypeTable(report)
        ref = table.add_schema(
            loaded.documents[0].root, f"g{index}#", [f"g{index}"], named=True
        )
        table.finish()
        codes = [d.code for d in report.diagnostics if d.severity is Severity.ERROR]
        if not codes:
            compiled.roots[group.id] = ref
            compiled.prefixes[group.id] = f"g{index}#"
            compiled.types.update(table.types)
            compiled.field_order.update(table.field_order)
            return
    compiled.refusals[group.id] = codes or ["MF0107"]
