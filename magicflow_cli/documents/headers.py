"""What kind a document is: its `apiVersion` and `kind`, or the short form."""

from __future__ import annotations

from typing import Literal, TypeAlias

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Report, Span
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.load.nodes import Document, Mapping, Node, Scalar

DocumentKind: TypeAlias = Literal["Workflow", "WorkflowContext", "Scenario"]

API_VERSION = "workflow.magic-flow.io/v2"
API_VERSION_ALIASES = ("magicflow.io/v2",)
KINDS: tuple[DocumentKind, ...] = ("Workflow", "WorkflowContext", "Scenario")


def is_short_form(root: Mapping) -> bool:
    """A document with `workflow` and `steps` at the top and no `kind`."""
    return "workflow" in root and "steps" in root and "kind" not in root


def document_kind(document: Document, report: Report) -> DocumentKind | None:
    """The kind of a document; None, with the reasons in `report`, when it is none."""
    root = document.root
    if not isinstance(root, Mapping):
        report.add(
            codes.MF0401,
            "the document is not a mapping",
            root.span(),
            help="a workflow begins with `apiVersion`, `kind`, `metadata` and `spec`",
        )
        return None
    if is_short_form(root):
        return "Workflow"
    version_fits = _check_version(root, report)
    kind = _kind(root, report)
    return kind if version_fits else None


def _check_version(root: Mapping, report: Report) -> bool:
    node = root.get("apiVersion")
    accepted = (API_VERSION, *API_VERSION_ALIASES)
    if isinstance(node, Scalar) and node.value in accepted:
        return True
    if node is None:
        message = "the document has no `apiVersion`"
        span = _first_line(root)
    else:
        message = f"`apiVersion` {_shown(node)} is not known"
        span = node.span()
    report.add(codes.MF0402, message, span, help=f"write `apiVersion: {API_VERSION}`")
    return False


def _kind(root: Mapping, report: Report) -> DocumentKind | None:
    node = root.get("kind")
    value = node.value if isinstance(node, Scalar) else None
    for kind in KINDS:
        if value == kind:
            return kind
    *others, last = (f"`{kind}`" for kind in KINDS)
    names = f"{', '.join(others)} or {last}"
    if node is None:
        report.add(
            codes.MF0403,
            "the document has no `kind`",
            _first_line(root),
            help=f"write `kind: Workflow`; a kind is {names}",
        )
        return None
    meant = suggest(value, KINDS) if isinstance(value, str) else None
    report.add(
        codes.MF0403,
        f"the kind {_shown(node)} is not known",
        node.span(),
        help=f"did you mean `{meant}`?" if meant else f"a kind is {names}",
    )
    return None


def _first_line(root: Mapping) -> Span:
    """The first key of the document: the whole document says nothing as a place."""
    for entry in root.entries.values():
        return entry.key.span()
    return root.span()


def _shown(node: Node) -> str:
    if isinstance(node, Scalar):
        return f"`{node.text}`"
    return "that is a mapping" if isinstance(node, Mapping) else "that is a list"
