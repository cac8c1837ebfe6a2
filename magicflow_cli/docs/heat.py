"""A chart coloured by many runs of it: how often each box and arrow was taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from magicflow_cli.docs.chart import Arrow, Box, Chart

LEVELS = 10
STYLE = "\n".join(
    [
        ".heat > .box { fill: #e8590c; stroke: #c2410c; stroke-dasharray: none; }",
        *(
            f".heat-{level} > .box {{ fill-opacity: {0.06 * level:.2f}; }}"
            f" .taken-{level} > .arrow {{ stroke-width: {1.2 + 0.45 * level:.2f}; }}"
            for level in range(1, LEVELS + 1)
        ),
        ".cold { opacity: 0.35; }",
        "",
    ]
)


@dataclass(frozen=True, slots=True)
class Heat:
    """Shares from 0 to 1. `steps` by name, with a line to write under the step;
    `arrows` by the steps that they connect (`@run` and `@fails` are the ends) and kind;
    `ends` by `end` and `fails`; `rules` by the rule's id."""

    steps: Mapping[str, tuple[float, str]]
    arrows: Mapping[tuple[str, str, str], float]
    ends: Mapping[str, float]
    rules: Mapping[str, float]


def heat(chart: Chart, shares: Heat) -> Chart:
    """The chart with the classes of `STYLE` and the shares written on it."""
    return Chart(
        title=chart.title,
        boxes=[_heat_box(box, shares) for box in chart.boxes],
        arrows=[_heat_arrow(arrow, shares) for arrow in chart.arrows],
    )


def _heat_box(box: Box, shares: Heat) -> Box:
    share, line = 1.0, ""
    if box.kind == "step":
        share, line = shares.steps.get(box.title, (0.0, ""))
    elif box.kind == "rule":
        share = shares.rules.get(box.id.removeprefix("@"), 0.0)
        line = print_share(share) if share else ""
    elif box.kind != "start":
        share = shares.ends.get(box.kind, 0.0)
    notes = [*box.notes, ("subtitle", line)] if line else box.notes
    title = box.title
    if box.kind in ("end", "fails") and share:
        title = f"{title} {print_share(share)}"
    inner = [heat(each, shares) for each in box.inner]
    role = f"{box.role} {_class_of(share, 'heat')}"
    return replace(box, title=title, notes=notes, role=role, inner=inner)


def _heat_arrow(arrow: Arrow, shares: Heat) -> Arrow:
    source, target = _step_of(arrow.source), _step_of(arrow.target)
    if source == "@start":
        share: float | None = 1.0
    elif arrow.kind == "rule":
        share = shares.rules.get(target.removeprefix("@"))
    else:
        share = shares.arrows.get((source, target, arrow.kind))
    share = share or 0.0
    label = arrow.label
    if share and source != "@start":
        label = f"{label}, {print_share(share)}" if label else print_share(share)
    return replace(arrow, label=label, style=_class_of(share, "taken"))


def _step_of(id: str) -> str:
    return id.rpartition("#")[2]


def _class_of(share: float, name: str) -> str:
    if share <= 0:
        return "cold"
    level = min(max(round(share * LEVELS), 1), LEVELS)
    return f"{name} {name}-{level}"


def print_share(share: float) -> str:
    """`100 %`, `3.1 %`, `<0.1 %`."""
    percent = share * 100
    if 0 < percent < 0.1:
        return "<0.1 %"
    if percent >= 99.95 or percent == round(percent):
        return f"{percent:.0f} %"
    return f"{percent:.1f} %"
