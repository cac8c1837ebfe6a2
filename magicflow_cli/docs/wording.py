"""What a node does and which policies hold for it, in short phrases."""

from __future__ import annotations

from magicflow_cli.docs.durations import print_duration
from magicflow_cli.docs.expressions import print_expression, print_value
from magicflow_cli.plan.models import (
    CallNode,
    CircuitBreaker,
    EmitNode,
    ForkNode,
    ForNode,
    ListenNode,
    Node,
    ObjectExpr,
    RaiseNode,
    RetryPolicy,
    SetNode,
    SubNode,
    SwitchNode,
    TryNode,
    WaitNode,
)


def describe_work(core: Node) -> str:
    """One line on what the node does, e.g. `user-service · validateUserData`."""
    match core:
        case CallNode():
            if core.http is not None:
                return f"{core.function} {print_value(core.http.url)}"
            return f"{core.executor} · {core.function}"
        case SetNode():
            return _describe_set(core)
        case SwitchNode():
            return " / ".join(print_expression(case.when) for case in core.cases)
        case ForkNode():
            return _describe_fork(core)
        case ForNode():
            return _describe_for(core)
        case WaitNode():
            if core.duration is not None:
                return f"wait {print_duration(core.duration)}"
            return f"wait until {print_value(core.until)}" if core.until else "wait"
        case ListenNode():
            return _describe_listen(core)
        case EmitNode():
            return f"send {core.event}"
        case SubNode():
            return f"workflow {core.workflow} {core.version}".rstrip(" *")
        case RaiseNode():
            message = f": {print_value(core.message)}" if core.message else ""
            return f"fail with {core.code or 'WORKFLOW_ERROR'}{message}"
    return core.kind


def list_notes(
    outer: Node, core: Node, nodes: dict[str, Node]
) -> list[tuple[str, str]]:
    """The policies of a step as (kind, phrase): guard, timeout, retry, circuit,
    compensation."""
    notes: list[tuple[str, str]] = []
    if outer.guard is not None:
        notes.append(("guard", f"if {print_expression(outer.guard.test)}"))
    if core.timeout is not None:
        notes.append(("timeout", f"timeout {print_duration(core.timeout)}"))
    if isinstance(core, CallNode):
        notes += _call_notes(core, nodes)
    if isinstance(outer, TryNode):
        if outer.retry is not None and outer.retry.max_attempts > 1:
            notes.append(("retry", describe_retry(outer.retry)))
        if outer.timeout is not None:
            notes.append(("timeout", f"all attempts {print_duration(outer.timeout)}"))
        for clause in outer.catch:
            if clause.action == "ignore":
                notes.append(("timeout", "a timeout is ignored"))
            elif clause.action == "end_run":
                notes.append(("timeout", "a timeout ends the run"))
    return notes


def describe_retry(policy: RetryPolicy) -> str:
    """`3 attempts, exponential 1 s to 10 s, jitter`."""
    delays = print_duration(policy.initial_delay)
    if policy.backoff != "fixed":
        delays += f" to {print_duration(policy.max_delay)}"
    text = f"{policy.max_attempts} attempts, {policy.backoff} {delays}"
    return text + (", jitter" if policy.jitter else "")


def _call_notes(core: CallNode, nodes: dict[str, Node]) -> list[tuple[str, str]]:
    notes: list[tuple[str, str]] = []
    for name, millis in (
        ("queue", core.queue_timeout),
        ("heartbeat", core.heartbeat_timeout),
    ):
        if millis is not None:
            notes.append(("timeout", f"{name} {print_duration(millis)}"))
    if core.circuit_breaker is not None:
        notes.append(("circuit", _describe_circuit(core.circuit_breaker)))
    if core.compensation is not None:
        undo = nodes[core.compensation.node]
        while isinstance(undo, TryNode):
            undo = nodes[undo.body]
        notes.append(("compensation", f"undone by {describe_work(undo)}"))
    return notes


def _describe_circuit(breaker: CircuitBreaker) -> str:
    rate = breaker.failure_rate_threshold
    share = f" or {rate:.0%}" if rate is not None else ""
    pause = print_duration(breaker.recovery_timeout)
    return f"circuit opens at {breaker.failure_threshold} failures{share} for {pause}"


def _describe_set(core: SetNode) -> str:
    if isinstance(core.value, ObjectExpr):
        return "set " + ", ".join(core.value.members)
    return f"set {print_expression(core.value)}"


def _describe_fork(core: ForkNode) -> str:
    how = {
        "all": f"all {len(core.branches)} side by side",
        "any": "side by side, the first success wins",
        "race": "side by side, the first to end wins",
    }[core.mode]
    limit = f", {core.max_concurrency} at once" if core.max_concurrency else ""
    return how + limit


def _describe_for(core: ForNode) -> str:
    what = (
        f"for each {core.variable} of {print_expression(core.items)}"
        if core.items
        else ""
    )
    condition = f"while {print_expression(core.while_)}" if core.while_ else ""
    how = " ".join(part for part in (what, condition) if part)
    if core.parallel:
        how += f", {core.batch_size} at once" if core.batch_size else ", all at once"
    return f"{how}, at most {core.max_iterations:,}"


def _describe_listen(core: ListenNode) -> str:
    if core.task is None:
        return f"wait for {core.event}"
    who = f" {print_value(core.task.assignee)}" if core.task.assignee else " somebody"
    return f"ask{who}" + (
        f": {print_value(core.task.title)}" if core.task.title else ""
    )
