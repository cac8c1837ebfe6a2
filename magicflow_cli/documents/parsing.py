"""Documents to models: aliases rewritten, then bound, or explained when they do not fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Report
from magicflow_cli.documents.aliases import rewrite
from magicflow_cli.documents.bind import Binder
from magicflow_cli.documents.headers import document_kind
from magicflow_cli.load.nodes import Document, Mapping

Kind: TypeAlias = Literal[
    "Workflow", "WorkflowContext", "Scenario", "Project", "Server", "Executor"
]


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """A document that fits its schema.

    `model` is `documents.models.<kind>`'s root class: Workflow, WorkflowContext,
    Scenario, Project, Server or Executor. `root` is its mapping after the aliases were rewritten.
    """

    kind: Kind
    model: Any
    root: Mapping
    document: Document


def parse(document: Document, report: Report) -> Parsed | None:
    """A Workflow, WorkflowContext or Scenario document; None when it does not fit, with
    the reasons in `report`. Rewrites the document's node tree to the canonical spelling.
    """
    kind = document_kind(document, report)
    if kind is None:
        return None
    return _fit(kind, document, report)


def parse_project(document: Document, report: Report) -> Parsed | None:
    """The project file, magic-flow.yaml."""
    return _fit("Project", document, report)


def parse_configuration(
    document: Document, kind: Literal["Server", "Executor"], report: Report
) -> Parsed | None:
    """The configuration file of a generated server or executor."""
    return _fit(kind, document, report)


def _fit(kind: Kind, document: Document, report: Report) -> Parsed | None:
    root = document.root
    if not isinstance(root, Mapping):
        report.add(
            codes.MF0401,
            "the document is not a mapping",
            root.span(),
            help="a document is written as `key: value` lines",
        )
        return None
    before = len(report.diagnostics)
    if not rewrite(kind, root, report):
        return None
    binder = _binder(kind)
    model = binder.bind(root)
    if model is None:
        # Imported here: jsonschema costs 50 ms, and most documents fit.
        from magicflow_cli.documents.explain import explain

        explain(binder, root, report)
    if len(report.diagnostics) > before or model is None:
        return None
    return Parsed(kind, model, root, document)


_binders: dict[Kind, Binder] = {}


def _binder(kind: Kind) -> Binder:
    if kind not in _binders:
        models = _MODELS[kind]()
        _binders[kind] = Binder(models.SHAPE, models)
    return _binders[kind]


def shape_of(kind: Kind) -> dict[str, Any]:
    """The schema of `kind` without its prose."""
    shape: dict[str, Any] = _MODELS[kind]().SHAPE
    return shape


def _workflow() -> Any:
    from magicflow_cli.documents.models import workflow

    return workflow


def _context() -> Any:
    from magicflow_cli.documents.models import context

    return context


def _scenario() -> Any:
    from magicflow_cli.documents.models import scenario

    return scenario


def _project() -> Any:
    from magicflow_cli.documents.models import project

    return project


def _server() -> Any:
    from magicflow_cli.documents.models import server

    return server


def _executor() -> Any:
    from magicflow_cli.documents.models import executor

    return executor


_MODELS: dict[Kind, Callable[[], Any]] = {
    "Workflow": _workflow,
    "WorkflowContext": _context,
    "Scenario": _scenario,
    "Project": _project,
    "Server": _server,
    "Executor": _executor,
}
