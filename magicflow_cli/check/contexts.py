"""Finds the context that a workflow means (semantics: "Documents")."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from magicflow_cli.diagnostics import Label, Report, Span
from magicflow_cli.diagnostics.codes import MF1008, MF1009, MF1010
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.documents import Parsed, key_span
from magicflow_cli.documents.models.context import WorkflowContext
from magicflow_cli.documents.models.workflow import Workflow

PATH_SUFFIXES = (".yaml", ".yml", ".json")


def find_context(
    document: Parsed,
    contexts: Sequence[Parsed],
    chosen: Parsed | None,
    report: Report,
) -> Parsed | None:
    """The context of a workflow; `chosen` is the one of `--context`.

    In order: `chosen`; `spec.context` as a name or a path; one named `<workflow>` or
    `<workflow>-context` in the same folder; the only one of the same file, then of the
    same folder. None when the workflow has none, which is said once.
    """
    workflow = document.model
    assert isinstance(workflow, Workflow)
    spec = workflow.spec
    if chosen is not None:
        return chosen
    if spec.context is not None:
        span = key_span(spec, "context")
        return _by_key(document, spec.context, span, contexts, report)
    if spec.input_schema is not None or spec.output_schema is not None:
        return None
    name = workflow.metadata.name
    beside = _beside(document, contexts)
    same_file = [c for c in beside if _file(c) == _file(document)]
    for candidates in (same_file, beside):
        for wanted in (name, f"{name}-context"):
            named = [c for c in candidates if _name(c) == wanted]
            if named:
                return _only(document, named, report)
    for candidates in (same_file, beside):
        if len(candidates) == 1:
            return candidates[0]
    if beside:
        return _only(document, same_file or beside, report)
    report.add(
        MF1010,
        f"workflow `{name}` has no context: its input and output are untyped",
        key_span(workflow.metadata, "name"),
        help=f"write a WorkflowContext named `{name}-context` beside it, or"
        " `input_schema` and `output_schema` into its `spec`",
    )
    return None


class Contexts(list[Parsed]):
    """Contexts that are asked for by folder once per workflow: a thousand workflows
    with a context each must not cost a million comparisons."""

    def __init__(self, contexts: Sequence[Parsed]) -> None:
        super().__init__(contexts)
        self.by_folder: dict[PurePosixPath, list[Parsed]] = {}
        for context in contexts:
            self.by_folder.setdefault(_folder(context), []).append(context)


def _beside(document: Parsed, contexts: Sequence[Parsed]) -> list[Parsed]:
    indexed = contexts if isinstance(contexts, Contexts) else Contexts(contexts)
    return indexed.by_folder.get(_folder(document), [])


def is_path(context: str) -> bool:
    """Whether `spec.context` is a path rather than a name."""
    return "/" in context or context.endswith(PATH_SUFFIXES)


def _by_key(
    document: Parsed,
    wanted: str,
    span: Span,
    contexts: Sequence[Parsed],
    report: Report,
) -> Parsed | None:
    if is_path(wanted):
        path = _normal(_folder(document) / wanted)
        found = [c for c in contexts if _normal(PurePosixPath(_file(c))) == path]
        known: list[str] = []
    else:
        found = [c for c in contexts if _name(c) == wanted]
        beside = [c for c in found if _folder(c) == _folder(document)]
        found = beside or found
        known = sorted(_name(c) for c in contexts)
    if found:
        return _only(document, found, report)
    near = suggest(wanted, known)
    report.add(
        MF1008,
        f"there is no context `{wanted}`",
        span,
        help=(
            f"did you mean `{near}`?"
            if near
            else "name a WorkflowContext of this folder, give a path relative to this"
            " file, or use `--context`"
        ),
    )
    return None


def _only(document: Parsed, found: Sequence[Parsed], report: Report) -> Parsed:
    if len(found) > 1:
        workflow = document.model
        assert isinstance(workflow, Workflow)
        report.add(
            MF1009,
            f"workflow `{workflow.metadata.name}` could mean {len(found)} contexts",
            key_span(workflow.metadata, "name"),
            help="name one with `context:` in its `spec`, or with `--context`",
            labels=[
                Label(key_span(_context(c).metadata, "name"), f"`{_name(c)}`")
                for c in found
            ],
        )
    return found[0]


def _context(parsed: Parsed) -> WorkflowContext:
    assert isinstance(parsed.model, WorkflowContext)
    return parsed.model


def _name(parsed: Parsed) -> str:
    return _context(parsed).metadata.name


def _file(parsed: Parsed) -> str:
    return parsed.document.source.file


def _folder(parsed: Parsed) -> PurePosixPath:
    return PurePosixPath(_file(parsed)).parent


def _normal(path: PurePosixPath) -> PurePosixPath:
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return PurePosixPath(*parts)
