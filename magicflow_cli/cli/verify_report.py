"""What `verify` found, as diagnostics, as text, as JSON and as scenario files."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicflow_cli.cli.output import count, write_product
from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.finish import finish
from magicflow_cli.diagnostics.model import Diagnostic, Label, Span
from magicflow_cli.diagnostics.sources import Sources

if TYPE_CHECKING:
    from magicflow_cli.check.model import CheckedWorkflow
    from magicflow_cli.compile import Compiled
    from magicflow_cli.verify.verification import End, Verification

Json = dict[str, Any]
MAX_ENDS = 20
"""Ways to end that the text names; JSON names all."""
LONGEST_PATH = 12
"""Steps of a path that is shown in full."""


@dataclass(slots=True)
class Verified:
    """One workflow, verified. `files` are the scenarios that were written, by name."""

    checked: CheckedWorkflow
    compiled: Compiled
    result: Verification
    files: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        name: str = self.checked.workflow.metadata.name
        return name

    @property
    def file(self) -> str:
        return self.checked.document.document.source.file


# diagnostics


def diagnostics_of(
    found: Sequence[Verified], sources: Sources, strict: bool
) -> tuple[Diagnostic, ...]:
    """All findings, sorted; those that a comment silences are left out."""
    every = [diagnostic for each in found for diagnostic in _diagnostics(each)]
    return finish(every, sources, strict=strict, verified=True)


def _diagnostics(verified: Verified) -> Iterator[Diagnostic]:
    result = verified.result
    for shown in result.shown:
        finding = shown.finding
        help = finding.help
        if shown.path:
            help = f"{help}; shortest run: {_way(shown.path)}"
        if finding.name in verified.files:
            help = f"{help}: `{verified.files[finding.name]}`"
        yield Diagnostic(
            finding.code.id,
            finding.severity or finding.code.severity,
            finding.message,
            _span(verified, finding.node),
            help,
            tuple(Label(_span(verified, n), text) for n, text in finding.others),
        )
    if not result.graph.complete:
        yield Diagnostic(
            codes.MF5711.id,
            codes.MF5711.severity,
            _incomplete(verified),
            _span(verified, None),
            (
                "raise `--bound`, or make the workflow smaller: what is left may hold more"
                if result.graph.frontier
                else "ask less of one value: it has more combinations than are tried"
            ),
        )


def _incomplete(verified: Verified) -> str:
    graph = verified.result.graph
    if graph.frontier:
        return (
            f"the search of `{verified.name}` stopped at its bound of "
            f"{graph.bound:,} states, with {len(graph.frontier):,} to go on from"
        )
    steps = ", ".join(_source(name) for name in graph.sampled)
    return f"not every combination of the values of {steps} was tried"


def _source(node: str) -> str:
    return "the input" if node == "@input" else f"`{node.removesuffix('/do')}`"


def _way(path: Sequence[str]) -> str:
    names = [f"`{name}`" for name in path]
    if len(names) > LONGEST_PATH:
        names = [*names[: LONGEST_PATH - 2], "…", names[-1]]
    return " → ".join(names)


def _span(verified: Verified, node: str | None) -> Span:
    """Where a node stands; the workflow's name for what belongs to all of it."""
    spans = verified.compiled.spans
    if node is not None:
        pointer = "/nodes/" + node.replace("~", "~0").replace("/", "~1")
        if pointer in spans and node != "/":
            return spans[pointer]
    from magicflow_cli.documents import key_span

    return key_span(verified.checked.workflow.metadata, "name")


# text


def text(verified: Verified) -> str:
    """How far the search came, how runs end, how long and large they get."""
    result = verified.result
    graph = result.graph
    reached = sum(1 for n in range(1, graph.states) if result.times.reaches(n))
    done = "complete" if graph.complete else "not complete"
    lines = [
        f"{verified.name}: {count_of(reached, 'state')}, "
        f"{count_of(graph.transitions, 'transition')}, {done} "
        f"(bound: {graph.bound:,} states)"
    ]
    ends = result.ends[:MAX_ENDS]
    width = max((len(_end(end)) for end in ends), default=0)
    lines += [
        f"  ends  {_end(end):<{width}}  after {count(end.length, 'event')}"
        for end in ends
    ]
    if len(result.ends) > len(ends):
        lines.append(f"  ends  … and {len(result.ends) - len(ends)} more ways")
    goals = result.findings.observer.coverage.goals
    met = len(result.findings.goals & goals)
    lines.append(f"  runs come to {met} of {len(goals)} steps, ways, errors and limits")
    lines.append(f"  longest run: {_longest(result)}{_by(result.longest)}")
    lines.append(f"  largest state: {result.bytes:,} bytes{_by(result.largest)}")
    if result.untimed:
        lines.append(f"  {count(result.untimed, 'finding')} that no times bring about")
    if verified.files:
        lines.append(f"  {count(len(verified.files), 'scenario')} written")
    return "\n".join(lines) + "\n"


def count_of(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _end(end: End) -> str:
    parts = [end.status]
    if end.code is not None and end.status != "completed":
        parts.append(end.code if end.step is None else f"{end.code} of {end.step}")
    if end.compensation is not None:
        parts.append(f"compensation {end.compensation}")
    return ", ".join(parts)


def _longest(result: Verification) -> str:
    from magicflow.simulation.times import print_duration

    longest = result.times.longest
    if longest is None:
        return "nothing limits it"
    # results come a millisecond before a limit, which nobody wants to read
    return print_duration(-(-longest // 1_000) * 1_000)


def _by(scenario: Mapping[str, Any] | None) -> str:
    """The steps of the run that a scenario plays, where there is one."""
    path = (scenario or {}).get("expect", {}).get("path")
    return f", by {' → '.join(f'`{step}`' for step in path)}" if path else ""


# JSON


def json_text(
    found: Sequence[Verified], diagnostics: Sequence[Diagnostic], sources: Sources
) -> str:
    """The diagnostics' document with one member more: `verified`."""
    from magicflow_cli.diagnostics.render import render

    document = json.loads(render("json", diagnostics, sources, color=False, width=100))
    document["verified"] = [_document(each) for each in found]
    return json.dumps(document, indent=2) + "\n"


def _document(verified: Verified) -> Json:
    result = verified.result
    graph = result.graph
    goals = result.findings.observer.coverage.goals
    return {
        "workflow": verified.name,
        "file": verified.file,
        "bound": graph.bound,
        "complete": graph.complete,
        "states": graph.states - 1,
        "transitions": graph.transitions,
        "unexplored": len(graph.frontier),
        "sampled": [name.removesuffix("/do") for name in graph.sampled],
        "ends": [
            {
                "status": end.status,
                "code": end.code,
                "step": end.step,
                "compensation": end.compensation,
                "events": end.length,
            }
            for end in result.ends
        ],
        "longest": result.times.longest,
        "largest": result.bytes,
        "goals": {"all": len(goals), "reached": len(result.findings.goals & goals)},
        "findings": [
            {
                "code": shown.finding.code.id,
                "name": shown.finding.name,
                "path": shown.path,
                "scenario": scenario,
            }
            for shown, scenario in result.scenarios()
        ],
    }


# scenarios


def write_scenarios(verified: Verified, folder: Path) -> None:
    """A file for every finding that a run shows, and for the longest run and the
    largest state."""
    result = verified.result
    made: list[tuple[str, str, Mapping[str, Any]]] = [
        (shown.finding.name, shown.finding.message, scenario)
        for shown, scenario in result.scenarios()
        if scenario is not None
    ]
    if result.longest is not None:
        told = f"the run that takes longest: at most {_longest(result)}"
        made.append(("longest-run", told, result.longest))
    if result.largest is not None:
        told = f"the largest state: {result.bytes:,} bytes"
        made.append(("largest-state", told, result.largest))
    from magicflow_cli.simulate import writing

    workflow = reference(verified.checked, folder)
    for name, told, spec in made:
        path = folder / f"{verified.name}-{name}.scenario.yaml"
        document = writing.scenario_document(name, {**spec, "workflow": workflow}, told)
        write_product(writing.write_scenarios([document]), path)
        verified.files[name] = str(path)


def reference(checked: CheckedWorkflow, folder: Path) -> str:
    """What a scenario in `folder` calls a workflow: its name, where that is found from
    there, else the path to its file."""
    name: str = checked.workflow.metadata.name
    home = Path(checked.document.document.source.file).parent
    if os.path.realpath(home) in (
        os.path.realpath(folder),
        os.path.realpath(folder / ".."),
    ):
        return name
    path = os.path.relpath(checked.document.document.source.file, folder)
    return Path(path).as_posix()
