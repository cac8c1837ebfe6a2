"""Schemas as YAML in, types and diagnostics out."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from magicflow_cli.check.types import TypeTable
from magicflow_cli.diagnostics.model import Diagnostic, Report
from magicflow_cli.load import load_text
from magicflow_cli.load.nodes import Mapping, Node
from magicflow_cli.plan import models as plan

ID = "order-context#/input_schema"


@dataclass(frozen=True)
class Typed:
    """A schema's type, all types by id, and what was reported."""

    ref: plan.TypeRef
    table: TypeTable
    diagnostics: list[Diagnostic]

    @property
    def type(self) -> plan.TypeDef:
        return self.table.types[self.ref.type]

    @property
    def codes(self) -> list[str]:
        return [diagnostic.code for diagnostic in self.diagnostics]


def load(text: str) -> Node:
    loaded = load_text(textwrap.dedent(text).encode(), "context.yaml")
    assert loaded.diagnostics == ()
    return loaded.documents[0].root


@pytest.fixture
def compile_schema() -> Callable[..., Typed]:
    """Compiles a schema, or with `context=True` the `input_schema` of a `spec`."""

    def run(text: str, *, context: bool = False, named: bool = False) -> Typed:
        report = Report()
        table = TypeTable(report)
        node = load(text)
        if context:
            assert isinstance(node, Mapping)
            table.share(node, "order-context#")
            table.add_definitions()
            node = node.entries["input_schema"].value
        ref = table.add_schema(node, ID, ["order", "input"], named=named)
        table.finish()
        return Typed(ref, table, report.diagnostics)

    return run
