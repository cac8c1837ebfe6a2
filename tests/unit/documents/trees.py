"""Node trees for tests: of a text, and of plain data."""

from __future__ import annotations

from typing import Any

from magicflow_cli.diagnostics.model import Report
from magicflow_cli.documents import Parsed, parse
from magicflow_cli.load import load_text
from magicflow_cli.load.nodes import (
    Document,
    Entry,
    Mapping,
    Node,
    Scalar,
    Sequence,
    Source,
)

SOURCE = Source("test.yaml", "")
HEAD = """\
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: {name: order}
spec:
"""


def document(text: str) -> Document:
    loaded = load_text(text.encode(), "test.yaml")
    assert not loaded.diagnostics, loaded.diagnostics
    (only,) = loaded.documents
    return only


def parse_text(text: str) -> tuple[Parsed | None, Report]:
    report = Report()
    return parse(document(text), report), report


def parse_steps(steps: str) -> Parsed:
    """The workflow with these steps, a flow-style list."""
    parsed, report = parse_text(f"{HEAD}  steps: {steps}\n")
    assert parsed is not None, report.diagnostics
    return parsed


def tree(value: Any, pointer: str = "") -> Node:
    """Plain JSON data as a node tree; everything stands at 1:1."""
    place = (SOURCE, 1, 1, 1, 2, pointer)
    if isinstance(value, dict):
        return Mapping(
            *place,
            {
                key: Entry(
                    Scalar(*place, key, key, "json"), tree(item, f"{pointer}/{key}")
                )
                for key, item in value.items()
            },
        )
    if isinstance(value, list):
        return Sequence(
            *place, [tree(v, f"{pointer}/{i}") for i, v in enumerate(value)]
        )
    return Scalar(*place, value, str(value), "json")
