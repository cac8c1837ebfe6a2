"""The results of `magic-flow test`: as text, JSON, annotations, JUnit XML."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from magicflow.simulation.expectation import Difference
from magicflow.simulation.times import print_duration

from magicflow_cli.cli.output import count
from magicflow_cli.diagnostics.model import Span
from magicflow_cli.diagnostics.render.github import command
from magicflow_cli.diagnostics.render.terminal import safe
from magicflow_cli.documents import key_span, node_of
from magicflow_cli.load.nodes import Mapping, Node, plain
from magicflow_cli.simulate.check import is_test
from magicflow_cli.simulate.coverage import PLURALS
from magicflow_cli.simulate.testing import Suite, Tested, Verdict

if TYPE_CHECKING:
    from magicflow_cli.cli.scenarios import Case, Target

MISSING = 12
"""So many goals that were not reached are named; JSON names all."""
_MARKS = {
    "passed": ("✓", "\x1b[32m"),
    "failed": ("✗", "\x1b[31m"),
    "skipped": ("–", "\x1b[2m"),
}


@dataclass(slots=True)
class Group:
    """The scenarios of one workflow, with what came of them."""

    target: Target
    suite: Suite
    tests: list[tuple[Case, Tested, float]] = field(default_factory=list)

    @classmethod
    def of(cls, target: Target) -> Group:
        return cls(target, Suite.of(target.json))

    def run(self, case: Case) -> Verdict:
        """Play one more."""
        began = perf_counter()
        if is_test(case.document):
            spec = case.document.root.get("spec")
            assert spec is not None
            value = plain(spec)
            assert isinstance(value, dict)
            tested = self.suite.play(case.name, value)
        else:
            why = "it is left to chance: `magic-flow simulate --outcomes` plays it"
            tested = Tested(case.name, "skipped", None, why)
        self.tests.append((case, tested, perf_counter() - began))
        return tested.verdict

    def is_below(self, percent: int | None) -> bool:
        return percent is not None and self.suite.percent < percent

    def __iter__(self) -> Iterator[Tested]:
        return (tested for _, tested, _ in self.tests)

    @property
    def title(self) -> str:
        workflow = self.target.plan.workflow
        return f"{workflow.name} {workflow.version}"

    @property
    def file(self) -> str:
        return self.target.checked.document.document.source.file


def place_of(case: Case, difference: Difference) -> Span:
    """Where a scenario expects what did not come: the nearest key around it."""
    spec = case.document.model.spec
    if spec.expect is None:
        return key_span(case.document.model.metadata, "name")
    node: Node = node_of(spec.expect)
    span = key_span(spec, "expect")
    for key in difference.place.partition("/")[0].split("."):
        if not isinstance(node, Mapping) or key not in node:
            break
        span = node.entries[key].key.span()
        node = node.entries[key].value
    return span


# text


def text(groups: Sequence[Group], color: bool, least: int | None) -> str:
    lines: list[str] = []
    for group in groups:
        lines.append(f"{group.title}  {group.file}")
        for case, tested, _ in group.tests:
            lines += _told(case, tested)
        lines += _coverage(group, least)
        lines.append("")
    lines.append(_summary(groups, least))
    shown = map(safe, lines)
    return "\n".join(map(_paint, shown) if color else shown) + "\n"


def _paint(line: str) -> str:
    for mark, style in _MARKS.values():
        if line.startswith(f"  {mark} "):
            return f"  {style}{mark}\x1b[0m{line[3:]}"
    return line


def _told(case: Case, tested: Tested) -> Iterator[str]:
    mark, _ = _MARKS[tested.verdict]
    line = f"  {mark} {tested.name}"
    result = tested.result
    if tested.verdict == "passed" and result is not None:
        yield f"{line}  {_virtual(result.trace.duration)}"
    elif tested.verdict == "skipped":
        yield f"{line}  {tested.why}"
    else:
        yield line
        if result is None:
            yield f"      {case.file}: {tested.why}"
        for difference in tested.differences:
            span = place_of(case, difference)
            head, *rest = difference.text.split("\n")
            yield f"      {span.file}:{span.line}  {difference.place}: {head}"
            yield from (f"      {each}" for each in rest)
    if result is not None:
        yield from (f"      note: {note}" for note in result.notes)


def _virtual(millis: int) -> str:
    return print_duration(millis) if millis % 1000 == 0 else f"{millis / 1000:.3f}s"


def _coverage(group: Group, least: int | None) -> Iterator[str]:
    suite = group.suite
    parts = [
        f"{reached} of {total} {PLURALS[kind]}"
        for kind, reached, total in suite.counts()
    ]
    yield f"  coverage {suite.percent:.0f} %: {', '.join(parts)}"
    if group.is_below(least):
        yield f"  the coverage is below the {least} % of `--min-coverage`"
    missing = suite.missing()
    for goal in missing[:MISSING]:
        yield f"    not reached: {goal}"
    if len(missing) > MISSING:
        yield f"    … and {len(missing) - MISSING} more"
    if suite.coverage.unreachable:
        names = ", ".join(f"`{name}`" for name in sorted(suite.coverage.unreachable))
        yield f"    no path leads to {names}"


def _summary(groups: Sequence[Group], least: int | None) -> str:
    verdicts = [tested.verdict for group in groups for tested in group]
    parts = [
        f"{verdicts.count(verdict)} {verdict}"
        for verdict in ("passed", "failed", "skipped")
        if verdict in verdicts
    ]
    below = sum(group.is_below(least) for group in groups)
    if below:
        parts.append(f"{count(below, 'workflow')} below {least} % coverage")
    return f"{count(len(verdicts), 'scenario')}: {', '.join(parts)}"


# JSON


def json_text(groups: Sequence[Group], color: bool, least: int | None) -> str:
    document = {
        "workflows": [_workflow(group, least) for group in groups],
        "passed": sum(t.verdict == "passed" for group in groups for t in group),
        "failed": sum(t.verdict == "failed" for group in groups for t in group),
        "skipped": sum(t.verdict == "skipped" for group in groups for t in group),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _workflow(group: Group, least: int | None) -> dict[str, Any]:
    suite = group.suite
    return {
        "name": group.target.plan.workflow.name,
        "version": group.target.plan.workflow.version,
        "file": group.file,
        "scenarios": [_scenario(case, tested) for case, tested, _ in group.tests],
        "coverage": {
            "percent": round(suite.percent, 2),
            "is_enough": not group.is_below(least),
            "goals": {
                PLURALS[kind].replace(" ", "_"): {"reached": reached, "total": total}
                for kind, reached, total in suite.counts()
            },
            "missing": [
                {**goal._asdict(), "text": str(goal)} for goal in suite.missing()
            ],
            "unreachable": sorted(suite.coverage.unreachable),
        },
    }


def _scenario(case: Case, tested: Tested) -> dict[str, Any]:
    span = key_span(case.document.model.metadata, "name")
    found: dict[str, Any] = {
        "name": tested.name,
        "file": span.file,
        "line": span.line,
        "verdict": tested.verdict,
    }
    if tested.why:
        found["why"] = tested.why
    result = tested.result
    if result is not None:
        trace = result.trace
        found |= {
            "status": trace.status if trace.is_over else "waiting",
            "path": trace.path(),
            "duration": trace.duration,
            "differences": [
                {
                    "place": each.place,
                    "line": place_of(case, each).line,
                    "text": each.text,
                }
                for each in result.differences
            ],
            "notes": result.notes,
        }
    return found


# annotations


def github(groups: Sequence[Group], color: bool, least: int | None) -> str:
    """A workflow command for every difference, and the summary."""
    lines: list[str] = []
    for group in groups:
        for case, tested, _ in group.tests:
            if tested.verdict == "failed" and tested.result is None:
                span = key_span(case.document.model.metadata, "name")
                lines.append(command("error", tested.name, span, tested.why))
            for each in tested.differences:
                message = f"{each.place}: {each.text}"
                span = place_of(case, each)
                lines.append(command("error", tested.name, span, message))
        if group.is_below(least):
            message = (
                f"the scenarios reach {group.suite.percent:.0f} % of {group.title}, "
                f"less than {least} %"
            )
            span = key_span(group.target.checked.workflow.metadata, "name")
            lines.append(command("error", "coverage", span, message))
    return "".join(lines) + _summary(groups, least) + "\n"


# JUnit


def junit(groups: Sequence[Group]) -> str:
    """What CI servers read; times are what playing took, not virtual ones."""
    tests = [t for group in groups for t in group]
    seconds = sum(each for group in groups for *_, each in group.tests)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="magic-flow test" {_numbers(tests)} time="{seconds:.3f}">',
    ]
    for group in groups:
        own = list(group)
        took = sum(each for *_, each in group.tests)
        name = _attribute(group.title)
        lines.append(f'  <testsuite name={name} {_numbers(own)} time="{took:.3f}">')
        lines += _properties(group)
        for case, tested, each in group.tests:
            lines += _case(case, tested, each, group)
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _numbers(tests: Sequence[Tested]) -> str:
    verdicts = [each.verdict for each in tests]
    return (
        f'tests="{len(verdicts)}" failures="{verdicts.count("failed")}" errors="0" '
        f'skipped="{verdicts.count("skipped")}"'
    )


def _properties(group: Group) -> Iterator[str]:
    yield "    <properties>"
    yield f'      <property name="coverage" value="{group.suite.percent:.2f}"/>'
    yield "    </properties>"


def _case(case: Case, tested: Tested, seconds: float, group: Group) -> Iterator[str]:
    head = (
        f"    <testcase name={_attribute(tested.name)} "
        f"classname={_attribute(group.target.plan.workflow.name)} "
        f'file={_attribute(case.file)} time="{seconds:.3f}"'
    )
    if tested.verdict == "passed":
        yield head + "/>"
        return
    yield head + ">"
    if tested.verdict == "skipped":
        yield f"      <skipped message={_attribute(tested.why)}/>"
    else:
        told = [f"{each.place}: {each.text}" for each in tested.differences]
        told = told or [tested.why]
        first = told[0].split("\n")[0]
        yield f"      <failure message={_attribute(first)}>"
        yield escape(_printable("\n".join(told))) + "</failure>"
    yield "    </testcase>"


def _attribute(text: str) -> str:
    return quoteattr(_printable(text))


def _printable(text: str) -> str:
    """Without what XML cannot say."""
    return "".join(
        (
            char
            if char in "\n\t" or (char.isprintable() and char <= "\ufffd")
            else "\ufffd"
        )
        for char in text
    )
