"""Checks a workflow given as text, for tests of single rules."""

from __future__ import annotations

from magicflow_cli.check import check
from magicflow_cli.check.model import CheckedWorkflow
from magicflow_cli.diagnostics import Diagnostic, Report
from magicflow_cli.documents import parse
from magicflow_cli.load import load_text

HEAD = """\
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: {name: order, version: 1.0.0}
spec:
"""

CONTEXT = """\
---
apiVersion: workflow.magic-flow.io/v2
kind: WorkflowContext
metadata: {name: order-context}
spec:
"""


def run(spec: str, context: str = "") -> tuple[CheckedWorkflow, list[Diagnostic]]:
    """Check a workflow by its `spec` (indented by two) and its context's `spec`."""
    text = HEAD + _indented(spec) + (CONTEXT + _indented(context) if context else "")
    report = Report()
    loaded = load_text(text.encode(), "workflow.yaml")
    assert not loaded.diagnostics, loaded.diagnostics
    parsed = [p for d in loaded.documents if (p := parse(d, report)) is not None]
    assert len(parsed) == len(loaded.documents), report.diagnostics
    workflows = [p for p in parsed if p.kind == "Workflow"]
    contexts = [p for p in parsed if p.kind == "WorkflowContext"]
    (checked,) = check(workflows, contexts, report)
    return checked, report.diagnostics


def found(spec: str, context: str = "", *, prefix: str = "MF") -> list[str]:
    """The codes that come out, in order, those with `prefix` only."""
    return [d.code for d in run(spec, context)[1] if d.code.startswith(prefix)]


def only(spec: str, context: str = "", *, code: str) -> Diagnostic:
    """The one diagnostic of a code."""
    (diagnostic,) = [d for d in run(spec, context)[1] if d.code == code]
    return diagnostic


def text_at(diagnostic: Diagnostic, spec: str) -> str:
    """The piece of `spec` that a diagnostic points at."""
    span = diagnostic.span
    assert span is not None and span.line == span.end_line
    line = _indented(spec).splitlines()[span.line - HEAD.count("\n") - 1]
    return line[span.col - 1 : span.end_col - 1]


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.strip("\n").splitlines())
