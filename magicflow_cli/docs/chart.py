"""The outline as boxes and arrows: what both diagrams draw."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Literal, TypeAlias

from magicflow_cli.docs.outline import (
    BLOCK_ENDS,
    FAILS,
    RUN_ENDS,
    BlockView,
    Outline,
    RuleView,
    StepView,
)
from magicflow_cli.record import Record

BoxKind: TypeAlias = Literal["step", "start", "end", "fails", "rule"]
ArrowKind: TypeAlias = Literal["flow", "case", "failure", "fallback", "rule"]


class Box(Record):
    """`id` is unique in the chart. `inner` are the charts of a composite's blocks."""

    id: str
    kind: BoxKind
    title: str
    subtitle: str
    notes: list[tuple[str, str]]
    role: str
    inner: list[Chart]


class Arrow(Record):
    """`style`: further classes of the drawing."""

    source: str
    target: str
    kind: ArrowKind
    label: str
    style: str = ""


class Chart(Record):
    """One block. Boxes stand in document order; arrows connect boxes of this chart.
    The run's own block has no title, nor has one that is a single step of its name."""

    title: str
    boxes: list[Box]
    arrows: list[Arrow]


_ARROWS: dict[str, ArrowKind] = {
    "next": "flow",
    "rejoin": "flow",
    "depends": "flow",
    "skip": "case",
    "case": "case",
    "failure": "failure",
    "fallback": "fallback",
    "rule": "rule",
}


_NOTES = {
    "flow": "then",
    "case": "case",
    "failure": "on failure",
    "fallback": "fallback",
    "rule": "rule",
}
CROWD = 8


def chart(outline: Outline) -> Chart:
    """The run's own block, with its rules, from the start to its ends."""
    drawn = _chart_block(outline.root, "")
    boxes, arrows = list(drawn.boxes), list(drawn.arrows)
    for rule in outline.rules:
        _add_rule(rule, boxes, arrows)
    return Chart(title="", boxes=boxes, arrows=_merged(arrows))


def _chart_block(block: BlockView, prefix: str) -> Chart:
    here = f"{prefix}{block.id}#"
    boxes = [_box_of(step, here) for step in block.steps]
    arrows: list[Arrow] = []
    ends: dict[str, None] = {}
    nested = bool(block.title)
    names = {step.name for step in block.steps}
    if not nested:
        boxes.insert(0, _terminal(f"{here}@start", "start", "start"))
        for start in _entries(block):
            arrows.append(
                Arrow(
                    source=f"{here}@start", target=here + start, kind="flow", label=""
                )
            )
    for step in block.steps:
        for route in step.routes:
            target = route.target
            if target == BLOCK_ENDS and nested:
                continue
            if target not in names:
                target = target if target in (RUN_ENDS, FAILS) else RUN_ENDS
                ends[target] = None
            arrows.append(
                Arrow(
                    source=here + step.name,
                    target=here + target,
                    kind=_ARROWS[route.kind],
                    label=route.label,
                )
            )
    if block.dag and not nested:
        leading = {arrow.source for arrow in arrows}
        for step in block.steps:
            if here + step.name not in leading and step.role == "main":
                ends[RUN_ENDS] = None
                arrows.append(
                    Arrow(
                        source=here + step.name,
                        target=here + RUN_ENDS,
                        kind="flow",
                        label="",
                    )
                )
    if RUN_ENDS in ends:
        boxes.append(_terminal(here + RUN_ENDS, "end", "completed"))
    if FAILS in ends:
        boxes.append(_terminal(here + FAILS, "fails", "failed"))
    title = "" if [box.title for box in boxes] == [block.title] else block.title
    boxes, arrows = _note_crowds(boxes, _merged(arrows))
    return Chart(title=title, boxes=boxes, arrows=arrows)


def _entries(block: BlockView) -> list[str]:
    """Where a block begins: its start, or the roots of a DAG."""
    if block.start is not None:
        return [block.start]
    awaited = {r.target for s in block.steps for r in s.routes if r.kind == "depends"}
    return [s.name for s in block.steps if s.role == "main" and s.name not in awaited]


def _box_of(step: StepView, here: str) -> Box:
    return Box(
        id=here + step.name,
        kind="step",
        title=step.name,
        subtitle=step.does,
        notes=step.notes,
        role=step.role,
        inner=[_chart_block(block, here) for block in step.blocks],
    )


def _terminal(id: str, kind: BoxKind, title: str) -> Box:
    return Box(
        id=id, kind=kind, title=title, subtitle="", notes=[], role="main", inner=[]
    )


def _add_rule(rule: RuleView, boxes: list[Box], arrows: list[Arrow]) -> None:
    """A rule stands beside the steps that it reads; one that reads none is an island."""
    id = f"@{rule.id}"
    inner = [_chart_block(rule.block, id)] if rule.block is not None else []
    boxes.append(
        Box(
            id=id,
            kind="rule",
            title=f"if {rule.when}" if rule.when != "true" else "any other failure",
            subtitle=rule.does,
            notes=[],
            role="rule",
            inner=inner,
        )
    )
    ids = {box.title: box.id for box in boxes if box.kind == "step"}
    for name in rule.reads:
        if name in ids:
            arrows.append(Arrow(source=ids[name], target=id, kind="rule", label=""))
    if rule.target is not None and rule.target in ids:
        arrows.append(Arrow(source=id, target=ids[rule.target], kind="rule", label=""))


def _note_crowds(
    boxes: list[Box], arrows: list[Arrow]
) -> tuple[list[Box], list[Arrow]]:
    """Where more than a handful of arrows would meet in a handler or an end, a line in
    each box says so instead: nobody can follow a hundred arrows, and laying them out
    costs their square."""
    kinds = {box.id: box.kind for box in boxes}
    titles = {box.id: box.title for box in boxes}
    meeting = Counter(arrow.target for arrow in arrows if arrow.kind != "flow")
    meeting += Counter(a.target for a in arrows if kinds[a.target] in ("end", "fails"))
    crowded = {target for target, number in meeting.items() if number > CROWD}
    notes: dict[str, list[tuple[str, str]]] = {}
    kept: list[Arrow] = []
    for arrow in arrows:
        ends = kinds[arrow.target] in ("end", "fails")
        if arrow.target in crowded and (ends or arrow.kind != "flow"):
            when = arrow.label or _NOTES[arrow.kind]
            note = ("failure", f"{when} → {titles[arrow.target]}")
            notes.setdefault(arrow.source, []).append(note)
        else:
            kept.append(arrow)
    noted = [replace(box, notes=box.notes + notes.get(box.id, [])) for box in boxes]
    return noted, kept


def _merged(arrows: list[Arrow]) -> list[Arrow]:
    """Arrows of one kind between the same boxes as one, their labels joined."""
    labels: dict[tuple[str, str, ArrowKind], dict[str, None]] = {}
    for arrow in arrows:
        key = (arrow.source, arrow.target, arrow.kind)
        labels.setdefault(key, {})[arrow.label] = None
    return [
        Arrow(
            source=source,
            target=target,
            kind=kind,
            label=", ".join(label for label in found if label),
        )
        for (source, target, kind), found in labels.items()
    ]
