"""One function per type of step: from its model to its node."""

from __future__ import annotations

from collections.abc import Callable

from magicflow_cli.check.model import StepInfo
from magicflow_cli.compile.builder import (
    NULL,
    Builder,
    Envelope,
    millis,
    without_absent,
)
from magicflow_cli.compile.policies import circuit_breaker, merge_retry
from magicflow_cli.documents.models import workflow as models
from magicflow_cli.plan import models as plan

DEFAULT_MAX_ITERATIONS = 1000
HTTP_EXECUTOR = "@http"
HUMAN_TASK_EVENT = "@task"
ANY = plan.TypeRef(type="any")


def build_kind(builder: Builder, step: StepInfo, envelope: Envelope) -> plan.Node:
    """The node that does the step's work, with the envelope's members."""
    return _BUILDERS[step.type](builder, step, envelope)


def _function(builder: Builder, step: StepInfo, envelope: Envelope) -> plan.Node:
    model = step.model
    function = builder.checked.functions[f"{step.executor}/{step.function}"]
    assert step.executor is not None and step.function is not None
    settings: Envelope = {}
    if isinstance(model, models.FunctionStep | models.CallBranch):
        settings = without_absent(
            queue_timeout=millis(model.queue_timeout),
            heartbeat_timeout=millis(model.heartbeat_timeout),
            **_call_settings(builder, step, model),
        )
    return plan.CallNode(
        **envelope,
        executor=step.executor,
        function=step.function,
        input_type=function.input,
        result_type=function.output,
        **settings,
    )


def _http(builder: Builder, step: StepInfo, envelope: Envelope) -> plan.Node:
    model = step.model
    assert isinstance(model, models.HttpStep)
    request = plan.HttpRequest(
        url=builder.value(model.url),
        headers=builder.values(model.headers),
        query=builder.values(model.query),
        body=builder.optional(model.body),
        expect=sorted(set(model.expect or [])),
    )
    return plan.CallNode(
        **envelope,
        executor=HTTP_EXECUTOR,
        function=model.method or "GET",
        http=request,
        **_call_settings(builder, step, model),
    )


def _call_settings(
    builder: Builder,
    step: StepInfo,
    model: models.FunctionStep | models.CallBranch | models.HttpStep,
) -> Envelope:
    compensation = None
    if model.compensation is not None:
        node = _compensation(builder, step, model.compensation)
        on = model.compensation.on or "unknown"
        compensation = plan.Compensation(node=node, on=on)
    return without_absent(
        circuit_breaker=circuit_breaker(model.circuit_breaker),
        priority=model.priority,
        max_concurrency=model.max_concurrency,
        compensation=compensation,
    )


def _compensation(
    builder: Builder, step: StepInfo, written: models.Compensation
) -> str:
    spec = builder.checked.workflow.spec
    default = step.executor or spec.executor or builder.checked.workflow.metadata.name
    executor = written.executor or default
    function = builder.checked.functions[f"{executor}/{written.function}"]
    node_id = f"{step.name}/compensate"
    retry = merge_retry(written.retry, spec.retry_policy)
    head = without_absent(
        input=builder.checked.compensation_input_values.get(step.name)
    )
    timeout = without_absent(timeout=millis(written.timeout))
    call: Envelope = {
        "executor": executor,
        "function": written.function,
        "input_type": function.input,
        "result_type": function.output,
    }
    if retry is None:
        return builder.add(node_id, plan.CallNode(**head, **timeout, **call), step.span)
    body = builder.add(f"{node_id}/do", plan.CallNode(**timeout, **call), step.span)
    guarded = plan.TryNode(**head, body=body, retry=retry, catch=[])
    return builder.add(node_id, guarded, step.span)


def _transform(builder: Builder, step: StepInfo, envelope: Envelope) -> plan.Node:
    model = step.model
    assert isinstance(model, models.TransformStep)
    return plan.SetNode(**envelope, value=builder.value(model.output))


def _condition(builder: Builder, step: StepInfo, envelope: Envelope) -> plan.Node:
    model = step.model
    assert isinstance(model, models.ConditionStep)
    owned = {block.kind: block.id for block in step.blocks}
    then = owned.get("then") or _empty_block(builder, step, "then")
    otherwise = owned.get("else")
    return plan.SwitchNode(
        **envelope,
        cases=[
            plan.Case(
                when=builder.value(model.condition), then=plan.Branching(body=then)
            )
        ],
        default=plan.Branching(body=otherwise) if otherwise is not None else None,
    )


def _empty_block(builder: Builder, step: StepInfo, part: str) -> str:
    return builder.add(f"{step.name}/{part}", plan.SeqNode(nodes=[]), step.span)


def _switch(builder: Builder, step: StepInfo, envelope: Envelope) -> plan.Node:
    model = step.model
    assert isinstance(model, models.SwitchStep)
    gotos = {key.text: target for key, target in step.gotos}
    cases: list[plan.Case] = []
    for index, case in enumerate(model.cases, 1):
        if case.goto is not None:
            target = gotos[case.goto] if case.goto != "end" else None
            then = plan.Branching(
                goto=target.name if isinstance(target, StepInfo) else "@block"
            )
        else:
            then = plan.Branching(body=f"{step.name}/case-{index}")
        cases.append(plan.Case(when=builder.value(case.when), then=then))
    default = (
        plan.Branching(body=f"{step.name}/default")
        if model.default is not None
        else None
    )
    return plan.SwitchNode(**envelope, cases=cases, default=default)


def _parallel(builder: Builder, step: StepInfo, envelope: Envelope) -> plan.Node:
    model = step.model
    assert isinstance(model, models.ParallelStep)
    return plan.ForkNode(
        **envelope,
        mode=model.mode or "all",
        fail_fast=True if model.fail_fast is None else model.fail_fast,
        max_concurrency=model.max_concurrency,
        branches=[plan.Branch(name=b.branch, body=b.id) for b in step.blocks],
    )


def _loop(builder: Builder, step: StepInfo, envelope: Envelope) -> plan.Node:
    model = step.model
    assert isinstance(model, models.LoopStep)
    return plan.ForNode(
        **envelope,
        items=builder.optional(model.iterate_over),
        while_=builder.optional(model.while_),
        variable=model.item_variable or "item",
        parallel=bool(model.parallel),
        batch_size=model.batch_size,
        max_iterations=model.max_iterations or DEFAULT_MAX_ITERATIONS,
        body=step.blocks[0].id,
        collect=builder.optional(model.collect),
    )


def _wait(builder: Builder, step: StepInfo, envelope: Envelope) -> plan.Node:
    model = step.model
    assert isinstance(model, models.WaitStep)
    return plan.WaitNode(
        **envelope,
        duration=millis(model.duration),
        until=builder.optional(model.until),
    )


def _wait_for_event(builder: Builder, step: StepInfo, envelope: Envelope) -> plan.Node:
    model = step.model
    assert isinstance(model, models.WaitForEventStep)
    return plan.ListenNode(
        **envelope,
        event=model.event,
        correlate=builder.values(model.correlate) or {},
        type=builder.checked.listen_types.get(step.name, ANY),
    )


def _human_task(builder: Builder, step: StepInfo, envelope: Envelope) -> plan.Node:
    model = step.model
    assert isinstance(model, models.HumanTaskStep)
    return plan.ListenNode(
        **envelope,
        event=HUMAN_TASK_EVENT,
        correlate={},
        type=builder.checked.listen_types.get(step.name, ANY),
        task=plan.HumanTask(
            assignee=builder.optional(model.assignee),
            title=builder.optional(model.title),
            description=builder.optional(model.description),
        ),
    )


def _emit(builder: Builder, step: StepInfo, envelope: Envelope) -> plan.Node:
    model = step.model
    assert isinstance(model, models.EmitStep)
    data = builder.optional(model.data) or plan.ObjectExpr(members={})
    return plan.EmitNode(**envelope, event=model.event, data=data)


def _workflow(builder: Builder, step: StepInfo, envelope: Envelope) -> plan.Node:
    model = step.model
    assert isinstance(model, models.WorkflowStep)
    return plan.SubNode(
        **envelope,
        workflow=model.workflow,
        version=model.version or "*",
        result_type=builder.checked.listen_types.get(step.name),
    )


def _fail(builder: Builder, step: StepInfo, envelope: Envelope) -> plan.Node:
    model = step.model
    assert isinstance(model, models.FailStep)
    return plan.RaiseNode(
        **envelope,
        code=model.code or "WORKFLOW_ERROR",
        message=builder.optional(model.message),
        details=builder.optional(model.details),
    )


def _end(builder: Builder, step: StepInfo, envelope: Envelope) -> plan.Node:
    return plan.SetNode(**envelope, value=NULL)


_BUILDERS: dict[str, Callable[[Builder, StepInfo, Envelope], plan.Node]] = {
    "function": _function,
    "http": _http,
    "transform": _transform,
    "condition": _condition,
    "switch": _switch,
    "parallel": _parallel,
    "loop": _loop,
    "wait": _wait,
    "wait_for_event": _wait_for_event,
    "human_task": _human_task,
    "emit": _emit,
    "workflow": _workflow,
    "fail": _fail,
    "end": _end,
}
