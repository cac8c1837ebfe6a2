"""Scenario documents and the workflows that they are of."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicflow_cli.cli.project import ProjectFile
from magicflow_cli.cli.selection import SCENARIOS, SUFFIXES, InputFile, named, select
from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Label, Report
from magicflow_cli.diagnostics.suggestion import suggest

if TYPE_CHECKING:
    from magicflow_cli.check.model import CheckedWorkflow
    from magicflow_cli.documents import Parsed
    from magicflow_cli.plan.models import Plan

_LARGEST = 16 * 1024 * 1024
_PATH_SUFFIXES = SUFFIXES


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A workflow that scenarios are of, compiled; `json` is its plan."""

    checked: CheckedWorkflow
    plan: Plan
    json: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A scenario with its workflow."""

    document: Parsed
    target: Target

    @property
    def name(self) -> str:
        name: str = self.document.model.metadata.name
        return name

    @property
    def file(self) -> str:
        return self.document.document.source.file


Read = Callable[[InputFile, Report], "list[Parsed]"]


def read_workflows(
    scenarios: Sequence[Parsed],
    workflows: Sequence[Parsed],
    project: ProjectFile | None,
    read: Read,
    report: Report,
) -> list[Parsed]:
    """The workflows that scenarios name and that are not among `workflows` yet: by path,
    in the scenario's folder, in the one above it, or in what the project names."""
    known = {workflow.model.metadata.name for workflow in workflows}
    files = {os.path.realpath(w.document.source.file) for w in workflows}
    found: list[Parsed] = []
    for scenario in scenarios:
        wanted = scenario.model.spec.workflow
        if wanted in known:
            continue
        for candidate in _candidates(scenario, wanted, project):
            real = os.path.realpath(candidate.path)
            if real in files:
                break
            own = Report()
            documents = [d for d in read(candidate, own) if d.kind == "Workflow"]
            meant = [
                document
                for document in documents
                if _is_path(wanted) or document.model.metadata.name == wanted
            ]
            if meant or (own.has_errors and _is_path(wanted)):
                report.diagnostics += own.diagnostics
                files.add(real)
                known |= {document.model.metadata.name for document in documents}
                found += documents
                break
    return found


def _candidates(
    scenario: Parsed, wanted: str, project: ProjectFile | None
) -> Iterable[InputFile]:
    folder = Path(scenario.document.source.file).parent
    if _is_path(wanted):
        if (folder / wanted).is_file():
            yield named(Path(os.path.normpath(folder / wanted)))
        return
    here = sorted(_files(folder)) + sorted(_files(folder / ".."))
    listed = [] if project is None else select(project.paths("workflows")).files
    for file in [*(named(path) for path in here), *listed]:
        if _may_hold(file.path, wanted):
            yield file


def _files(folder: Path) -> Iterable[Path]:
    """The files directly in `folder` that may hold workflows."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.name.endswith(SUFFIXES) and not entry.name.endswith(SCENARIOS):
            yield Path(os.path.normpath(entry.path))


def _may_hold(path: Path, name: str) -> bool:
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST)
    except OSError:
        return False
    return b"orkflow" in text and name.encode() in text and b"plan_version" not in text


def _is_path(workflow: str) -> bool:
    return "/" in workflow or workflow.endswith(_PATH_SUFFIXES)


def match_scenarios(
    scenarios: Sequence[Parsed],
    workflows: Sequence[CheckedWorkflow],
    report: Report,
) -> list[Case]:
    """Every scenario with its workflow, compiled, and checked against it.

    Nothing is compiled while there are errors.
    """
    pairs = _pairs(scenarios, workflows, report)
    _refuse_doubles(pairs, report)
    if report.has_errors:
        return []
    from magicflow_cli.compile import compile_workflow
    from magicflow_cli.plan import to_json
    from magicflow_cli.simulate.check import check_scenario

    targets: dict[int, Target] = {}
    cases: list[Case] = []
    for scenario, checked in pairs:
        target = targets.get(id(checked))
        if target is None:
            plan = compile_workflow(checked).plan
            target = targets[id(checked)] = Target(checked, plan, to_json(plan))
        check_scenario(scenario, target.json, report)
        cases.append(Case(scenario, target))
    return cases


def _pairs(
    scenarios: Sequence[Parsed],
    workflows: Sequence[CheckedWorkflow],
    report: Report,
) -> list[tuple[Parsed, CheckedWorkflow]]:
    pairs: list[tuple[Parsed, CheckedWorkflow]] = []
    for scenario in scenarios:
        wanted = scenario.model.spec.workflow
        found = [each for each in workflows if _is_meant(scenario, wanted, each)]
        if found:
            pairs.append((scenario, found[-1]))
            continue
        if report.has_errors:
            continue  # its file may be the one that cannot be read
        from magicflow_cli.documents import key_span

        names = [each.workflow.metadata.name for each in workflows]
        near = suggest(wanted, names)
        help = "write its name, or the path to its file from here"
        report.add(
            codes.MF5501,
            f"there is no workflow `{wanted}`",
            key_span(scenario.model.spec, "workflow"),
            help=f"did you mean `{near}`?" if near else help,
        )
    return pairs


def _is_meant(scenario: Parsed, wanted: str, checked: CheckedWorkflow) -> bool:
    if not _is_path(wanted):
        name: str = checked.workflow.metadata.name
        return name == wanted
    folder = Path(scenario.document.source.file).parent
    file = checked.document.document.source.file
    return os.path.realpath(folder / wanted) == os.path.realpath(file)


def _refuse_doubles(
    pairs: Sequence[tuple[Parsed, CheckedWorkflow]], report: Report
) -> None:
    from magicflow_cli.documents import key_span

    seen: dict[tuple[int, str], Parsed] = {}
    for scenario, checked in pairs:
        name = scenario.model.metadata.name
        first = seen.setdefault((id(checked), name), scenario)
        if first is not scenario:
            report.add(
                codes.MF5507,
                f"there is a scenario `{name}` of `{checked.workflow.metadata.name}` already",
                key_span(scenario.model.metadata, "name"),
                help="give each scenario of a workflow a name of its own",
                labels=[
                    Label(
                        key_span(first.model.metadata, "name"), "the first stands here"
                    )
                ],
            )
