"""A plan as a diagram."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from magicflow_cli.docs.chart import chart
from magicflow_cli.docs.durations import print_duration
from magicflow_cli.docs.heat import Heat
from magicflow_cli.docs.outline import outline
from magicflow_cli.plan.models import Plan


def draw(plan: Plan, format: Literal["mermaid", "svg"]) -> str:
    """The workflow's own block with everything in it, as a whole document."""
    drawn = chart(outline(plan))
    if format == "mermaid":
        from magicflow_cli.docs.mermaid import draw_mermaid

        return draw_mermaid(drawn)
    from magicflow_cli.docs.svg import draw_svg

    return draw_svg(
        drawn, f"{plan.workflow.name} {plan.workflow.version}", _caption(plan)
    )


def draw_run(plan: Plan, statuses: Iterable[tuple[str, str]], ended: str) -> str:
    """The workflow as SVG, coloured by a run: step and status of its occurrences in
    order, the last of a step counts; `ended` is the run's status."""
    from magicflow_cli.docs.coloured import colour
    from magicflow_cli.docs.svg import draw_svg

    drawn = colour(chart(outline(plan)), dict(statuses), ended)
    return draw_svg(
        drawn,
        f"{plan.workflow.name} {plan.workflow.version}",
        f"a run that {ENDED.get(ended, ended)}",
    )


def draw_heat(plan: Plan, shares: Heat, caption: str) -> str:
    """The workflow as SVG, coloured by how often many runs took each step and arrow."""
    from magicflow_cli.docs.heat import STYLE, heat
    from magicflow_cli.docs.svg import draw_svg

    drawn = heat(chart(outline(plan)), shares)
    name = f"{plan.workflow.name} {plan.workflow.version}"
    return draw_svg(drawn, name, caption, STYLE)


ENDED = {
    "completed": "completed",
    "failed": "failed",
    "timed_out": "timed out",
    "cancelled": "was cancelled",
}


def _caption(plan: Plan) -> str:
    parts = []
    if plan.workflow.description:
        parts.append(plan.workflow.description)
    if plan.timeout is not None:
        parts.append(f"timeout {print_duration(plan.timeout.after)}")
    return " · ".join(parts)
