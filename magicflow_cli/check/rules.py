"""The rules that run on a workflow whose structure is known."""

from __future__ import annotations

from magicflow_cli.check.model import CheckedWorkflow
from magicflow_cli.diagnostics import Report


def run_rules(checked: CheckedWorkflow, report: Report) -> None:
    """Run the data-flow analysis, then every rule that reads its findings."""
    from magicflow_cli.check import dataflow

    dataflow.run(checked, report)
