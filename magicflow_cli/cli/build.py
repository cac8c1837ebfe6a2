"""From files to checked workflows: what every command that reads workflows calls."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from magicflow_cli.cli.selection import InputFile, Selection, named
from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Diagnostic, Report, Span
from magicflow_cli.load.nodes import Source

if TYPE_CHECKING:
    from magicflow_cli.check.model import CheckedWorkflow
    from magicflow_cli.cli.scenarios import Case
    from magicflow_cli.documents import Parsed


@dataclass(slots=True)
class Build:
    """What became of the files. `workflows` are fit to compile only when nothing in
    `diagnostics` is an error; `sources` are by file name, for rendering. `scenarios`
    are there when nothing is an error."""

    workflows: list[CheckedWorkflow] = field(default_factory=list)
    diagnostics: tuple[Diagnostic, ...] = ()
    sources: dict[str, Source] = field(default_factory=dict)
    files: int = 0
    scenarios: list[Case] = field(default_factory=list)

    @property
    def has_errors(self) -> bool:
        return any(d.severity.value == "error" for d in self.diagnostics)


def build(
    selection: Selection,
    *,
    context: InputFile | None = None,
    strict: bool = False,
    on_read: Callable[[int], None] | None = None,
) -> Build:
    """Load, parse and check. `context` is the one of `--context`; `strict` makes
    warnings errors. Whatever is wrong is in the diagnostics, sorted and finished.
    `on_read` hears how many files have been read."""
    from magicflow_cli.check import check
    from magicflow_cli.diagnostics.finish import finish

    reader = _Reader()
    report = Report()
    if selection.project is not None:
        report.diagnostics.extend(selection.project.diagnostics)
        source = selection.project.source
        reader.sources[source.file] = source
    workflows: list[Parsed] = []
    contexts: list[Parsed] = []
    scenarios: list[Parsed] = []
    lists = {"Workflow": workflows, "WorkflowContext": contexts}
    for number, file in enumerate(selection.files, 1):
        for parsed in reader.read(file, report):
            lists.get(parsed.kind, scenarios).append(parsed)
        if on_read is not None:
            on_read(number)
    if scenarios:
        from magicflow_cli.cli.scenarios import read_workflows

        project = selection.project
        workflows += read_workflows(scenarios, workflows, project, reader.read, report)
    chosen = _chosen(context, reader, report) if context is not None else None
    beside = reader.read_beside(selection, workflows) if chosen is None else []
    checked = check(
        workflows,
        [*contexts, *(parsed for parsed, _ in beside)],
        report,
        context=chosen,
    )
    used = {id(workflow.context_document) for workflow in checked}
    for parsed, own in beside:
        if id(parsed) in used:
            report.diagnostics.extend(own.diagnostics)
        else:
            reader.sources.pop(parsed.document.source.file, None)
    if chosen is None and context is not None and not report.has_errors:
        report.add(
            codes.MF0010,
            f"`{context.name}` holds no WorkflowContext",
            Span(context.name, 1, 1, 1, 1),
            help="`--context` names a file with a document of `kind: WorkflowContext`",
        )
    cases: list[Case] = []
    if scenarios:
        from magicflow_cli.cli.scenarios import match_scenarios

        cases = match_scenarios(scenarios, checked, report)
    return Build(
        workflows=checked,
        diagnostics=finish(report, reader.sources, strict=strict),
        sources=reader.sources,
        files=len(selection.files),
        scenarios=cases,
    )


class _Reader:
    def __init__(self) -> None:
        self.sources: dict[str, Source] = {}

    def read(self, file: InputFile, report: Report) -> list[Parsed]:
        from magicflow_cli.documents import parse
        from magicflow_cli.load import load_file

        loaded = load_file(file.path, file.name)
        self.sources[file.name] = loaded.source
        report.diagnostics.extend(loaded.diagnostics)
        parsed = (parse(document, report) for document in loaded.documents)
        return [document for document in parsed if document is not None]

    def read_beside(
        self, selection: Selection, workflows: list[Parsed]
    ) -> list[tuple[Parsed, Report]]:
        """The contexts that the workflows may mean without being among the files: the
        project's, those in their folders and those that they name by path."""
        known = {os.path.realpath(file.path) for file in selection.files}
        found: list[tuple[Parsed, Report]] = []
        beside = [named(path) for path in _context_paths(workflows)]
        for file in [*selection.contexts, *beside]:
            real = os.path.realpath(file.path)
            if real in known:
                continue
            known.add(real)
            report = Report()
            found += (
                (parsed, report)
                for parsed in self.read(file, report)
                if parsed.kind == "WorkflowContext"
            )
        return found


def _context_paths(workflows: list[Parsed]) -> list[Path]:
    from magicflow_cli.check.contexts import is_path
    from magicflow_cli.cli.selection import list_contexts

    paths: list[Path] = []
    folders: dict[Path, None] = {}
    for workflow in workflows:
        folder = Path(workflow.document.source.file).parent
        folders[folder] = None
        wanted = getattr(workflow.model.spec, "context", None)
        if isinstance(wanted, str) and is_path(wanted) and (folder / wanted).is_file():
            paths.append(folder / wanted)
    for folder in folders:
        paths += list_contexts(folder)
    return paths


def _chosen(context: InputFile, reader: _Reader, report: Report) -> Parsed | None:
    for parsed in reader.read(context, report):
        if parsed.kind == "WorkflowContext":
            return parsed
    return None
