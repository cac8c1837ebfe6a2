"""Time budgets: limits that contradict each other, retries that cannot happen, paths
that cannot end within the workflow's timeout."""

from __future__ import annotations

from collections.abc import Iterator

from magicflow_cli.check.fixes import for_scalar
from magicflow_cli.check.model import CheckedWorkflow, StepInfo
from magicflow_cli.check.policies import (
    NEVER_RETRIED,
    OWN_CODES,
    Retry,
    millis,
    retry_of,
    shown,
    spec_of,
    spoken,
    written_retries,
)
from magicflow_cli.check.worst_case import longest
from magicflow_cli.diagnostics import Label, Report, Span
from magicflow_cli.diagnostics.codes import (
    MF7001,
    MF7002,
    MF7003,
    MF7004,
    MF7005,
    MF7006,
    MF7007,
    MF7008,
    MF7009,
    MF7010,
)
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.load.nodes import Mapping, Node, Scalar
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
                    _place(node, key),
                    help="write how long it may take, or leave the key out for no limit",
                )


def _limited(checked: CheckedWorkflow) -> Iterator[tuple[Mapping, tuple[str, ...]]]:
    yield spec_of(checked), ("timeout",)
    for step in checked.steps.values():
        if step.node is not None:
            yield step.node, _LIMITS
            undo = step.node.get("compensation")
            if isinstance(undo, Mapping):
                yield undo, ("timeout",)


def _run_limit(checked: CheckedWorkflow) -> int | None:
    """The workflow's timeout, where it ends the run."""
    spec = spec_of(checked)
    action = spec.get("timeout_action")
    if isinstance(action, Scalar) and action.text == "ignore":
        return None
    return millis(spec, "timeout")


def check_worst_case(checked: CheckedWorkflow, report: Report) -> None:
    """The longest path, every attempt used up, against the workflow's timeout."""
    spec = spec_of(checked)
    limit = _run_limit(checked)
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
        _place(spec, "timeout"),
        help=f"{sums}{rest}. Raise `timeout`, or lower the steps' timeouts or attempts;"
        " `total_timeout` bounds a step with all its attempts",
        labels=[
            Label(part.step.span, f"up to {spoken(part.total)}") for part in parts[:2]
        ],
    )


# -- retries


def check_impossible_retries(checked: CheckedWorkflow, report: Report) -> None:
    """Attempts that a policy promises and that no run can see."""
    for step in checked.steps.values():
        policies = written_retries(checked, step)
        retry = retry_of(policies)
        if step.node is None:
            continue
        own = step.node.get("retry")
        reason = _no_retry(checked, step, retry)
        if reason is not None:
            at, message, text = reason
            span = _place(step.node, at)
            report.add(MF7003, message, span, help=text)
        elif retry is not None and isinstance(own, Mapping):
            _check_reach(checked, step, retry, own, report)


def _no_retry(
    checked: CheckedWorkflow, step: StepInfo, retry: Retry | None
) -> tuple[str, str, str] | None:
    """Where, what and how to mend, when a written wish to retry never comes true."""
    node = step.node
    assert node is not None
    action = node.get("timeout_action")
    wants = isinstance(action, Scalar) and action.text == "retry"
    if retry is None or retry.max_attempts <= 1:
        if wants:
            return (
                "timeout_action",
                f"`{step.name}` asks for a retry and has only one attempt",
                "add `retry: {max_attempts: 3}`, or leave `timeout_action: retry` out:"
                " an ordinary failure is what it means",
            )
        own = node.get("retry")
        if isinstance(own, Mapping) and set(own.entries) - {"max_attempts"}:
            return (
                "retry",
                f"`{step.name}` has one attempt, so the other keys of `retry` say"
                " nothing",
                "`max_attempts` counts the first attempt: write 2 or more",
            )
        return None
    if not isinstance(node.get("retry"), Mapping) and not wants:
        return None
    if retry.retry_on is not None:
        left = [
            code
            for code in retry.retry_on
            if code not in retry.non_retryable and code not in NEVER_RETRIED
        ]
        if not left:
            return (
                "retry",
                f"nothing that `{step.name}` may fail with is retried",
                f"{', '.join(NEVER_RETRIED)} are never retried, and `non_retryable` wins"
                " over `retry_on`",
            )
    return None


def _check_reach(
    checked: CheckedWorkflow,
    step: StepInfo,
    retry: Retry,
    own: Mapping,
    report: Report,
) -> None:
    """The delays alone use a limit up before the last attempt starts."""
    assert step.node is not None
    spec = spec_of(checked)
    for key, limit, node in (
        ("total_timeout", millis(step.node, "total_timeout"), step.node),
        ("timeout", _run_limit(checked), spec),
    ):
        if limit is None:
            continue
        passed, terms = 0, []
        for attempt in range(1, min(retry.max_attempts, 1_000)):
            passed += retry.delay(attempt)
            terms.append(shown(retry.delay(attempt)))
            if passed >= limit:
                what = "its `total_timeout`" if node is step.node else "the timeout"
                report.add(
                    MF7003,
                    f"attempt {attempt + 1} of `{step.name}` can never start:"
                    f" {what} is over by then",
                    _place(step.node, "retry"),
                    help=f"the delays before it are {_sum(terms, passed)}, the limit is"
                    f" {shown(limit)}: lower the delays or `max_attempts`, or raise"
                    f" `{key}`",
                    labels=[Label(_place(node, key), "this limit")],
                )
                return


def _sum(terms: list[str], total: int) -> str:
    if len(terms) == 1:
        return terms[0]
    more = "… + " if len(terms) > 6 else ""
    return f"{more}{' + '.join(terms[-6:])} = {spoken(total)}"


def check_retry_codes(checked: CheckedWorkflow, report: Report) -> None:
    """`retry_on` and `non_retryable` name codes that can occur."""
    for step in checked.steps.values():
        own = step.node.get("retry") if step.node is not None else None
        info = checked.functions.get(f"{step.executor}/{step.function}")
        if not isinstance(own, Mapping):
            continue
        known = [*OWN_CODES, *(info.errors if info is not None else ())]
        for key in ("retry_on", "non_retryable"):
            for item in _codes(own.get(key)):
                near = suggest(item.text, known)
                declared = info is not None and bool(info.errors)
                if item.text in known or (near is None and not declared):
                    continue
                report.add(
                    MF7008,
                    f"nothing reports the code `{item.text}`",
                    item.span(),
                    fix=for_scalar(item, near),
                    help=(
                        f"did you mean `{near}`?"
                        if near
                        else f"`{step.function}` declares "
                        + ", ".join(f"`{c}`" for c in (info.errors if info else ()))
                        + ": add the code to its `errors` in the context"
                    ),
                )
                continue


def _codes(node: Node | None) -> list[Scalar]:
    items = getattr(node, "items", None)
    return (
        [item for item in items if isinstance(item, Scalar)]
        if isinstance(items, list)
        else []
    )


def check_delays(checked: CheckedWorkflow, report: Report) -> None:
    """`initial_delay` beyond `max_delay` is cut at once."""
    policies = [spec_of(checked).get("retry_policy")]
    for step in checked.steps.values():
        if step.node is not None:
            policies.append(step.node.get("retry"))
            undo = step.node.get("compensation")
            policies.append(undo.get("retry") if isinstance(undo, Mapping) else None)
    for policy in policies:
        if not isinstance(policy, Mapping) or "initial_delay" not in policy:
            continue
        retry = retry_of([policy])
        if retry is not None and retry.initial_delay > retry.max_delay:
            report.add(
                MF7005,
                f"the first delay, {shown(retry.initial_delay)}, is beyond `max_delay`,"
                f" {shown(retry.max_delay)}: every delay is {shown(retry.max_delay)}",
                _place(policy, "initial_delay"),
                help="raise `max_delay` (default 60s), or lower `initial_delay`",
            )


# -- limits of one step


def check_limits(checked: CheckedWorkflow, report: Report) -> None:
    """Limits of a step that others make useless."""
    run = _run_limit(checked)
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
                    _place(node, key),
                    help="the workflow's timeout always comes first: raise it, or lower"
                    " the step's",
                    labels=[Label(_place(spec_of(checked), "timeout"), "this one")],
                )
        if timeout is not None and total is not None and timeout > total:
            report.add(
                MF7009,
                f"`timeout` of `{step.name}`, {shown(timeout)}, is longer than its"
                f" `total_timeout`, {shown(total)}",
                _place(node, "timeout"),
                help="`timeout` is for one attempt, `total_timeout` for all of them with"
                " their delays",
                labels=[Label(_place(node, "total_timeout"), "for all attempts")],
            )
        heartbeat = millis(node, "heartbeat_timeout")
        if timeout is not None and heartbeat is not None and heartbeat >= timeout:
            report.add(
                MF7006,
                f"`heartbeat_timeout` of `{step.name}`, {shown(heartbeat)}, is not"
                f" shorter than its `timeout`, {shown(timeout)}",
                _place(node, "heartbeat_timeout"),
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
                _place(step.node, "circuit_breaker"),
                help="the breaker belongs to the function and is shared by all its"
                " calls: write the same settings at both steps, or only at one",
                labels=[Label(_place(known.step.node, "circuit_breaker"), "the other")],
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
        _place(node, key),
        help=f"add what it needs, or leave `{key}` out",
    )


def _place(node: Mapping | None, key: str) -> Span:
    """The place of a member's value, else of the mapping."""
    assert node is not None
    entry = node.entries.get(key)
    return entry.value.span() if entry is not None else node.span()
