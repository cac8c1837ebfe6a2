"""Assembles the plan of a workflow and the map of where its parts stand."""

from __future__ import annotations

import hashlib
from typing import Any

from magicflow_cli.check.model import CheckedWorkflow, StepInfo
from magicflow_cli.compile.builder import NULL, Builder, escape_pointer, millis
from magicflow_cli.compile.kinds import ANY
from magicflow_cli.compile.rules import compile_rules, notifications
from magicflow_cli.compile.steps import compile_blocks
from magicflow_cli.diagnostics import Span
from magicflow_cli.documents.models import workflow as models
from magicflow_cli.load.nodes import Mapping, Scalar
from magicflow_cli.plan import models as plan
from magicflow_cli.plan import plan_hash
from magicflow_cli.record import Value

PROFILE = "mf-2026.1"
LIMITS = plan.Limits(
    visits_per_block=1_000,
    occurrences_per_run=10_000,
    value_bytes=256 * 1024,
    cancel_grace=30_000,
)


class Compiled(Value):
    """A plan, and beside it where its parts stand: JSON pointer into the plan → span,
    and the SHA-256 of every source file by name."""

    plan: plan.Plan
    spans: dict[str, Span]
    sources: dict[str, str]

    def map_json(self) -> dict[str, Any]:
        """What `plan.map.json` holds."""
        return {
            "map_version": 1,
            "plan_hash": self.plan.hash,
            "sources": self.sources,
            "spans": {
                pointer: {
                    "file": span.file,
                    "start": [span.line, span.col],
                    "end": [span.end_line, span.end_col],
                }
                for pointer, span in sorted(self.spans.items())
            },
        }


def compile_workflow(checked: CheckedWorkflow) -> Compiled:
    """The plan of a workflow whose check found no errors.

    The function is total on such workflows: an exception here is a defect of ours.
    """
    builder = Builder(checked)
    compile_blocks(builder)
    rules = compile_rules(builder)
    spec = checked.workflow.spec
    bare = plan.Plan(
        profile=PROFILE,
        hash="",
        workflow=_workflow_info(checked),
        input=checked.input_type or ANY,
        output=plan.RunOutput(
            type=checked.output_type or ANY, value=checked.output_value or NULL
        ),
        timeout=_run_timeout(checked),
        root=checked.root.id,
        nodes=builder.nodes,
        steps={step.name: _step(checked, step) for step in checked.steps.values()},
        functions=_functions(checked),
        types=checked.types,
        events=checked.events,
        rules=rules,
        notifications=notifications(checked),
        triggers=_triggers(builder),
        concurrency=_concurrency(builder),
        unique=spec.unique,
        security=_security(builder),
        retention=_retention(spec.retention),
        limits=LIMITS,
        presentation=plan.Presentation(
            step_order=list(checked.steps), field_order=checked.field_order
        ),
    )
    _add_spans(builder)
    return Compiled(bare.but(hash=plan_hash(bare)), builder.spans, _digests(checked))


def _workflow_info(checked: CheckedWorkflow) -> plan.WorkflowInfo:
    metadata = checked.workflow.metadata
    context = checked.context
    return plan.WorkflowInfo(
        name=metadata.name,
        version=(metadata.version or "0.0.0").removeprefix("v"),
        description=metadata.description,
        tags=metadata.tags,
        owner=metadata.owner,
        created_by=metadata.created_by,
        labels=metadata.labels,
        annotations=metadata.annotations,
        context=context.metadata.name if context is not None else None,
    )


def _run_timeout(checked: CheckedWorkflow) -> plan.RunTimeout | None:
    spec = checked.workflow.spec
    after = millis(spec.timeout)
    if after is None:
        return None
    action = spec.timeout_action or "cancel_and_cleanup"
    handler = checked.timeout_fallback if action == "fallback" else None
    return plan.RunTimeout(
        after=after, action=action, handler=handler.name if handler else None
    )


def _step(checked: CheckedWorkflow, step: StepInfo) -> plan.Step:
    type_: Any = step.type
    function = f"{step.executor}/{step.function}" if step.type == "function" else None
    return plan.Step(
        name=step.name,
        type=type_,
        node=step.name,
        block=step.block.id,
        role=step.role,
        handler=step.handler,
        implicit=step.implicit,
        function=function,
        input=checked.step_inputs.get(step.name),
        output=checked.step_outputs.get(step.name),
        description=_description(step),
    )


def _description(step: StepInfo) -> str | None:
    text = step.node.get("description") if step.node is not None else None
    return (
        text.value if isinstance(text, Scalar) and isinstance(text.value, str) else None
    )


def _functions(checked: CheckedWorkflow) -> dict[str, plan.Function]:
    functions: dict[str, plan.Function] = {}
    for key, function in checked.functions.items():
        declared: list[Any] = ["input"] if function.input_declared else []
        declared += ["output"] if function.output_declared else []
        functions[key] = plan.Function(
            executor=function.executor,
            function=function.function,
            input=function.input,
            output=function.output,
            declared=declared,
            errors=function.errors,
            steps=sorted(step.name for step in function.steps),
        )
    return functions


def _triggers(builder: Builder) -> list[plan.Trigger]:
    return [_trigger(builder, t) for t in builder.checked.workflow.spec.triggers or []]


def _trigger(builder: Builder, trigger: models.Trigger) -> plan.Trigger:
    if isinstance(trigger, models.EventTrigger):
        return plan.Trigger(
            type="event",
            event=trigger.event,
            filter=builder.optional(trigger.filter),
            input=builder.optional(trigger.input),
        )
    return plan.Trigger(
        type="schedule",
        cron=trigger.cron,
        every=millis(trigger.every),
        time_zone=trigger.time_zone or "UTC",
        catch_up=trigger.catch_up or "none",
        input=builder.optional(trigger.input),
    )


def _concurrency(builder: Builder) -> plan.Concurrency | None:
    written = builder.checked.workflow.spec.concurrency
    if written is None:
        return None
    return plan.Concurrency(
        max_runs=written.max_runs,
        key=builder.optional(written.key),
        max_per_key=written.max_per_key,
        on_limit=written.on_limit or "queue",
    )


def _security(builder: Builder) -> plan.Security | None:
    written = builder.checked.workflow.spec.security
    if written is None:
        return None
    return plan.Security(
        pii=[builder.value(node) for node in written.pii or []],
        secrets=sorted(set(written.secrets or [])),
    )


def _retention(written: models.Retention | None) -> plan.Retention | None:
    if written is None:
        return None
    return plan.Retention(
        completed=millis(written.completed), failed=millis(written.failed)
    )


def _add_spans(builder: Builder) -> None:
    checked = builder.checked
    for name, step in checked.steps.items():
        builder.spans[f"/steps/{escape_pointer(name)}"] = step.span
    for id, span in checked.type_spans.items():
        if id in checked.types:
            builder.spans[f"/types/{escape_pointer(id)}"] = span
    root = checked.document.root
    if isinstance(root, Mapping):
        builder.spans["/workflow"] = root.span()


def _digests(checked: CheckedWorkflow) -> dict[str, str]:
    sources = [checked.document.document.source]
    if checked.context_document is not None:
        sources.append(checked.context_document.document.source)
    return {
        source.file: hashlib.sha256(source.text.encode()).hexdigest()
        for source in sources
    }
