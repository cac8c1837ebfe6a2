"""Checks documents: names, flow graph, data types, budgets.

Every rule is a function with a code of its own; all of them run as far as the
document allows, so that one run shows every mistake.
"""

from __future__ import annotations

from collections.abc import Sequence

from magicflow_cli.check.contexts import Contexts, find_context
from magicflow_cli.check.dag import check_dags
from magicflow_cli.check.graph import check_graph
from magicflow_cli.check.model import BlockInfo, CheckedWorkflow
from magicflow_cli.check.references import resolve_references
from magicflow_cli.check.roles import assign_roles
from magicflow_cli.check.steps import collect_steps
from magicflow_cli.diagnostics import Label, Report
from magicflow_cli.diagnostics.codes import MF1007
from magicflow_cli.documents import Parsed, key_span
from magicflow_cli.documents.models.context import WorkflowContext
from magicflow_cli.documents.models.workflow import Workflow


def check(
    workflows: Sequence[Parsed],
    contexts: Sequence[Parsed],
    report: Report,
    *,
    context: Parsed | None = None,
) -> list[CheckedWorkflow]:
    """Check every workflow; `context` is the one that the user chose for all of them.

    What is returned is fit to compile only when the report has no errors.
    """
    _check_unique(workflows, report)
    indexed = Contexts(contexts)
    checked = [check_workflow(w, indexed, report, context=context) for w in workflows]
    from magicflow_cli.check.dataflow.leftovers import check_leftovers
    from magicflow_cli.check.misspelt import check_workflow_names

    check_workflow_names(checked, report)
    check_leftovers(contexts, checked, report)
    return checked


def check_workflow(
    document: Parsed,
    contexts: Sequence[Parsed],
    report: Report,
    *,
    context: Parsed | None = None,
) -> CheckedWorkflow:
    own = Report()  # rules that ask for errors mean those of this workflow
    checked = check_structure(document, contexts, own, context=context)
    from magicflow_cli.check.rules import run_rules

    run_rules(checked, own)
    report.diagnostics += own.diagnostics
    return checked


def check_structure(
    document: Parsed,
    contexts: Sequence[Parsed],
    report: Report,
    *,
    context: Parsed | None = None,
) -> CheckedWorkflow:
    """Steps, blocks and targets, with the rules of names and graph."""
    workflow = document.model
    assert isinstance(workflow, Workflow)
    found = find_context(document, contexts, context, report)
    context_model = found.model if found is not None else None
    assert context_model is None or isinstance(context_model, WorkflowContext)
    root = BlockInfo("/", "main", None, key_span(workflow.spec, "steps"))
    checked = CheckedWorkflow(document, workflow, found, context_model, root)
    own = Report()
    collect_steps(checked, own)
    names = resolve_references(checked, own)
    assign_roles(checked, names, own)
    check_dags(checked, own)
    check_graph(checked, own)
    report.diagnostics += own.diagnostics
    return checked


def _check_unique(workflows: Sequence[Parsed], report: Report) -> None:
    """Two workflows of one name need two versions."""
    seen: dict[tuple[str, str], Workflow] = {}
    for document in workflows:
        workflow = document.model
        assert isinstance(workflow, Workflow)
        name = workflow.metadata.name
        version = (workflow.metadata.version or "0.0.0").removeprefix("v")
        first = seen.setdefault((name, version), workflow)
        if first is not workflow:
            report.add(
                MF1007,
                f"there are two workflows `{name}` of version {version}",
                key_span(workflow.metadata, "name"),
                help="rename one, or give it a version of its own",
                labels=[Label(key_span(first.metadata, "name"), "the other one")],
            )
