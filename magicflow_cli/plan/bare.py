"""A plan around types alone, for what generates types and no workflow."""

from __future__ import annotations

from magicflow_cli.plan import models as plan


def plan_of_types(
    name: str, types: dict[str, plan.TypeDef], field_order: dict[str, list[str]]
) -> plan.Plan:
    nothing = plan.TypeRef(type="null")
    return plan.Plan(
        profile="mf-2026.1",
        hash="",
        workflow=plan.WorkflowInfo(name=name, version="1.0.0"),
        input=nothing,
        output=plan.RunOutput(type=nothing, value=plan.LitExpr(value=None)),
        root="/",
        nodes={},
        steps={},
        functions={},
        types=types,
        events={},
        rules=[],
        triggers=[],
        limits=plan.Limits(
            visits_per_block=1, occurrences_per_run=1, value_bytes=1, cancel_grace=1
        ),
        presentation=plan.Presentation(step_order=[], field_order=field_order),
    )
