"""Data flow: resolves every expression, types it, and infers what is not declared.

In order: declared types → expressions resolved → defaults written out → control flow →
every expression typed (uses of undeclared functions leave marks) → inferred types.
"""

from __future__ import annotations

from magicflow_cli.check.dataflow.analysis import Analysis
from magicflow_cli.check.model import CheckedWorkflow
from magicflow_cli.diagnostics import Report

__all__ = ["run"]


def run(checked: CheckedWorkflow, report: Report) -> None:
    """Fill values, types, functions and the rest of what `CheckedWorkflow` says is
    filled by data flow; report everything that is wrong with data."""
    Analysis(checked, report).run()
