"""Time budgets: limits that contradict each other, paths that cannot end within the
workflow's timeout."""

from __future__ import annotations

from collections.abc import Iterator

from magicflow_cli.check.model import CheckedWorkflow, StepInfo
from magicflow_cli.check.policies import (
    millis,
    place_of,
    run_limit,
    shown,
    spec_of,
    spoken,
)
from magicflow_cli.check.worst_case import longest
from magicflow_cli.diagnostics import Label, Report
from magicflow_cli.diagnostics.codes import (
    MF7001,
    MF7002,
    MF7004,
    MF7006,
    MF7007,
    MF7009,
    MF7010,
)
from magicflow_cli.load.nodes import Mapping, Scalar, Sequence
from magicflow_cli.record import Value

_LIMITS = ("timeout", "queue_timeout", "heartbeat_timeout", "total_timeout")


def check_zero_limits(checked: CheckedWorkflow, report: Report) -> None:
    """A limit of zero is over before anything starts."""
    for node, keys in _limited(checked):
        for key in keys:
            if millis(node, key) == 0:
                report.add(
                    MF7001,
                    f"`{key}` is zero: it is over before the work starts",
                    place_of(node, key),
                    help="write how long it may take, or leave the key out for no limit",
                )


def check_zero_periods(checked: CheckedWorkflow, report: Report) -> None:
    """A schedule that comes up all the time."""
    triggers = spec_of(checked).get("triggers")
    for trigger in triggers.items if isinstance(triggers, Sequence) else ():
        if isinstance(trigger, Mapping) and millis(trigger, "every") == 0:
            report.add(
                MF7001,
                "`every` is zero: the schedule would never stop starting runs",
                place_of(trigger, "every"),
                help="write the time between two starts",
            )


def _limited(checked: CheckedWorkflow) -> Iterator[tuple[Mapping, tuple[str, ...]]]:
    yield spec_of(checked), ("timeout",)
    for step in checked.steps.values():
        if step.node is not None:
            yield step.node, _LIMITS
            undo = step.node.get("compensation")
            if isinstance(undo, Mapping):
                yield undo, ("timeout",)


def check_worst_case(checked: CheckedWorkflow, report: Report) -> None:
    """The longest path, every attempt used up, against the workflow's timeout."""
    spec = spec_of(checked)
    limit = run_limit(checked)
    if limit is None:
        return
    cost, path = longest(checked, checked.root)
    if cost <= limit:
        return
    parts = sorted(path, key=lambda part: -part.total)[:4]
    sums = "; ".join(f"`{part.step.name}`: {part.arithmetic}" for part in parts)
    more = len(path) - len(parts)
    rest = f"; and {more} more" if more > 0 else ""
    report.add(
        MF7002,
        f"the longest path may take {spoken(cost)}, the workflow's timeout is"
        f" {shown(limit)}",
        place_of(spec, "timeout"),
        help=f"{sums}{rest}. Raise `timeout`, or lower the steps' timeouts or attempts;"
        " `total_timeout` bounds a step with all its attempts",
        labels=[
            Label(part.step.span, f"up to {spoken(part.total)}") for part in parts[:2]
        ],
    )


# -- limits of one step


def check_limits(checked: CheckedWorkflow, report: Report) -> None:
    """Limits of a step that others make useless."""
    run = run_limit(checked)
    for step in checked.steps.values():
        node = step.node
        if node is None:
            continue
        timeout, total = millis(node, "timeout"), millis(node, "total_timeout")
        for key, limit in (("timeout", timeout), ("total_timeout", total)):
            if run is not None and limit is not None and limit > run:
                report.add(
                    MF7004,
                    f"`{key}` of `{step.name}`, {shown(limit)}, is longer than the"
                    f" workflow's timeout, {shown(run)}",
                    place_of(node, key),
                    help="the workflow's timeout always comes first: raise it, or lower"
                    " the step's",
                    labels=[Label(place_of(spec_of(checked), "timeout"), "this one")],
                )
        if timeout is not None and total is not None and timeout > total:
            report.add(
                MF7009,
                f"`timeout` of `{step.name}`, {shown(timeout)}, is longer than its"
                f" `total_timeout`, {shown(total)}",
                place_of(node, "timeout"),
                help="`timeout` is for one attempt, `total_timeout` for all of them with"
                " their delays",
                labels=[Label(place_of(node, "total_timeout"), "for all attempts")],
            )
        heartbeat = millis(node, "heartbeat_timeout")
        if timeout is not None and heartbeat is not None and heartbeat >= timeout:
            report.add(
                MF7006,
                f"`heartbeat_timeout` of `{step.name}`, {shown(heartbeat)}, is not"
                f" shorter than its `timeout`, {shown(timeout)}",
                place_of(node, "heartbeat_timeout"),
                help="the timeout always comes first: a silent worker is never noticed"
                " earlier; write a third of the timeout or less",
            )


class _Breaker(Value):
    step: StepInfo
    node: Mapping
    settings: tuple[object, ...]


def check_circuit_breakers(checked: CheckedWorkflow, report: Report) -> None:
    """One executor and function has one circuit breaker, shared by all steps."""
    first: dict[tuple[str, str], _Breaker] = {}
    for step in checked.steps.values():
        node = step.node.get("circuit_breaker") if step.node is not None else None
        if not isinstance(node, Mapping) or step.executor is None or not step.function:
            continue
        breaker = _Breaker(step, node, _breaker_settings(node))
        known = first.setdefault((step.executor, step.function), breaker)
        if known.settings != breaker.settings:
            report.add(
                MF7007,
                f"`{step.name}` and `{known.step.name}` call `{step.function}` of"
                f" `{step.executor}` with different circuit breakers",
                place_of(step.node, "circuit_breaker"),
                help="the breaker belongs to the function and is shared by all its"
                " calls: write the same settings at both steps, or only at one",
                labels=[
                    Label(place_of(known.step.node, "circuit_breaker"), "the other")
                ],
            )


def _breaker_settings(node: Mapping) -> tuple[object, ...]:
    threshold = _number(node, "failure_threshold", 5)
    return (
        threshold,
        _number(node, "failure_rate_threshold", None),
        _number(node, "minimum_calls", threshold),
        millis(node, "window") or 60_000,
        millis(node, "recovery_timeout") or 60_000,
        _number(node, "half_open_max_calls", None),
    )


def _number(node: Mapping, key: str, default: object) -> object:
    value = node.get(key)
    return value.value if isinstance(value, Scalar) else default


def check_idle_settings(checked: CheckedWorkflow, report: Report) -> None:
    """Keys that have no effect without another one."""
    spec = spec_of(checked)
    if "timeout_action" in spec and "timeout" not in spec:
        _idle(report, spec, "timeout_action", "the workflow has no `timeout`")
    for step in checked.steps.values():
        node = step.node
        if node is None:
            continue
        action = node.get("timeout_action")
        acts = isinstance(action, Scalar) and action.text != "retry"
        if acts and not any(key in node for key in _LIMITS):
            _idle(report, node, "timeout_action", f"`{step.name}` has no `timeout`")
        if step.type == "loop" and "batch_size" in node and not _true(node, "parallel"):
            _idle(report, node, "batch_size", "the loop is not `parallel: true`")
        if (
            step.type == "loop"
            and "item_variable" in node
            and "iterate_over" not in node
        ):
            _idle(report, node, "item_variable", "the loop has no `iterate_over`")
        breaker = node.get("circuit_breaker")
        if isinstance(breaker, Mapping):
            for key in ("minimum_calls", "window"):
                if key in breaker and "failure_rate_threshold" not in breaker:
                    _idle(report, breaker, key, "there is no `failure_rate_threshold`")


def _true(node: Mapping, key: str) -> bool:
    value = node.get(key)
    return isinstance(value, Scalar) and value.value is True


def _idle(report: Report, node: Mapping, key: str, why: str) -> None:
    report.add(
        MF7010,
        f"`{key}` has no effect: {why}",
        place_of(node, key),
        help=f"add what it needs, or leave `{key}` out",
    )
