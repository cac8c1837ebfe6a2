"""Schemas of a context that no workflow uses are checked too."""

from __future__ import annotations

import pytest

from magicflow_cli.check import check
from magicflow_cli.diagnostics import Report
from magicflow_cli.documents import parse
from magicflow_cli.load import load_text
from tests.unit.check.flows import CONTEXT, found

BROKEN = "{type: object, patternProperties: {'^x': {type: string}}}"

SPECS = {
    f"input_schema: {BROKEN}": 1,
    f"output_schema: {BROKEN}": 1,
    f"definitions: {{A: {BROKEN}}}": 1,
    f"functions: {{f: {{input_schema: {BROKEN}}}}}": 1,
    f"functions: {{f: {{output_schema: {BROKEN}}}}}": 1,
    f"events: {{e: {BROKEN}}}": 1,
    "input_schema: {type: object}": 0,
    "functions: {f: {}}": 0,
}


@pytest.mark.parametrize("spec", SPECS)
def test_a_context_alone(spec: str) -> None:
    report = Report()
    text = CONTEXT.removeprefix("---\n") + f"  {spec}\n"
    (document,) = load_text(text.encode(), "context.yaml").documents
    context = parse(document, report)
    assert context is not None
    assert check([], [context], report) == []
    assert len(report.diagnostics) == SPECS[spec]


@pytest.mark.parametrize("spec", SPECS)
def test_a_context_with_a_workflow_that_does_not_use_it_all(spec: str) -> None:
    codes = set(found("steps: [{name: a}]", spec, prefix="MF2"))
    assert len(codes) == SPECS[spec]


def test_what_is_used_is_reported_once() -> None:
    spec = f"functions: {{a: {{input_schema: {BROKEN}}}}}"
    assert len(found("steps: [{name: a}]", spec, prefix="MF2")) == 1
