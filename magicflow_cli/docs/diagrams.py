"""A plan as a diagram."""

from __future__ import annotations

from typing import Literal

from magicflow_cli.docs.chart import chart
from magicflow_cli.docs.durations import print_duration
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


def _caption(plan: Plan) -> str:
    parts = []
    if plan.workflow.description:
        parts.append(plan.workflow.description)
    if plan.timeout is not None:
        parts.append(f"timeout {print_duration(plan.timeout.after)}")
    return " · ".join(parts)
