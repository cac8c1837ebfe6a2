"""A chart coloured by one run of it."""

from __future__ import annotations

from collections.abc import Mapping

from magicflow_cli.docs.chart import Box, Chart

_CLASSES = {
    "completed": "run-completed",
    "failed": "run-failed",
    "timed_out": "run-failed",
    "cancelled": "run-cancelled",
    "running": "run-open",
    "waiting": "run-open",
}
_ENDS = {"completed": "end", "failed": "fails", "timed_out": "fails"}


def colour(chart: Chart, statuses: Mapping[str, str], ended: str) -> Chart:
    """The chart with a class for what became of each box: `statuses` by step's name;
    what the run did not reach is `run-untouched`."""
    boxes = [_colour_box(box, statuses, ended) for box in chart.boxes]
    return Chart(title=chart.title, boxes=boxes, arrows=chart.arrows)


def _colour_box(box: Box, statuses: Mapping[str, str], ended: str) -> Box:
    return Box(
        id=box.id,
        kind=box.kind,
        title=box.title,
        subtitle=box.subtitle,
        notes=box.notes,
        role=f"{box.role} {_class_of(box, statuses, ended)}",
        inner=[colour(inner, statuses, ended) for inner in box.inner],
    )


def _class_of(box: Box, statuses: Mapping[str, str], ended: str) -> str:
    if box.kind == "step":
        return _CLASSES.get(statuses.get(box.title, ""), "run-untouched")
    if box.kind == "start":
        return "run-completed"
    if box.kind in ("end", "fails"):
        return "run-reached" if _ENDS.get(ended) == box.kind else "run-untouched"
    return "run-untouched"
